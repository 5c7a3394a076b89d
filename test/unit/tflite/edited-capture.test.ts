import assert from "node:assert/strict";

import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";

/** The reshape that changes nothing stands first, with its constant: without it every tensor has another number in the file. */
const MODEL = tfliteModel({
  tensors: [
    { name: "same", type: "int32", shape: [2], data: [1, 4] },
    { name: "x", shape: [1, 4] },
    { name: "again", shape: [1, 4] },
    { name: "positive", shape: [1, 4] },
    { name: "bent", shape: [1, 4] },
    { name: "y", shape: [1, 4] },
  ],
  operators: [
    { op: "RESHAPE", inputs: ["x", "same"], outputs: ["again"] },
    { op: "RELU", inputs: ["again"], outputs: ["positive"] },
    { op: "TANH", inputs: ["positive"], outputs: ["bent"] },
    { op: "LOGISTIC", inputs: ["bent"], outputs: ["y"] },
  ],
  inputs: ["x"],
  outputs: ["y"],
});

async function captured(model: Model): Promise<Readonly<Record<string, readonly number[]>>> {
  const session = await openSession(model, { tensors: ["positive", "bent"] });
  try {
    const x = { dataType: "float32", shape: [1, 4], data: Float32Array.of(-1, 0.5, 1, 2) } as const;
    const results = await session.run({ x });
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
  } finally {
    await session.close();
  }
}

describe("Inner tensors of an edited TFLite model", () => {
  it("are those of their names, though an edit gave them other numbers in the file", async () => {
    const base = await readTflite(new MemorySource("base.tflite", MODEL));
    const { after } = await applyEdit(base, { restructuring: "remove-no-ops", target: "again", options: {} });
    const written = await readTflite(new MemorySource("written.tflite", await tfliteBytes(after)));
    assert.ok(written.entries[0].graph.tensors.length < base.entries[0].graph.tensors.length);
    const expected = await captured(base);
    assert.deepEqual(expected.positive, [0, 0.5, 1, 2]);
    assert.deepEqual(await captured(after), expected);
    assert.deepEqual(await captured(written), expected);
  });
});
