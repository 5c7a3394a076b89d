import assert from "node:assert/strict";

import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { Conv2DOptionsT, Padding } from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteModel, type OperatorSpec, type TensorSpec } from "../../builders/tflite-builder.ts";

/** As converters store float16 weights: each behind a DEQUANTIZE, some behind a TRANSPOSE too. */
function narrowModel(isTransposed: boolean): Uint8Array {
  const stored = isTransposed ? [3, 3, 2, 4] : [4, 3, 3, 2];
  const tensors: TensorSpec[] = [
    { name: "x", shape: [1, 6, 6, 2] },
    { name: "narrow", type: "float16", shape: stored, data: Array.from({ length: 72 }, (_, i) => (i % 7) - 3) },
    { name: "wide", shape: stored },
    { name: "order", type: "int32", shape: [4], data: [3, 0, 1, 2] },
    { name: "turned", shape: [4, 3, 3, 2] },
    { name: "narrow bias", type: "float16", shape: [4], data: [1, 2, 3, 4] },
    { name: "bias", shape: [4] },
    { name: "y", shape: [1, 4, 4, 4] },
  ];
  const options = Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1, padding: Padding.VALID });
  const operators: OperatorSpec[] = [
    { op: "DEQUANTIZE", version: 3, inputs: ["narrow"], outputs: ["wide"] },
    { op: "DEQUANTIZE", version: 3, inputs: ["narrow bias"], outputs: ["bias"] },
    ...(isTransposed ? [{ op: "TRANSPOSE", inputs: ["wide", "order"], outputs: ["turned"] } as const] : []),
    { op: "CONV_2D", inputs: ["x", isTransposed ? "turned" : "wide", "bias"], outputs: ["y"], options },
  ];
  return tfliteModel({ tensors, operators, inputs: ["x"], outputs: ["y"] });
}

describe("Numbers that a TFLite file stores in another type than it computes in", () => {
  for (const isTransposed of [false, true]) {
    it(`are no layers without effect${isTransposed ? ", transposed neither" : ""}: every exact suggestion can be written`, async () => {
      const model = await readTflite(new MemorySource("narrow.tflite", narrowModel(isTransposed)));
      const suggestions = await suggest(model, { hardware: DEFAULT_HARDWARE, guarantee: "exact" });
      assert.deepEqual(
        suggestions.filter(({ edit }) => edit.restructuring === "remove-no-ops"),
        [],
      );
      for (const { edit } of suggestions) {
        const { after } = await applyEdit(model, edit);
        await readTflite(new MemorySource("written.tflite", await tfliteBytes(after)));
      }
    });
  }
});
