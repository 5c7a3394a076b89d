import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { isMeasured, type RunResult } from "../../profiler/device/run-result.ts";
import type { RunOptions, TargetProgress } from "../../profiler/device/target.ts";
import { tfliteModel } from "../builders/tflite-builder.ts";
import { skip } from "../skip.ts";
import { mobilenetV1 } from "../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import { measuredModel } from "./measured-model.ts";
import type { TestPhone } from "./test-phone.ts";
import { useAdb } from "./use-adb.ts";

const SHARED = join(import.meta.dirname, "../../../shared/models/tflite");
const FEW: RunOptions = { threads: 1, warmUpRuns: 1, runs: 6 };
const EVERYTHING = 1e-9;

describe("running TFLite models natively on a phone", function () {
  this.timeout(120_000);
  const adb = useAdb();
  const folder = mkdtempSync(join(tmpdir(), "edgewise-tflite-phone-"));
  const mobilenet = join(folder, "mobilenet.tflite");
  let phone: TestPhone;
  before(async () => {
    writeFileSync(mobilenet, toBytes(toTflite(mobilenetV1({ width: 0.25, size: 32 }))));
    phone = await adb().phone();
  });
  after(() => rmSync(folder, { recursive: true }));

  const target = (): AndroidTarget => new AndroidTarget(adb().server, { serial: phone.serial });
  const measure = async (path: string, options = FEW): Promise<RunResult> =>
    target().run(await measuredModel(path), options);

  it("gives the latency, each layer's time and this machine's outputs, and pushes what TFLite needs alone", async () => {
    const phases: string[] = [];
    const onProgress = ({ phase, total }: TargetProgress): void => {
      if (phase === "pushing-runtime" && total !== undefined) phases.push(`${phase} ${Math.round(total / 1e6)}`);
    };
    const result = await target().run(await measuredModel(mobilenet), FEW, { onProgress });
    assert.deepEqual([result.runtime.name, result.runtime.version, result.runtime.kind], ["TFLite", "2.9.0", "native"]);
    assert.equal(result.outputs.verdict, "equal", JSON.stringify(result.outputs));
    assert.equal(result.latency.runSeconds.length, 6);
    assert.ok(isMeasured(result.memory) && result.memory.peakBytes > 0);
    assert.ok(isMeasured(result.layers) && result.layers.rows.length > 20);
    const { rows, unmapped, totalSeconds } = result.layers;
    const all = [...rows, ...unmapped].reduce((sum, { seconds }) => sum + seconds, 0);
    assert.ok(Math.abs(all - totalSeconds) <= EVERYTHING);
    // ONNX Runtime's library alone has 20 MB.
    assert.ok(phases.length > 0 && phases.every((each) => Number(each.split(" ")[1]) < 15), phases.join());
    assert.deepEqual(phone.leftovers(), []);
  });

  it("names an operator that TFLite is older than, with what could run it, and leaves nothing", async () => {
    const bytes = tfliteModel({
      tensors: ["x", "y"].map((name) => ({ name, shape: [1, 4] })),
      operators: [{ op: "RELU", version: 99, inputs: ["x"], outputs: ["y"] }],
      inputs: ["x"],
      outputs: ["y"],
    });
    const path = join(folder, "newer.tflite");
    writeFileSync(path, bytes);
    await assert.rejects(measure(path), (error: unknown) => {
      assert.ok(error instanceof Error && "hint" in error);
      assert.match(error.message, /does not know an operator of the model: RELU \(version 99\)/);
      assert.match(String(error.hint), /--runtime litert/);
      return true;
    });
    assert.deepEqual(phone.leftovers(), []);
  });

  it("ends at once when it is cancelled, and leaves nothing", async () => {
    const ending = new AbortController();
    const onProgress = ({ phase, done }: TargetProgress): void => {
      if (phase === "latency" && (done ?? 0) > 0) ending.abort(new Error("enough"));
    };
    const options = { ...FEW, runs: 1_000_000 };
    const running = target().run(await measuredModel(mobilenet), options, { signal: ending.signal, onProgress });
    await assert.rejects(running, /enough/);
    assert.deepEqual(phone.leftovers(), []);
    assert.equal((await measure(mobilenet)).outputs.verdict, "equal");
  });

  const shared = existsSync(SHARED) ? readdirSync(SHARED) : [];
  for (const file of shared)
    it(`measures ${file} of the shared models`, async () => {
      const { outputs, layers } = await measure(join(SHARED, file));
      assert.equal(outputs.verdict, "equal", JSON.stringify(outputs));
      assert.ok(isMeasured(layers) && layers.rows.length > 0);
      assert.ok(
        layers.unmapped.every(({ op }) => op === null),
        JSON.stringify(layers.unmapped),
      );
    });
  if (shared.length === 0)
    it("measures the shared models", function () {
      skip(this, "../shared/models is not there");
    });
});
