import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { isMeasured, type LayerTimes, type RunResult } from "../../profiler/device/run-result.ts";
import type { TargetProgress } from "../../profiler/device/target.ts";
import { skip } from "../skip.ts";
import { measuredModel } from "./measured-model.ts";
import type { TestPhone } from "./test-phone.ts";
import { useAdb } from "./use-adb.ts";

const ROOT = join(import.meta.dirname, "../..");
const SAMPLES = join(ROOT, "media/samples");
const SHARED = join(ROOT, "../shared/models/onnx");

/** Sizes that the models need to run at all, and that tests can wait for. */
const DIMENSIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "silero_vad.onnx": { "input[0]": 1, "input[1]": 256, "state[1]": 1 },
};

/** Shorter operators are lost in what the profiler takes to write them down. */
const LEAST_SECONDS = 2e-3;
const EVERYTHING = 1e-9;
/** A median of fewer says little. */
const FEWEST_MODELS = 5;

describe("running models on a phone", function () {
  this.timeout(120_000);
  /** Of each model: what its rows have of the time that operators took. */
  const parts: number[] = [];
  const adb = useAdb();
  let phone: TestPhone;
  before(async () => void (phone = await adb().phone()));

  const measure = async (path: string): Promise<RunResult> => {
    const dimensions = DIMENSIONS[basename(path)] ?? {};
    const target = new AndroidTarget(adb().server, { serial: phone.serial });
    const options = { threads: 1, warmUpRuns: 1, runs: 5, dimensions };
    return target.run(await measuredModel(path, dimensions), options);
  };

  const isRight = (result: RunResult): void => {
    assert.equal(result.outputs.verdict, "equal", JSON.stringify(result.outputs));
    assert.equal(result.latency.statistics.runs, 5);
    assert.ok(result.latency.statistics.median > 0 && (result.latency.loadSeconds ?? 0) > 0);
    assert.ok(isMeasured(result.memory) && result.memory.peakBytes > (result.memory.baselineBytes ?? 0));
    assert.ok(isMeasured(result.layers));
    parts.push(...addsUp(result.layers));
    assert.deepEqual(phone.leftovers(), []);
  };

  for (const file of readdirSync(SAMPLES)) {
    it(`measures ${file}`, async () => {
      isRight(await measure(join(SAMPLES, file)));
    });
  }

  const shared = existsSync(SHARED) ? readdirSync(SHARED).filter((file) => !existsSync(join(SAMPLES, file))) : [];
  for (const file of shared) {
    it(`measures ${file} of the shared models`, async () => {
      isRight(await measure(join(SHARED, file)));
    });
  }
  if (shared.length === 0)
    it("measures the shared models", function () {
      skip(this, "../shared/models is not there");
    });

  it("finds a row for 98 % of the operators' time, in every model", function () {
    if (parts.length < FEWEST_MODELS) skip(this, "the models here are too quick for it");
    assert.ok(Math.min(...parts) >= 0.98, parts.join());
  });

  it("pushes what runs models once", async () => {
    const phases: string[] = [];
    const target = new AndroidTarget(adb().server, { serial: phone.serial });
    const model = await measuredModel(join(SAMPLES, "digits_lenet.onnx"));
    const onProgress = ({ phase, done }: TargetProgress): void => {
      if (done !== undefined) phases.push(phase);
    };
    await target.run(model, { runs: 1 }, { onProgress });
    assert.ok(!phases.includes("pushing-runtime") && phases.includes("pushing-model"));
    await target.cleanUp();
    await target.run(model, { runs: 1 }, { onProgress });
    assert.ok(phases.includes("pushing-runtime"));
  });
});

/** Rows and rest are the whole. @returns the part of it that the rows have, where operators last long enough to be measured */
function addsUp({ rows, unmapped, totalSeconds }: LayerTimes): readonly number[] {
  const sum = (times: readonly { readonly seconds: number }[]): number =>
    times.reduce((total, { seconds }) => total + seconds, 0);
  const all = sum(rows) + sum(unmapped);
  const between = sum(unmapped.filter(({ op }) => op === null));
  assert.ok(Math.abs(all - totalSeconds) <= EVERYTHING, `${all} of ${totalSeconds}`);
  return totalSeconds < LEAST_SECONDS ? [] : [sum(rows) / (totalSeconds - between)];
}
