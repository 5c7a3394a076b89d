import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { DelegateError, DeviceError } from "../../profiler/device/device-error.ts";
import { isMeasured, type RunResult } from "../../profiler/device/run-result.ts";
import type { MeasuredModel, RunOptions } from "../../profiler/device/target.ts";
import { openSession } from "../../profiler/runtime/open-session.ts";
import { toRuntimeBytes } from "../../profiler/runtime/tensor-bytes.ts";
import { fromStoredBytes, toStoredBytes } from "../../profiler/device/stored-elements.ts";
import { FileSource } from "../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../profiler/bytes/external-data-folder.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import { skip } from "../skip.ts";
import { tflite } from "../unit/runtime/tiny-models.ts";
import { mobilenetV1 } from "../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import { COMPILED_MODEL_PROGRAM, loopingProgram, program } from "./benchmark-program.ts";
import { measuredModel } from "./measured-model.ts";
import type { TestPhone } from "./test-phone.ts";
import { until } from "./until.ts";
import { useAdb } from "./use-adb.ts";
import { modelOfFile } from "../builders/read-model.ts";
import { modelBytes } from "../../profiler/formats/formats.ts";

const SHARED = join(import.meta.dirname, "../../../shared/models/tflite");
const FEW: RunOptions = { threads: 1, warmUpRuns: 1, runs: 5 };
/** "Within seconds", on a busy machine. */
const SECONDS = 10;

/** One addition that keeps its sum. */
async function withState(): Promise<Uint8Array> {
  const end = (name: string): { name: string; shape: number[] } => ({ name, shape: [1] });
  const model = await tflite(
    [end("x"), { ...end("memory"), isVariable: true }, end("y")],
    [{ op: "ADD", inputs: ["x", "memory"], outputs: ["y"] }],
  );
  return modelBytes(model);
}

