import assert from "node:assert/strict";

import { bindInputs } from "../../../profiler/bindings.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import {
  ConcatenationOptionsT,
  Conv2DOptionsT,
  GatherOptionsT,
  PackOptionsT,
  Padding,
  ShapeOptionsT,
  StridedSliceOptionsT,
  TensorType,
  UnpackOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { TFLITE_OPERATORS } from "../../../profiler/formats/tflite/operators/index.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { inferGraph } from "../../../profiler/operators/infer.ts";
import type { NumericTensor } from "../../../profiler/tensors/numeric-tensor.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import type { OperatorSpec, TensorSpec } from "../../builders/tflite-builder.ts";
import { readBytes, readSpec } from "./analyse.ts";

/** A list of integers, or a number: what shapes are put together from. */
function ints(
  name: string,
  data: number | readonly number[],
  shape = typeof data === "number" ? [] : [data.length],
): TensorSpec {
  return { name, type: "int32", shape, hasRank: true, data: typeof data === "number" ? [data] : [...data] };
}

/** What the run computes; the stored sizes are those of a batch of 1. */
const made = (name: string, shape: readonly number[]): TensorSpec => ({ name, type: "int32", shape, hasRank: true });

const pack = (inputs: readonly string[], output: string, axis = 0): OperatorSpec => ({
  op: "PACK",
  inputs: [...inputs],
  outputs: [output],
  options: new PackOptionsT(inputs.length, axis),
});

/** Of a list or a table: the row of that number, without its axis. */
const row = (table: string, at: readonly [string, string, string], output: string): OperatorSpec => ({
  op: "STRIDED_SLICE",
  inputs: [table, ...at],
  outputs: [output],
  options: Object.assign(new StridedSliceOptionsT(), { shrinkAxisMask: 1 }),
});

/**
 * x [batch, 12] becomes [batch, 3, 4, 1] by a PACK of sizes, is padded by a table [4, 2] that lists are packed to, goes through a convolution, and comes
 * back as rows by sizes that were taken out of a table of two shapes: by a slice, by UNPACK, GATHER and GATHER_ND.
 */
