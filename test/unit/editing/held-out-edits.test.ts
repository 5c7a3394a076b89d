import assert from "node:assert/strict";
import { openSamples } from "../../../profiler/calibration/sample-set.ts";
import type { CalibrationSpec } from "../../../profiler/calibration/spec.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { holdingOut } from "../../../profiler/editing/held-out-edits.ts";

const SAMPLES: CalibrationSpec = { count: 64, seed: 5 };
const listed = (text: string, calibration: CalibrationSpec | null = SAMPLES) => ({
  edit: parseEdit(text),
  calibration,
});
const parts = (...texts: readonly string[]): readonly unknown[] =>
  holdingOut(texts.map((text) => listed(text))).map(({ calibration }) => calibration?.part);

describe("samples that a list of edits holds out", () => {
  it("keeps those that a training is judged by from the edits before it", () => {
    assert.deepEqual(parts("separable:conv1", "recover:", "separable:conv2"), ["to-train", undefined, undefined]);
    assert.deepEqual(parts("separable:conv1", "recover:", "separable:conv2", "recover:"), [
      "to-train",
      undefined,
      "to-train",
      undefined,
    ]);
    assert.deepEqual(parts("separable:conv1"), [undefined]);
  });

  it("leaves edits alone that are fitted to nothing, or to a part already", () => {
    const part = { of: 2, from: 0, to: 1 };
    const list = [listed("separable:a", null), listed("separable:b", { ...SAMPLES, part }), listed("recover:")];
    assert.deepEqual(holdingOut(list), list);
  });

  it("makes every sample one to train on or one to judge by", async () => {
    const ports = [{ name: "x", dataType: "float32", shape: ["batch", 3] }] as const;
    for (const [count, judging] of [
      [64, 8],
      [20, 10],
      [100, 12],
    ] as const) {
      const counts = await Promise.all(
        (["to-train", "to-judge"] as const).map(async (part) => {
          const samples = await openSamples({ count, part }, ports);
          await samples.close();
          return samples.count;
        }),
      );
      assert.deepEqual(counts, [count - judging, judging]);
    }
  });
});