describe("running TFLite models by benchmark_model on a phone", function () {
  this.timeout(60_000);
  const adb = useAdb();
  const folder = mkdtempSync(join(tmpdir(), "edgewise-benchmark-"));
  const path = join(folder, "mobilenet.tflite");
  const benchmarkModel = join(folder, "benchmark_model");
  const answer = "/data/local/tmp/answer";
  let phone: TestPhone;
  let model: MeasuredModel;
  before("start a phone", async () => {
    writeFileSync(path, toBytes(toTflite(mobilenetV1({ width: 0.25, size: 32 }))));
    model = await measuredModel(path);
    phone = await adb().phone();
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (options = FEW, measured = model, signal?: AbortSignal): Promise<RunResult> =>
    new AndroidTarget(adb().server, { serial: phone.serial, benchmarkModel }).run(measured, options, {
      ...(signal && { signal }),
    });

  /** A profile with a row for each of the model's: 1 ms each. */
  const profileOf = ({ layers }: MeasuredModel): string => {
    const rows = layers
      .filter(({ role }) => role === "compute")
      .map(({ op, outputs, index }) => {
        const names = outputs.map(({ name }) => name).join(", ");
        return `${op}, 1, 1, 1%, 1%, 0, 1, [${names.replaceAll(",", "\t")}]:${index}`;
      });
    const title = "============================== Run Order ==============================";
    return [title, "node type, first, avg_ms, %, cdf%, mem KB, times called, name", ...rows, ""].join("\n");
  };

  /** What this machine answers to the inputs that were pushed, which the script keeps: seeded ones are the same each time. */
  const answerOf = async (file: string): Promise<Uint8Array> => {
    writeFileSync(benchmarkModel, program({ behind: "cp input0.bin /data/local/tmp/kept" }));
    await run(FEW, await measuredModel(file));
    const source = await FileSource.open(file);
    const session = await openSession(await modelOfFile(file));
    try {
      const { entries } = await readModel(source, new ExternalDataFolder(file));
      const [{ graph }] = entries;
      const [input] = graph.inputs.map((id) => graph.tensors[id]);
      const [port] = session.inputs;
      assert.ok(input && port);
      const shape = port.shape.map((size) => (typeof size === "number" ? size : 1));
      const elements = shape.reduce((product, size) => product * size, 1);
      const like = { dataType: port.dataType, shape, data: new Float32Array(elements) };
      const given = fromStoredBytes(input, like, readFileSync(phone.path("/data/local/tmp/kept")));
      const results = await session.run({ [port.name]: given });
      const [output] = graph.outputs.map((id) => graph.tensors[id]);
      const [result] = Object.values(results);
      assert.ok(output && result);
      return toStoredBytes(output, result);
    } finally {
      await session.close();
      await source.close();
    }
  };

  it("gives the latency, each row's time, the memory, and compares the outputs", async () => {
    writeFileSync(phone.path(answer), await answerOf(path));
    writeFileSync(benchmarkModel, program({ profile: profileOf(model), outputs: answer }));
    rmSync(phone.path("/data/local/tmp/flags"), { force: true });
    const { latency, layers, outputs, memory, notes, runtime } = await run({ ...FEW, cores: [0], delegate: "xnnpack" });
    assert.equal(runtime.name, "benchmark_model");
    assert.equal(latency.statistics.median, 105718 * 1e-6);
    assert.deepEqual([latency.loadSeconds, latency.runSeconds.length], [87.639 * 1e-3, 0]);
    assert.equal(outputs.verdict, "equal", JSON.stringify(outputs));
    assert.ok(isMeasured(layers) && isMeasured(memory));
    const computing = model.layers.filter(({ role }) => role === "compute").length;
    assert.deepEqual([layers.rows.length, layers.unmapped.length], [computing, 0]);
    assert.equal(notes[0], "TfLiteXNNPackDelegate ran 2 of 4 operators in 1 part.");
    const flags = readFileSync(phone.path("/data/local/tmp/flags"), "utf8");
    assert.match(flags, /--num_threads=1 .*--input_layer_shape=1,32,32,3 .*--use_xnnpack=true .*--num_runs=5 /);
    assert.deepEqual(phone.leftovers(), []);
  });

  it("gives quantized inputs as the file has them, and takes outputs that are a step off for equal", async function () {
    const file = join(SHARED, "kws_dscnn_int8.tflite");
    if (!existsSync(file)) skip(this, "../shared/models is not there");
    const bytes = Uint8Array.from(await answerOf(file));
    const largest = bytes.reduce(
      (most, byte, at) => ((byte + 128) % 256 > ((bytes[most] ?? 0) + 128) % 256 ? at : most),
      0,
    );
    const verdictOf = async (off: number): Promise<string> => {
      const answered = Uint8Array.from(bytes);
      answered[largest] = (answered[largest] ?? 0) - off;
      writeFileSync(phone.path(answer), answered);
      writeFileSync(benchmarkModel, program({ outputs: answer }));
      return (await run(FEW, await measuredModel(file))).outputs.verdict;
    };
    assert.deepEqual([await verdictOf(0), await verdictOf(1), await verdictOf(20)], ["equal", "equal", "differs"]);
  });

  it("measures its energy in a loop between the lines that say so, where the phone has power rails", async () => {
    const busy =
      'end=$(($(date +%s) + 4)); while [ "$(date +%s)" -lt $end ]; do i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; done';
    writeFileSync(benchmarkModel, loopingProgram(busy));
    const target = new AndroidTarget(adb().server, {
      serial: phone.serial,
      benchmarkModel,
      energyTimes: { idleSeconds: 1, loopSeconds: 2 },
    });
    const { energy } = await target.run(model, { ...FEW, measuresEnergy: true });
    assert.ok(isMeasured(energy), JSON.stringify(energy));
    const [cpu] = energy.rails;
    assert.ok(cpu !== undefined && cpu.loadedWatts > cpu.idleWatts, JSON.stringify(cpu));
    assert.ok(energy.joulesPerInference > 0);
    assert.match(readFileSync(phone.path("/data/local/tmp/flags"), "utf8"), /--num_runs=1 --min_secs=5 /);
  });

  it("runs a model with state, and says that there is nothing to compare its outputs with", async () => {
    const file = join(folder, "state.tflite");
    writeFileSync(file, await withState());
    writeFileSync(benchmarkModel, program({}));
    const { outputs, latency } = await run(FEW, await measuredModel(file));
    assert.equal(latency.statistics.runs, 50);
    assert.equal(outputs.verdict, "not-compared");
    assert.match(outputs.outputs[0]?.reason ?? "", /keeps state from one run to the next/);
    const native = await new AndroidTarget(adb().server, { serial: phone.serial }).run(await measuredModel(file), FEW);
    assert.equal(native.runtime.name, "TFLite");
    assert.equal(native.outputs.verdict, "equal", "state begins every run anew there");
  });

  it("runs LiteRT 2's by its own flags, and says that it made its inputs itself", async () => {
    writeFileSync(benchmarkModel, COMPILED_MODEL_PROGRAM);
    rmSync(phone.path("/data/local/tmp/flags"), { force: true });
    const { latency, outputs, settings, memory, runtime } = await run({
      ...FEW,
      delegate: "npu",
      delegateLibrary: "/vendor/npu",
    });
    assert.equal(runtime.description, "LiteRT 2, npu");
    assert.equal(latency.statistics.median, 6010 * 1e-6);
    assert.equal(settings.inputs, "made by benchmark_model itself");
    assert.match(outputs.outputs[0]?.reason ?? "", /made its inputs itself/);
    assert.ok(isMeasured(memory) && memory.peakBytes === 12 * 2 ** 20 && memory.meaning !== undefined);
    const flags = readFileSync(phone.path("/data/local/tmp/flags"), "utf8");
    assert.doesNotMatch(flags, /input_layer|enable_op_profiling|output_filepath/);
    assert.match(
      flags,
      /--use_npu=true --use_cpu=false --require_full_delegation=true --dispatch_library_path=\/vendor\/npu/,
    );
    await assert.rejects(run({ ...FEW, delegate: "qnn" }), /has no qnn: it takes xnnpack, gpu, npu/);
  });

  it("is no measurement of a delegate that ran nothing", async () => {
    writeFileSync(benchmarkModel, program({ profile: profileOf(model) }));
    await assert.rejects(run({ ...FEW, delegate: "gpu" }), (error: unknown) => {
      assert.ok(error instanceof DelegateError, String(error));
      assert.match(error.message, /gpu ran nothing of the model.*TfLiteXNNPackDelegate ran 2 of 4 operators/);
      return true;
    });
    assert.deepEqual(phone.leftovers(), []);
  });

  it("says that an old program neither writes outputs nor a profile", async () => {
    writeFileSync(benchmarkModel, program({}));
    const { outputs, layers } = await run();
    assert.equal(outputs.verdict, "not-compared");
    assert.match(outputs.outputs[0]?.reason ?? "", /does not write its outputs/);
    assert.ok(!isMeasured(layers));
  });

  it("does not call wrong outputs equal", async () => {
    writeFileSync(
      phone.path(answer),
      toRuntimeBytes({ dataType: "float32", shape: [1000], data: new Float32Array(1000).fill(3) }),
    );
    writeFileSync(benchmarkModel, program({ outputs: answer }));
    assert.equal((await run()).outputs.verdict, "differs");
  });

  for (const [what, text, problem, message] of [
    ["is for another processor", "\u007fELF nonsense", "unsupported", /does not start/],
    ["crashes", "#!/bin/sh\nkill -SEGV $$\n", "failed", /crashed \(signal 11\)/],
    ["tells nothing", "#!/bin/sh\necho hello\n", "failed", /tells no times/],
  ] as const) {
    it(`says so when the program ${what}`, async () => {
      writeFileSync(benchmarkModel, text);
      await assert.rejects(run(), (error: unknown) => {
        assert.ok(error instanceof DeviceError, String(error));
        assert.equal(error.problem, problem);
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(phone.leftovers(), []);
    });
  }

  it("hands on why it refuses a model", async () => {
    writeFileSync(benchmarkModel, "#!/bin/sh\necho 'ERROR: Op builtin_code out of range: 208.' >&2\nexit 1\n");
    await assert.rejects(run(), /cannot run the model: Op builtin_code out of range: 208\./);
  });

  it("ends with the run, whether that is cancelled or the cable pulled", async () => {
    writeFileSync(benchmarkModel, "#!/bin/sh\n: > /data/local/tmp/started\nexec sleep 1000\n");
    const started = (): boolean => existsSync(phone.path("/data/local/tmp/started"));
    const ending = new AbortController();
    const cancelled = run(FEW, model, ending.signal);
    cancelled.catch(() => undefined);
    await until("it runs", started);
    const cutAt = performance.now();
    ending.abort(new Error("cancelled"));
    await assert.rejects(cancelled, /cancelled/);
    assert.ok((performance.now() - cutAt) / 1000 < SECONDS);
    await until("nothing is left", () => phone.leftovers().length === 0 && phone.processes().length === 0);

    rmSync(phone.path("/data/local/tmp/started"));
    const pulled = run();
    pulled.catch(() => undefined);
    await until("it runs", started);
    await phone.pull();
    await assert.rejects(pulled, { problem: "gone" });
    await until("nothing is left", () => phone.leftovers().length === 0 && phone.processes().length === 0);
    await phone.plugIn();
    await adb().reconnect(phone);
  });

  it("says that the program is not where the user says", async () => {
    rmSync(benchmarkModel);
    await assert.rejects(run(), /benchmark_model/);
  });
});