function network(): Promise<Model> {
  const dynamic = (name: string, shape: readonly number[], open = 1): TensorSpec => ({
    name,
    shape,
    signature: shape.map((size, axis) => (axis < open ? -1 : size)),
  });
  return readSpec({
    tensors: [
      dynamic("x", [1, 12]),
      ...[1, 3, 4].map((number) => ints(`${number}`, number)),
      ...[[0], [1], [2]].map((list) => ints(`[${list.join()}]`, list)),
      ints("[0,0]", [0, 0]),
      ints("[1,1]", [1, 1]),
      ints("[-1]", [-1]),
      ints("[[0]]", [0], [1, 1]),
      made("of x", [2]),
      made("batch", []),
      made("sizes", [4]),
      dynamic("map", [1, 3, 4, 1]),
      made("pads of rows", [2]),
      made("pads", [4, 2]),
      dynamic("padded", [1, 5, 6, 1], 2),
      { name: "w", shape: [8, 3, 3, 1], data: Array.from({ length: 72 }, (_, index) => Math.sin(index)) },
      { name: "b", shape: [8], data: new Array<number>(8).fill(0.1) },
      dynamic("c", [1, 3, 4, 8], 2),
      { name: "w2", shape: [2, 1, 1, 8], data: Array.from({ length: 16 }, (_, index) => Math.cos(index)) },
      { name: "b2", shape: [2], data: [0, 0] },
      dynamic("d", [1, 3, 4, 2], 2),
      made("of d", [4]),
      made("table", [2, 4]),
      made("second", [4]),
      made("column", [2]),
      made("others", [2]),
      made("other 2", [2]),
      made("other 3", [2]),
      made("height", [1]),
      made("again", [1]),
      made("target", [3]),
      dynamic("y", [1, 3, 8], 2),
    ],
    operators: [
      { op: "SHAPE", inputs: ["x"], outputs: ["of x"], options: new ShapeOptionsT(TensorType.INT32) },
      row("of x", ["[0]", "[1]", "[1]"], "batch"),
      pack(["batch", "3", "4", "1"], "sizes"),
      { op: "RESHAPE", inputs: ["x", "sizes"], outputs: ["map"] },
      pack(["batch", "1"], "pads of rows"),
      pack(["[0,0]", "pads of rows", "[1,1]", "[0,0]"], "pads"),
      { op: "PAD", inputs: ["map", "pads"], outputs: ["padded"] },
      {
        op: "CONV_2D",
        inputs: ["padded", "w", "b"],
        outputs: ["c"],
        options: Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1, padding: Padding.VALID }),
      },
      {
        op: "CONV_2D",
        inputs: ["c", "w2", "b2"],
        outputs: ["d"],
        options: Object.assign(new Conv2DOptionsT(), { strideW: 1, strideH: 1, padding: Padding.VALID }),
      },
      { op: "SHAPE", inputs: ["d"], outputs: ["of d"], options: new ShapeOptionsT(TensorType.INT32) },
      pack(["sizes", "of d"], "table"),
      row("table", ["[1]", "[2]", "[1]"], "second"),
      {
        op: "UNPACK",
        inputs: ["table"],
        outputs: ["column", "others", "other 2", "other 3"],
        options: new UnpackOptionsT(4, 1),
      },
      { op: "GATHER_ND", inputs: ["column", "[[0]]"], outputs: ["again"] },
      { op: "GATHER", inputs: ["second", "[1]"], outputs: ["height"], options: new GatherOptionsT(0) },
      {
        op: "CONCATENATION",
        inputs: ["again", "height", "[-1]"],
        outputs: ["target"],
        options: new ConcatenationOptionsT(0),
      },
      { op: "RESHAPE", inputs: ["d", "target"], outputs: ["y"] },
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
}

/** What the tensor is found to be with that many rows. */
function shapeAt(model: Model, batch: number, name: string): unknown {
  const { inferredTypes, sizeOf } = bindInputs(model, { "x[0]": batch });
  const inferred = inferGraph(
    { model, operators: TFLITE_OPERATORS, checksDeclared: true, sizeOf },
    model.entries[0].graph,
    inferredTypes,
  );
  return inferred.inferredTypes[inferred.graph.tensors.find((tensor) => tensor.name === name)?.id ?? -1]?.shape;
}

async function answerAt(model: Model, batch: number): Promise<NumericTensor | undefined> {
  const session = await openSession(model);
  const data = Float32Array.from({ length: 12 * batch }, (_, index) => Math.sin(7 * index));
  try {
    return (await session.run({ x: { dataType: "float32", shape: [batch, 12], data } })).y;
  } finally {
    await session.close();
  }
}

describe("Sizes that a TFLite model computes from tables of sizes", () => {
  it("are those that the runtime finds, at every size", async () => {
    const model = await network();
    for (const batch of [1, 3]) {
      const expected = [batch, batch + 2, 8];
      assert.deepEqual((await answerAt(model, batch))?.shape, expected);
      assert.deepEqual(shapeAt(model, batch, "y"), expected);
      assert.deepEqual(shapeAt(model, batch, "padded"), [batch, batch + 4, 6, 1]);
    }
  });

  it("stay right through edits that were made at one of them", async () => {
    const model = await network();
    for (const [restructuring, target, options] of [
      ["reduce-channels", "c", { ratio: 0.5 }],
      ["quantize-weights", "c", {}],
    ] as const) {
      const { after } = await applyEdit(model, { restructuring, target, options }, { bindings: { "x[0]": 3 } });
      const written = await readBytes(await tfliteBytes(after));
      for (const batch of [2, 3]) assert.deepEqual((await answerAt(written, batch))?.shape, [batch, batch + 2, 8]);
    }
  });
});
