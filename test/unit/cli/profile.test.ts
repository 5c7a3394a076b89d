import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProfileJson } from "../../../profiler/exports/json.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { skip } from "../../skip.ts";
import { readFirstBytes, runCli, runInto, runProcess, temporaryFolder, writeChain, writeUnknown } from "./run-cli.ts";

/** Linux's device that has no room for anything. */
const FULL_DEVICE = "/dev/full";

/** Each process compiles the whole engine first; a busy machine takes its time. */
const PROCESS_TIMEOUT = 120_000;

describe("edgewise profile", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let chain: string;
  let unknown: string;

  before(async () => {
    folder = await temporaryFolder();
    chain = join(folder.path, "chain.onnx");
    unknown = join(folder.path, "unknown.onnx");
    await Promise.all([writeChain(chain, 2), writeUnknown(unknown)]);
  });
  after(() => folder.remove());

  async function json(...args: readonly string[]): Promise<ProfileJson> {
    const { code, stdout, stderr } = await runCli("profile", ...args, "--format", "json");
    assert.equal(stderr, "");
    assert.equal(code, 0);
    return JSON.parse(stdout) as ProfileJson;
  }

  it("writes JSON, and JSON only, to standard output", async () => {
    const profile = await json(chain);
    assert.deepEqual([profile.schema, profile.file, profile.format], [1, chain, "onnx"]);
    assert.deepEqual(profile.bindings, { batch: 1 });
    assert.deepEqual([profile.totals.macs, profile.totals.parameters, profile.totals.unknownRows], [128, 128, 0]);
    assert.deepEqual(
      profile.layers.map(({ name, path }) => [name, path]),
      [
        ["/block.0/MatMul", "block.0"],
        ["/block.0/Relu", "block.0"],
        ["/block.1/MatMul", "block.1"],
        ["/block.1/Relu", "block.1"],
      ],
    );
    assert.ok(profile.warnings.some((warning) => warning.includes("batch")));
  });

  it("binds dimensions by name, several at a time", async () => {
    const profile = await json(chain, "--dim", "batch=5");
    assert.deepEqual(profile.bindings, { batch: 5 });
    assert.equal(profile.totals.macs, 5 * 128);
    assert.deepEqual(profile.layers[0]?.outputs[0]?.shape, [5, 8]);
  });

  it("estimates for a chosen hardware profile, built in or in a file", async () => {
    const file = join(folder.path, "slow.json");
    const slow = { ...DEFAULT_HARDWARE, name: "slow", secondsPerOperator: 1 };
    await writeFile(file, JSON.stringify(slow));
    assert.equal((await json(chain, "--hardware", "eie-45nm")).hardware, "eie-45nm");
    const profile = await json(chain, "--hardware", file);
    assert.equal(profile.hardware, "slow");
    assert.ok(profile.totals.latencySeconds > 4);
  });

  it("says in one line that its answer found no room", async function () {
    this.timeout(PROCESS_TIMEOUT);
    if (!existsSync(FULL_DEVICE)) skip(this, "needs a device that is always full, which this system does not have");
    const { code, stderr } = await runInto(FULL_DEVICE, "profile", chain);
    assert.match(stderr, /^edgewise: the output cannot be written: [^\n]+\n$/);
    assert.equal(code, 2);
  });

  it("says null for what is unknown", async () => {
    const profile = await json(unknown);
    const [row] = profile.layers;
    assert.deepEqual([row?.macs, row?.energy, row?.latencySeconds, profile.totals.unknownRows], [null, null, null, 1]);
  });

  it("writes a table, CSV and Markdown", async () => {
    const [table, csv, markdown] = await Promise.all([
      runCli("profile", chain),
      runCli("profile", chain, "--format", "csv"),
      runCli("profile", chain, "--format", "markdown"),
    ]);
    assert.match(table.stdout, /\/block\.1\/MatMul +MatMul +1×8 +64 +64 /);
    assert.match(table.stdout, /Dimension batch = 1 \(default/);
    assert.equal(table.stderr, "");
    assert.match(csv.stdout, /^#,Name,Operator/);
    assert.equal(csv.stdout.trim().split("\n").length, 5);
    assert.match(csv.stderr, /^edgewise: warning: batch is dynamic/);
    assert.match(markdown.stdout, /\| 2 \| \/block\.1\/MatMul \| MatMul \|/);
    assert.deepEqual([table.code, csv.code, markdown.code], [0, 0, 0]);
  });

  it("delivers a long answer whole, and bears a reader that stops early", async function () {
    this.timeout(PROCESS_TIMEOUT);
    const long = join(folder.path, "long.onnx");
    await writeChain(long, 400);
    const { code, stdout, stderr } = await runProcess("profile", long, "--format", "json");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal((JSON.parse(stdout) as ProfileJson).layers.length, 800);
    assert.deepEqual(await readFirstBytes("profile", long, "--format", "json"), { code: 0, stderr: "" });
  });
});

describe("edgewise", () => {
  async function failsWith(message: RegExp, ...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await runCli(...args);
    assert.match(stderr, message);
    assert.equal(stderr.split("\n").length, 2, "one line");
    assert.equal(stdout, "");
    assert.equal(code, 2);
  }

  it("says its version and helps", async () => {
    const [version, help, profileHelp] = await Promise.all([
      runCli("--version"),
      runCli("--help"),
      runCli("profile", "--help"),
    ]);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.match(help.stdout, /profile.*check.*hardware/s);
    assert.match(profileHelp.stdout, /--dim <NAME=N>/);
    assert.deepEqual([version.code, help.code, profileHelp.code], [0, 0, 0]);
  });

  it("ends its process with the exit code, the error on standard error", async function () {
    this.timeout(PROCESS_TIMEOUT);
    const { code, stdout, stderr } = await runProcess("profile", "missing.onnx");
    assert.match(stderr, /^edgewise: missing\.onnx: [^\n]+\n$/);
    assert.deepEqual([code, stdout], [2, ""]);
  });

  it("lists hardware profiles with the sources of their numbers", async () => {
    const { stdout, code } = await runCli("hardware");
    assert.match(stdout, /flagship-phone: .*Cortex-X4.*midrange-phone: .*eie-45nm: /s);
    assert.match(stdout, /Software Optimization Guide/);
    assert.equal(code, 0);
  });

  it("fails with one clear line and exit code 2 for a bad command line", async () => {
    await Promise.all([
      failsWith(/^edgewise: name a command; edgewise --help lists them$/m),
      failsWith(/^edgewise: unknown command 'prifile'/, "prifile"),
      failsWith(/^edgewise: missing required argument 'model'/, "profile"),
      failsWith(/^edgewise: unknown option '--fast'/, "profile", "m.onnx", "--fast"),
      failsWith(/'--format <format>' argument 'xml' is invalid/, "profile", "m.onnx", "--format", "xml"),
      failsWith(/It must be NAME=N with a whole number/, "profile", "m.onnx", "--dim", "batch=big"),
      failsWith(/batch is given twice/, "profile", "m.onnx", "--dim", "batch=1", "--dim", "batch=2"),
      failsWith(/unknown hardware profile "abacus"; known are/, "profile", "m.onnx", "--hardware", "abacus"),
    ]);
  });

  it("fails with one clear line and exit code 2 for a file that is no model", async () => {
    const folder = await temporaryFolder();
    try {
      const [empty, text, chain] = ["empty.onnx", "text.onnx", "chain.onnx"].map((name) => join(folder.path, name));
      assert.ok(empty !== undefined && text !== undefined && chain !== undefined);
      await Promise.all([writeFile(empty, ""), writeFile(text, "no model at all\n"), writeChain(chain, 1)]);
      await Promise.all([
        failsWith(/^edgewise: .*missing\.onnx/, "profile", join(folder.path, "missing.onnx")),
        failsWith(/^edgewise: .*empty\.onnx/, "profile", empty),
        failsWith(/^edgewise: .*text\.onnx/, "profile", text),
        failsWith(/^edgewise: .*"?width"?/, "profile", chain, "--dim", "width=3"),
      ]);
    } finally {
      await folder.remove();
    }
  });
});
