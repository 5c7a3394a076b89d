import assert from "node:assert/strict";

import { Reference } from "../../../../profiler/editing/fit/reference.ts";
import type { NamedTensors } from "../../../../profiler/runtime/numeric-tensor.ts";
import { graph, node, onnxModel, value } from "../../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../../builders/read-model.ts";

const MODEL = onnxModel({
  graph: graph([node("Neg", ["x"], ["y"])], {
    inputs: [value("x", "float32", ["n", 2])],
    outputs: [value("y", "float32")],
  }),
});

const batch = (...data: readonly number[]): NamedTensors => ({
  x: { dataType: "float32", shape: [data.length / 2, 2], data: Float32Array.from(data) },
});

describe("The reference of a fit", () => {
  it("answers each batch, and the same one again without running it", async () => {
    const reference = await Reference.open(await modelOfBytes("neg.onnx", MODEL));
    try {
      const { session } = reference;
      const first = await session.run(batch(1, 2));
      assert.deepEqual([...(first.y?.data ?? [])], [-1, -2]);
      assert.deepEqual([...((await session.run(batch(1, 3))).y?.data ?? [])], [-1, -3]);
      assert.deepEqual((await session.run(batch(1, 2, 3, 4))).y?.shape, [2, 2]);
      assert.equal(await session.run(batch(1, 2)), first, "what it answered before");
    } finally {
      await reference.close();
    }
  });
});
