import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { runReport } from "../../../profiler/cli/run-report.ts";
import type { SweepJson } from "../../../profiler/cli/commands/run.ts";
import { parseCores } from "../../../profiler/cli/quantities.ts";
import type { DeviceFacts, RunResult } from "../../../profiler/device/index.ts";
import { profileFile } from "../../../profiler/cli/profile-file.ts";
import { runCli, temporaryFolder, writeChain, writeUnknown } from "./run-cli.ts";

const FEW = ["--device", "host", "--threads", "1", "--warm-up", "1", "--runs", "5"];

describe("edgewise run", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let chain: string;
  before(async () => {
    ({ path: folder, remove } = await temporaryFolder());
    chain = join(folder, "chain.onnx");
    await writeChain(chain, 3);
  });
  after(() => remove());

  const run = async (...args: readonly string[]): Promise<RunResult & { readonly schema: number }> => {
    const { stdout, stderr, code } = await runCli("run", chain, ...FEW, ...args, "--json");
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as RunResult & { readonly schema: number };
  };

  it("prints each row's time beside its estimate, what is in no row, and the latency", async () => {
    const { stdout, code, stderr } = await runCli("run", chain, ...FEW, "--dim", "batch=4");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /on This machine .*hardware profile flagship-phone/);
    assert.match(stdout, /1 thread, 5 timed runs after 1 to warm up, inputs: seeded random/);
    assert.match(stdout, /^Dimension batch = 4$/m);
    assert.match(stdout, /Latency estimate +Measured +Measured share +× estimate/);
    assert.match(stdout, /^2 +\/block\.1\/MatMul .*µs .*%.*×$/m);
    assert.match(stdout, /^ +Total/m);
    assert.match(stdout, /^Unattributed time, in no row:\n {2}ONNX Runtime between operators /m);
    assert.match(stdout, /^Latency +\S+ .s median \(mean .*first run .*load /m);
    assert.match(stdout, /^Outputs +equal this machine's/m);
  });

  it("writes the run as JSON", async () => {
    const result = await run("--dim", "batch=2");
    assert.equal(result.schema, 1);
    assert.equal(result.version, 1);
    assert.deepEqual(result.settings.dimensions, { batch: 2 });
    assert.equal(result.settings.warmUpRuns, 1);
    assert.equal(result.latency.runSeconds.length, 5);
    assert.equal(result.outputs.verdict, "equal");
  });

  for (const name of ["run-name-with-quote.onnx", "injection-names.onnx"]) {
    it(`measures layers by whatever names they have: ${name}`, async () => {
      const model = join(import.meta.dirname, "../../fixtures/hostile", name);
      const { stdout, stderr, code } = await runCli("run", model, ...FEW, "--json");
      assert.equal(code, 0, stderr);
      const { layers } = JSON.parse(stdout) as RunResult;
      assert.ok("rows" in layers && layers.rows.length > 0);
      assert.deepEqual(
        layers.unmapped.filter(({ op }) => op !== null),
        [],
      );
      const text = await runCli("run", model, ...FEW);
      assert.doesNotMatch(text.stdout.replaceAll("\n", ""), /\p{Cc}/u);
    });
  }

  it("runs on the user's own samples", async () => {
    await writeFile(join(folder, "x.bin"), new Float32Array(8).fill(0.5));
    const { settings } = await run("--data", `${join(folder, "x.bin")}:dtype=float32`);
    assert.match(settings.inputs, /x\.bin/);
  });

  it("says loudly that a device computes something else", async () => {
    const result = await run();
    const profile = await profileFile(chain, {});
    const [output] = result.outputs.outputs;
    assert.ok(output);
    const wrong = { ...output, maxRelative: 0.25, isEqual: false };
    const outputs = { ...result.outputs, verdict: "differs" as const, outputs: [wrong] };
    const text = runReport({ ...result, outputs, throttling: ["it is \u001b[31mhot"] }, profile, undefined);
    assert.match(text, /^Outputs +DIFFER .*\(r2: off by 0\.25\): the latency is that of a wrong result$/m);
    assert.match(text, /^Slowed down:\n {2}it is \ufffd\[31mhot$/m);
  });

  it("learns from runs, one file for a device and its settings", async () => {
    const file = join(folder, "learned.json");
    const first = await runCli("run", chain, ...FEW, "--learn", file);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /the model it was fitted to is .* off by .*--hardware /);
    const other = join(folder, "other.onnx");
    await writeChain(other, 5);
    const second = await runCli("run", other, ...FEW, "--learn", file);
    assert.match(second.stdout, /a model predicted from the others' runs is off by/);
    const profile = await runCli("profile", chain, "--hardware", file);
    assert.equal(profile.code, 0, profile.stderr);
    const threads = await runCli("run", chain, "--device", "host", "--threads", "2", "--runs", "5", "--learn", file);
    assert.equal(threads.code, 2);
    assert.match(threads.stderr, /is learned from .* give it a file of its own/);
    const base = await runCli("run", chain, ...FEW, "--hardware", "midrange-phone", "--learn", file);
    assert.match(base.stderr, /on the roofline of flagship-phone, and not of midrange-phone/);
    const none = await runCli("run", chain, ...FEW, "--learn", chain);
    assert.match(none.stderr, /is not a learned hardware profile/);
  });

  it("names rows that were fused into another one", async () => {
    const result = await run();
    const layers = {
      optimization: "basic",
      runs: 1,
      totalSeconds: 1e-3,
      rows: [{ layer: 1, name: "a", op: "Relu", seconds: 9e-4, spread: null, fused: [0], operators: ["a\u0007"] }],
      unmapped: [{ name: "reorder", op: "ReorderOutput", seconds: 1e-4, reason: "It is the runtime's own." }],
    };
    const text = runReport({ ...result, layers }, await profileFile(chain, {}), undefined);
    assert.match(text, /^0 +\/block\.0\/MatMul .* in #1 +0\.0 %$/m);
    assert.match(text, /^1 +\/block\.0\/Relu .* 900 µs +90\.0 % /m);
    assert.match(text, /^ +Total .* 900 µs +90\.0 %$/m);
    assert.match(text, /^ {2}reorder +ReorderOutput +100 µs +10\.0 % +It is the runtime's own\.$/m);
    assert.match(text, /^Rows without a time did not run/m);
  });

  it("measures with several numbers of threads, and names the fastest", async () => {
    const few = ["--device", "host", "--warm-up", "1", "--runs", "5"];
    const { stdout, stderr, code } = await runCli("run", chain, ...few, "--threads", "2,1");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Threads +Median +p90 +Fastest run +Speed\n +1 .* 1\.00×.*\n +2 .*×/m);
    assert.equal(stdout.match(/× +fastest$/gm)?.length, 1);
    const [, fastest] = /^ +(\d) .*fastest$/m.exec(stdout) ?? [];
    assert.match(stdout, new RegExp(`, ${fastest} threads?, 5 timed runs`), "the report is that of the fastest");
    const json = await runCli("run", chain, ...few, "--threads", "1,2", "--json");
    const sweep = JSON.parse(json.stdout) as SweepJson;
    assert.deepEqual(
      sweep.runs.map(({ settings }) => settings.threads),
      [1, 2],
    );
    const best = sweep.runs.toSorted((a, b) => a.latency.statistics.median - b.latency.statistics.median)[0];
    assert.equal(sweep.fastestThreads, best?.settings.threads);
    const learned = await runCli("run", chain, ...few, "--threads", "1,2", "--learn", join(folder, "swept.json"));
    assert.deepEqual([learned.code, learned.stdout], [2, ""]);
    assert.match(learned.stderr, /--learn needs a single number of threads/);
  });

  it("tells what a sweep over threads measured before it was interrupted", async () => {
    let [stdout, code] = ["", 0];
    const ending = new AbortController();
    const { runCommandLine } = await import("../../../profiler/cli/program.ts");
    const { Interrupted } = await import("../../../profiler/cli/context.ts");
    await runCommandLine(["run", chain, "--device", "host", "--threads", "1,2,4", "--runs", "5"], {
      write: (text) => (stdout += text),
      remark: () => undefined,
      progress: (text) => text.startsWith("2 threads: ") && ending.abort(new Interrupted("interrupted")),
      width: undefined,
      setExitCode: (exitCode) => (code = exitCode),
      interruption: () => ending.signal,
    });
    assert.equal(code, 130);
    assert.match(stdout, /^Threads .*\n +1 .*\n$/);
  });

  it("stops when it is interrupted", async () => {
    let [stderr, code] = ["", 0];
    const ending = new AbortController();
    const { runCommandLine } = await import("../../../profiler/cli/program.ts");
    const { Interrupted } = await import("../../../profiler/cli/context.ts");
    await runCommandLine(["run", chain, "--device", "host", "--runs", "10000000"], {
      write: (text) => assert.fail(text),
      remark: (text) => (stderr += text),
      progress: (text) => text.startsWith("measuring the latency") && ending.abort(new Interrupted("interrupted")),
      width: undefined,
      setExitCode: (exitCode) => (code = exitCode),
      interruption: () => ending.signal,
    });
    assert.deepEqual([stderr, code], ["interrupted", 130]);
  });

  for (const [args, message] of [
    [["--threads", "0"], /at least 1/],
    [["--threads", "1,,2"], /a whole number/],
    [["--runs", "many"], /a whole number/],
    [["--cores", "7-4"], /cores such as 4-7/],
    [["--cores", "0"], /cannot be bound to cores/],
    [["--time-limit", "soon"], /a time such as 20ms/],
    [["--dim", "width=3"], /width/],
    [["--time-limit", "1ms"], /not measured within 0\.001 s/],
  ] as const) {
    it(`says what is wrong with ${args.join(" ")}`, async () => {
      const { stdout, stderr, code } = await runCli("run", chain, ...FEW, ...args);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }

  it("fails on a model that the runtime refuses", async () => {
    const path = join(folder, "unknown.onnx");
    await writeUnknown(path);
    const { stderr, code } = await runCli("run", path, ...FEW);
    assert.equal(code, 2);
    assert.match(stderr, /unknown\.onnx/);
  });

  it("names the phones there are when the device is none of them, as a failure", async () => {
    const { stderr, code } = await withoutServer(() =>
      runCli("run", chain, "--device", "nobody", "--adb", join(folder, "no-adb")),
    );
    assert.equal(code, 2);
    assert.match(stderr, /no-adb could not start its server/);
  });

  it("runs a model whose ends it can hold against this machine's, odd shapes included", async () => {
    const path = join(folder, "scalar.onnx");
    const nodes = [node("ReduceSum", ["x"], ["y"], { keepdims: 0 })];
    await writeFile(
      path,
      onnxModel({
        graph: graph(nodes, {
          inputs: [value("x", "float32", [2, 3])],
          outputs: ["y"],
          initializers: [tensor("unused", "float32", [1])],
        }),
      }),
    );
    const { code, stderr } = await runCli("run", path, ...FEW);
    assert.equal(code, 0, stderr);
  });
});

describe("edgewise devices", () => {
  it("lists this machine, and says why there are no phones", async () => {
    const { stdout, code } = await withoutServer(() => runCli("devices", "--adb", "/nowhere/adb"));
    assert.equal(code, 0);
    assert.match(stdout, /^Device +Name +System/);
    assert.match(stdout, /^host +This machine /m);
    assert.match(stdout, /could not start its server/);
  });

  it("writes JSON", async () => {
    const { stdout } = await withoutServer(() => runCli("devices", "--adb", "/nowhere/adb", "--json"));
    const { schema, devices, problem } = JSON.parse(stdout) as {
      schema: number;
      devices: { device: string; facts: DeviceFacts }[];
      problem: { message: string };
    };
    assert.equal(schema, 1);
    assert.deepEqual(
      devices.map(({ device, facts }) => [device, facts.kind]),
      [["host", "host"]],
    );
    assert.match(problem.message, /\/nowhere\/adb/);
  });
});

describe("lists of cores", () => {
  it("are numbers and ranges", () => {
    assert.deepEqual(parseCores("4-7"), [4, 5, 6, 7]);
    assert.equal(parseCores("big"), "big");
    assert.deepEqual(parseCores("0, 2,4-5,5"), [0, 2, 4, 5]);
    for (const wrong of ["", "a", "1-", "-1", "0-99999999"]) assert.throws(() => parseCores(wrong), /cores such as/);
  });
});

/** With the address of an adb server where nobody listens: port 9 is "discard", which nothing serves any more. */
async function withoutServer<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env.ADB_SERVER_SOCKET;
  process.env.ADB_SERVER_SOCKET = "tcp:127.0.0.1:9";
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.ADB_SERVER_SOCKET;
    else process.env.ADB_SERVER_SOCKET = before;
  }
}
