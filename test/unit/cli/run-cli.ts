import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../../profiler/cli/program.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { cliProgram, ROOT } from "./cli-program.ts";

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process: what it writes and its exit code, without the time a process takes to start. */
export async function runCli(...args: readonly string[]): Promise<CliResult> {
  let [stdout, stderr, code] = ["", "", 0];
  await runCommandLine(args, {
    write: (text) => (stdout += text),
    remark: (text) => (stderr += `edgewise: ${text}\n`),
    width: undefined,
    setExitCode: (exitCode) => (code = exitCode),
  });
  return { code, stdout, stderr };
}

/** Runs the command line as a user would: a process of its own, its output in pipes. */
export function runProcess(...args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...cliProgram(), ...args], { cwd: ROOT });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** Runs the command line with its answer going into a file: `> path`. */
export function runInto(path: string, ...args: readonly string[]): Promise<Pick<CliResult, "code" | "stderr">> {
  return new Promise((resolve, reject) => {
    const file = openSync(path, "w");
    const child = spawn(process.execPath, [...cliProgram(), ...args], { cwd: ROOT, stdio: ["ignore", file, "pipe"] });
    const err: Buffer[] = [];
    child.stderr?.on("data", (bytes: Buffer) => err.push(bytes));
    child.on("error", reject);
    child.on("close", (code) => {
      closeSync(file);
      resolve({ code, stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Starts the command line and closes its output after the first bytes, as `| head -1` does. */
export function readFirstBytes(...args: readonly string[]): Promise<Pick<CliResult, "code" | "stderr">> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...cliProgram(), ...args], { cwd: ROOT });
    const err: Buffer[] = [];
    child.stdout.once("data", () => child.stdout.destroy());
    child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr: Buffer.concat(err).toString() }));
  });
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "edgewise-cli-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** `layers` products of 8×8 matrices with a ReLU behind each; 64 parameters and, for one row, 64 MACs a product. */
export async function writeChain(path: string, layers: number): Promise<void> {
  const nodes = Array.from({ length: layers }, (_, index) => [
    node(
      "MatMul",
      [index === 0 ? "x" : `r${index - 1}`, `w${index}`],
      [`m${index}`],
      {},
      { name: `/block.${index}/MatMul` },
    ),
    node("Relu", [`m${index}`], [`r${index}`], {}, { name: `/block.${index}/Relu` }),
  ]).flat();
  const initializers = Array.from({ length: layers }, (_, index) => tensor(`w${index}`, "float32", [8, 8]));
  const inputs = [value("x", "float32", ["batch", 8])];
  await writeFile(path, onnxModel({ graph: graph(nodes, { inputs, outputs: [`r${layers - 1}`], initializers }) }));
}

/** One layer whose operator nobody knows. */
export async function writeUnknown(path: string): Promise<void> {
  const nodes = [node("Mystery", ["x"], ["y"], {}, { domain: "org.example" })];
  const options = { inputs: [value("x", "float32", [1, 8])], outputs: ["y"] };
  await writeFile(path, onnxModel({ graph: graph(nodes, options), opset: { "": 17, "org.example": 1 } }));
}
