import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunError } from "../../../profiler/errors.ts";
import { DEFAULT_RUNTIME_LIMITS, limitRuntimes } from "../../../profiler/runtime/process/limits.ts";
import { runError } from "../../../profiler/runtime/process/run-error.ts";
import { RuntimeProcess } from "../../../profiler/runtime/process/runtime-process.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { skip } from "../../skip.ts";
import { cliProgram, ROOT } from "../cli/cli-program.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { canSeeProcesses, isRunning, MARK, marked, until } from "./marked-processes.ts";
import { endlessBytes, of, scalingModel, valuesOf } from "./tiny-models.ts";

const X = { x: of("float32", [1], [1]) };

describe("A run that does not end", () => {
  afterEach(() => limitRuntimes(DEFAULT_RUNTIME_LIMITS));

  it("is ended by the time limit, and what else is open goes on", async () => {
    const [endless, other] = [await openEndless(), await openSession(await scalingModel(2))];
    limitRuntimes({ seconds: 0.2 });
    await assert.rejects(
      endless.run(X),
      (error) => error instanceof RunError && /endless\.onnx: .*not end within 0\.2 s/.test(error.message),
    );
    limitRuntimes(DEFAULT_RUNTIME_LIMITS);
    const { y } = await other.run({ x: of("float32", [1, 2], [3, 4]) });
    assert.deepEqual(valuesOf(y), [3, 8]);
    await endless.close();
    await other.close();
  });

  it("is ended by a signal, whose reason is told, and what waits behind it is run", async () => {
    const [endless, other] = [await openEndless(), await openSession(await scalingModel(2))];
    const ending = new AbortController();
    const [run, behind] = [endless.run(X, ending.signal), other.run({ x: of("float32", [1, 2], [1, 1]) })];
    const reason = new Error("enough");
    ending.abort(reason);
    await assert.rejects(run, reason);
    assert.deepEqual(valuesOf((await behind).y), [1, 2]);
    await endless.close();
    await other.close();
  });

  it("is ended when its session is closed", async () => {
    const endless = await openEndless();
    const run = assert.rejects(endless.run(X), RunError);
    await endless.close();
    await run;
  });

  for (const [signal, name, code, said] of [
    ["SIGTERM", "run", 130, "edgewise: interrupted\n"],
    ["SIGINT", "compare", null, ""],
    ["SIGKILL", "run", null, ""],
  ] as const)
    it(`leaves no process behind when ${name} gets ${signal}`, async function () {
      if (!canSeeProcesses) skip(this, "only Linux tells what processes there are");
      const { path: folder, remove } = await temporaryFolder();
      const file = join(folder, "endless.onnx");
      await writeFile(file, endlessBytes());
      const mark = randomUUID();
      const args = [...cliProgram(), ...(name === "run" ? ["run", "--device", "host"] : ["compare", file]), file];
      const command = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, [MARK]: mark } });
      let written = "";
      command.stderr.on("data", (text: Buffer) => (written += text.toString()));
      const ended = once(command, "close");
      await until(() => isRunning(mark));
      command.kill(signal);
      assert.deepEqual([(await ended)[0], written], [code, said]);
      await until(() => marked(mark).length === 0);
      await remove();
    });
});

describe("A runtime's process", () => {
  afterEach(() => limitRuntimes(DEFAULT_RUNTIME_LIMITS));

  it("that dies is a message that names the model, and how it died", async () => {
    const process_ = new RuntimeProcess("ONNX Runtime");
    const opened = await process_.request({ action: "open", value: { options: {} }, arrays: [endlessBytes()] });
    const { handle } = opened.result as { readonly handle: number };
    const feeds = [{ name: "x", type: "float32", shape: [1] }];
    const value = { handle, feeds, fetches: ["y"], kept: [] };
    const run = process_.request({ action: "run", value, arrays: [new Float32Array(1)] });
    process.kill(process_.id ?? assert.fail("not started"), "SIGSEGV");
    const cause: unknown = await run.catch((error: unknown) => error);
    const told = runError("a.onnx: ONNX Runtime failed", cause);
    assert.ok(told instanceof RunError);
    assert.match(told.message, /^a\.onnx: ONNX Runtime failed: its process died with SIGSEGV/);
  });

  it("that takes more memory than it may is ended, and says how much that was", async () => {
    limitRuntimes({ memoryBytes: 1000 });
    const process_ = new RuntimeProcess("ONNX Runtime");
    // A run that does not end: one that does could answer before the process is next looked at.
    const run = async (): Promise<void> => {
      const opened = await process_.request({ action: "open", value: { options: {} }, arrays: [endlessBytes()] });
      const { handle } = opened.result as { readonly handle: number };
      const feeds = [{ name: "x", type: "float32", shape: [1] }];
      const value = { handle, feeds, fetches: ["y"], kept: [] };
      await process_.request({ action: "run", value, arrays: [new Float32Array(1)] });
    };
    await assert.rejects(run(), /it took [\d.]+ MB of memory, where 1\.00 KB are allowed/);
  });
});

async function openEndless(): ReturnType<typeof openSession> {
  return openSession(await modelOfBytes("endless.onnx", endlessBytes()));
}
