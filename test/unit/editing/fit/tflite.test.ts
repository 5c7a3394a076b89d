import assert from "node:assert/strict";

import { FullyConnectedOptionsT } from "../../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { formatEdit } from "../../../../profiler/editing/edit.ts";
import { fit } from "../../../../profiler/editing/fit/fit.ts";
import { modelBytes } from "../../../../profiler/formats/formats.ts";
import type { TfliteSpec } from "../../../builders/tflite-builder.ts";
import { readBytes, readSpec } from "../../tflite/analyse.ts";

const SIZE = 32;

/** Two fully connected layers of 32×32 with an activation between; the first has rank 3, so that it can be halved for nothing. */
function network(): TfliteSpec {
  const random = new Random(9);
  const [tall, wide] = [random.normals(SIZE * 3), random.normals(3 * SIZE)];
  const low = Array.from({ length: SIZE * SIZE }, (_, index) => {
    const [row, column] = [Math.floor(index / SIZE), index % SIZE];
    return [0, 1, 2].reduce((sum, k) => sum + (tall[row * 3 + k] ?? 0) * (wide[k * SIZE + column] ?? 0), 0) / SIZE;
  });
  return {
    tensors: [
      { name: "x", shape: [1, SIZE] },
      { name: "low", shape: [SIZE, SIZE], data: low },
      { name: "full", shape: [SIZE, SIZE], data: [...random.normals(SIZE * SIZE)] },
      { name: "hidden", shape: [1, SIZE] },
      { name: "active", shape: [1, SIZE] },
      { name: "y", shape: [1, SIZE] },
    ],
    operators: [
      { op: "FULLY_CONNECTED", inputs: ["x", "low"], outputs: ["hidden"], options: new FullyConnectedOptionsT() },
      { op: "TANH", inputs: ["hidden"], outputs: ["active"] },
      { op: "FULLY_CONNECTED", inputs: ["active", "full"], outputs: ["y"], options: new FullyConnectedOptionsT() },
    ],
    inputs: ["x"],
    outputs: ["y"],
  };
}

describe("fit of a TFLite model", function () {
  this.timeout(120_000);

  it("keeps a budget with the edits that err least, as LiteRT computes them", async () => {
    const model = await readSpec(network());
    const { parameters } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
    const { result, model: fitted } = await fit(model, {
      budget: { parameters: 0.7 * parameters },
      hardware: DEFAULT_HARDWARE,
      calibration: { count: 8, seed: 2 },
    });
    const best = result.points[result.best];
    assert.ok(best?.isWithinBudget);
    const texts = best.edits.map(formatEdit);
    assert.ok(
      texts.some((text) => text.startsWith("dense-low-rank:hidden")),
      `the layer of low rank, not ${texts.join(" ")}`,
    );
    assert.ok((best.error ?? NaN) < 1e-6, `${best.error}`);
    const written = await readBytes(await modelBytes(fitted));
    assert.deepEqual(costModel(analyseModel(written, {}), DEFAULT_HARDWARE).totals, best.totals);
  });
});
