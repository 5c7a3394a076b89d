import assert from "node:assert/strict";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { TFLITE_OPERATORS } from "../../../profiler/formats/tflite/operators/index.ts";
import type { TensorSpec } from "../../builders/tflite-builder.ts";
import { inferOperator, type OperatorCase } from "./analyse.ts";

const tensor = (...shape: number[]): TensorSpec => ({ shape });
const ints = (...data: number[]): TensorSpec => ({ type: "int32", shape: [data.length], data });
const scalar = (value: number): TensorSpec => ({ type: "int32", shape: [], data: [value] });
const { Padding } = schema;
const conv = (fields: Partial<schema.Conv2DOptionsT>) =>
  Object.assign(new schema.Conv2DOptionsT(Padding.SAME, 1, 1), fields);
const pool = (fields: Partial<schema.Pool2DOptionsT>) =>
  Object.assign(new schema.Pool2DOptionsT(Padding.SAME, 2, 2, 3, 3), fields);
const slice = (fields: Partial<schema.StridedSliceOptionsT>) =>
  Object.assign(new schema.StridedSliceOptionsT(), fields);
const image = tensor(1, 15, 15, 8);

interface ShapeCase extends OperatorCase {
  readonly name?: string;
  readonly gives: readonly unknown[];
}

/** Sizes by the kernels' own formulas: TensorFlow's padding, NumPy's slices. */
const CASES: readonly ShapeCase[] = [
  {
    op: "CONV_2D",
    inputs: [image, tensor(16, 3, 3, 8)],
    options: conv({ strideH: 2, strideW: 2 }),
    gives: [[1, 8, 8, 16]],
  },
  {
    name: "valid and dilated",
    op: "CONV_2D",
    inputs: [image, tensor(16, 3, 3, 8)],
    options: conv({ padding: Padding.VALID, dilationHFactor: 2 }),
    gives: [[1, 11, 13, 16]],
  },
  { name: "grouped", op: "CONV_2D", inputs: [image, tensor(16, 1, 1, 4)], options: conv({}), gives: [[1, 15, 15, 16]] },
  {
    op: "DEPTHWISE_CONV_2D",
    inputs: [image, tensor(1, 3, 3, 16)],
    options: Object.assign(new schema.DepthwiseConv2DOptionsT(Padding.VALID, 2, 1, 2), {}),
    gives: [[1, 13, 7, 16]],
  },
  {
    op: "TRANSPOSE_CONV",
    inputs: [ints(1, 30, 30, 4), tensor(4, 3, 3, 8), image],
    options: new schema.TransposeConvOptionsT(Padding.SAME, 2, 2),
    gives: [[1, 30, 30, 4]],
  },
  {
    name: "whose stored size does not fit the input",
    op: "TRANSPOSE_CONV",
    inputs: [ints(1, 64, 64, 4), tensor(4, 3, 3, 8), image],
    options: new schema.TransposeConvOptionsT(Padding.SAME, 2, 2),
    gives: [[1, 30, 30, 4]],
  },
  {
    op: "CONV_3D",
    inputs: [tensor(1, 4, 6, 6, 2), tensor(3, 3, 3, 2, 5)],
    options: new schema.Conv3DOptionsT(Padding.VALID, 1, 1, 1),
    gives: [[1, 2, 4, 4, 5]],
  },
  { op: "MAX_POOL_2D", inputs: [image], options: pool({}), gives: [[1, 8, 8, 8]] },
  { op: "AVERAGE_POOL_2D", inputs: [image], options: pool({ padding: Padding.VALID }), gives: [[1, 7, 7, 8]] },
  { op: "FULLY_CONNECTED", inputs: [tensor(2, 3, 4), tensor(5, 12)], gives: [[2, 5]] },
  {
    name: "keeping axes",
    op: "FULLY_CONNECTED",
    inputs: [tensor(2, 3, 4), tensor(5, 4)],
    options: Object.assign(new schema.FullyConnectedOptionsT(), { keepNumDims: true }),
    gives: [[2, 3, 5]],
  },
  {
    op: "BATCH_MATMUL",
    inputs: [tensor(2, 3, 4), tensor(2, 5, 4)],
    options: new schema.BatchMatMulOptionsT(false, true),
    gives: [[2, 3, 5]],
  },
  { op: "ADD", inputs: [tensor(2, 1, 4), tensor(3, 1)], gives: [[2, 3, 4]] },
  { op: "SELECT_V2", inputs: [{ type: "bool", shape: [2, 1] }, tensor(1, 3), tensor(1, 1)], gives: [[2, 3]] },
  { op: "MEAN", inputs: [image, ints(1, 2)], gives: [[1, 8]] },
  {
    name: "keeping axes",
    op: "SUM",
    inputs: [image, ints(-1)],
    options: new schema.ReducerOptionsT(true),
    gives: [[1, 15, 15, 1]],
  },
  { op: "ARG_MAX", inputs: [tensor(2, 3, 4), scalar(-1)], outputs: ["int64"], gives: [[2, 3]] },
  { op: "RESHAPE", inputs: [tensor(2, 3, 4), ints(-1, 6)], gives: [[4, 6]] },
  {
    name: "by its option",
    op: "RESHAPE",
    inputs: [tensor(2, 3, 4)],
    options: new schema.ReshapeOptionsT([8, 3]),
    gives: [[8, 3]],
  },
  { name: "of another batch than stored", op: "RESHAPE", inputs: [tensor(3, 2, 4), ints(1, 8)], gives: [[3, 8]] },
  { op: "SQUEEZE", inputs: [tensor(1, 3, 1)], options: new schema.SqueezeOptionsT([0]), gives: [[3, 1]] },
  { op: "EXPAND_DIMS", inputs: [tensor(2, 3), scalar(1)], gives: [[2, 1, 3]] },
  { op: "TRANSPOSE", inputs: [tensor(2, 3, 4), ints(2, 0, 1)], gives: [[4, 2, 3]] },
  {
    op: "CONCATENATION",
    inputs: [tensor(2, 3), tensor(2, 5)],
    options: new schema.ConcatenationOptionsT(-1),
    gives: [[2, 8]],
  },
  {
    op: "PACK",
    inputs: [tensor(2, 3), tensor(2, 3)].map((each) => ({ ...each })),
    options: new schema.PackOptionsT(2, 1),
    gives: [[2, 2, 3]],
  },
  {
    op: "UNPACK",
    inputs: [tensor(2, 3)],
    options: new schema.UnpackOptionsT(2, 0),
    outputs: ["float32", "float32"],
    gives: [[3], [3]],
  },
  {
    op: "SPLIT",
    inputs: [scalar(1), tensor(2, 6)],
    outputs: ["float32", "float32"],
    gives: [
      [2, 3],
      [2, 3],
    ],
  },
  {
    op: "SPLIT_V",
    inputs: [tensor(2, 6), ints(2, -1), scalar(1)],
    outputs: ["float32", "float32"],
    gives: [
      [2, 2],
      [2, 4],
    ],
  },
  { op: "PAD", inputs: [tensor(2, 3), { type: "int32", shape: [2, 2], data: [1, 0, 2, 3] }], gives: [[3, 8]] },
  { op: "MIRROR_PAD", inputs: [tensor(3), { type: "int32", shape: [1, 2], data: [1, 1] }], gives: [[5]] },
  { op: "TILE", inputs: [tensor(2, 3), ints(2, 1)], gives: [[4, 3]] },
  { op: "BROADCAST_TO", inputs: [tensor(3, 1), ints(2, 3, 4)], gives: [[2, 3, 4]] },
  {
    op: "SPACE_TO_DEPTH",
    inputs: [tensor(1, 4, 4, 3)],
    options: new schema.SpaceToDepthOptionsT(2),
    gives: [[1, 2, 2, 12]],
  },
  {
    op: "DEPTH_TO_SPACE",
    inputs: [tensor(1, 2, 2, 12)],
    options: new schema.DepthToSpaceOptionsT(2),
    gives: [[1, 4, 4, 3]],
  },
  {
    op: "SPACE_TO_BATCH_ND",
    inputs: [tensor(1, 5, 6, 3), ints(2, 2), { type: "int32", shape: [2, 2], data: [1, 0, 0, 0] }],
    gives: [[4, 3, 3, 3]],
  },
  {
    op: "BATCH_TO_SPACE_ND",
    inputs: [tensor(4, 3, 3, 3), ints(2, 2), { type: "int32", shape: [2, 2], data: [1, 0, 0, 0] }],
    gives: [[1, 5, 6, 3]],
  },
  { op: "RESIZE_BILINEAR", inputs: [image, ints(30, 40)], gives: [[1, 30, 40, 8]] },
  { op: "SLICE", inputs: [tensor(4, 5), ints(1, 2), ints(2, -1)], gives: [[2, 3]] },
  { op: "STRIDED_SLICE", inputs: [tensor(4, 5), ints(1, 0), ints(-1, 5), ints(1, 2)], gives: [[2, 3]] },
  {
    name: "with open bounds, a picked axis and a new one",
    op: "STRIDED_SLICE",
    inputs: [tensor(4, 5, 6), ints(0, -1, 0), ints(0, 0, 0), ints(1, 1, 1)],
    options: slice({ beginMask: 1, endMask: 1, shrinkAxisMask: 2, newAxisMask: 4 }),
    gives: [[4, 1, 6]],
  },
  {
    name: "with an ellipsis, backwards",
    op: "STRIDED_SLICE",
    inputs: [tensor(4, 5, 6), ints(0, 0), ints(0, 0), ints(1, -1)],
    options: slice({ ellipsisMask: 1, beginMask: 2, endMask: 2 }),
    gives: [[4, 5, 6]],
  },
  {
    name: "backwards from before the first element",
    op: "STRIDED_SLICE",
    inputs: [tensor(3, 5), ints(-4, -5), ints(0, 0), ints(-1, -1)],
    options: slice({ endMask: 3 }),
    gives: [[0, 1]],
  },
  {
    name: "with offset",
    op: "STRIDED_SLICE",
    inputs: [tensor(9), ints(3), ints(4), ints(1)],
    options: slice({ offset: true }),
    gives: [[4]],
  },
  {
    op: "GATHER",
    inputs: [tensor(2, 5, 4), { type: "int32", shape: [2, 3] }],
    options: new schema.GatherOptionsT(1, 1),
    gives: [[2, 3, 4]],
  },
  { op: "GATHER_ND", inputs: [tensor(2, 5, 4), { type: "int32", shape: [7, 2] }], gives: [[7, 4]] },
  { op: "EMBEDDING_LOOKUP", inputs: [{ type: "int32", shape: [3] }, tensor(100, 16)], gives: [[3, 16]] },
  {
    op: "TOPK_V2",
    inputs: [tensor(2, 9), scalar(4)],
    outputs: ["float32", "int32"],
    gives: [
      [2, 4],
      [2, 4],
    ],
  },
  {
    op: "ONE_HOT",
    inputs: [{ type: "int32", shape: [2, 3] }, scalar(5), scalar(1), scalar(0)],
    options: new schema.OneHotOptionsT(-1),
    outputs: ["int32"],
    gives: [[2, 3, 5]],
  },
  { op: "SHAPE", inputs: [tensor(2, 3, 4)], outputs: ["int32"], gives: [[3]] },
  { op: "RANGE", inputs: [scalar(0), scalar(10), scalar(3)], outputs: ["int32"], gives: [[4]] },
  { op: "FILL", inputs: [ints(2, 3), { shape: [], data: [1] }], gives: [[2, 3]] },
  { op: "SCATTER_ND", inputs: [{ type: "int32", shape: [2, 1] }, tensor(2, 4), ints(5, 4)], gives: [[5, 4]] },
  { op: "RFFT2D", inputs: [tensor(2, 16, 16), ints(16, 16)], outputs: ["complex64"], gives: [[2, 16, 9]] },
  { op: "CUMSUM", inputs: [tensor(2, 3), scalar(1)], gives: [[2, 3]] },
  { op: "DILATE", inputs: [tensor(3), ints(2), { shape: [], data: [0] }], gives: [[5]] },
  { op: "BITCAST", inputs: [tensor(2, 3)], outputs: ["uint8"], gives: [[2, 3, 4]] },
  {
    op: "SVDF",
    inputs: [tensor(1, 40), tensor(32, 40), tensor(32, 8), undefined, { shape: [1, 256], isVariable: true }],
    options: new schema.SVDFOptionsT(2),
    gives: [[1, 16]],
  },
  {
    op: "STABLEHLO_DOT_GENERAL",
    inputs: [tensor(2, 3, 4), tensor(2, 4, 5)],
    options: new schema.StablehloDotGeneralOptionsT([0n], [0n], [2n], [1n]),
    gives: [[2, 3, 5]],
  },
  {
    op: "STABLEHLO_TRANSPOSE",
    inputs: [tensor(2, 3)],
    options: new schema.StablehloTransposeOptionsT([1n, 0n]),
    gives: [[3, 2]],
  },
  {
    op: { custom: "TransposeConvBias" },
    inputs: [image, tensor(4, 2, 2, 8), tensor(4)],
    customOptions: structOf(1, 2, 2),
    gives: [[1, 30, 30, 4]],
  },
  {
    op: { custom: "MaxPoolingWithArgmax2D" },
    inputs: [tensor(1, 8, 8, 3)],
    customOptions: structOf(1, 2, 2, 2, 2),
    outputs: ["float32", "float32"],
    gives: [
      [1, 4, 4, 3],
      [1, 4, 4, 3],
    ],
  },
];

function structOf(...fields: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(fields).buffer);
}

/** Operators that nobody can say anything of, and those that inference treats as calls whatever the table says. */
const WITHOUT_RULE = [
  "CALL",
  "CUSTOM",
  "DELEGATE",
  "PLACEHOLDER_FOR_GREATER_OP_CODES",
  "STABLEHLO_COMPOSITE",
  "STABLEHLO_CUSTOM_CALL",
];

describe("TFLite operators", () => {
  for (const { name = "", gives, ...operator } of CASES) {
    const op = typeof operator.op === "string" ? operator.op : operator.op.custom;
    it(`gives ${op} ${name} its shape from the inputs, whatever the file says`, async () => {
      const { shapes, problems } = await inferOperator(operator);
      assert.deepEqual(shapes, gives);
      assert.deepEqual(
        problems.filter(({ code }) => code !== "shape-disagrees"),
        [],
      );
    });
  }

  it("names a size that only the run can tell", async () => {
    const { shapes } = await inferOperator({
      op: "WHERE",
      inputs: [{ type: "bool", shape: [4, 5] }],
      outputs: ["int64"],
    });
    const [[rows, columns]] = shapes as [unknown[]];
    assert.equal(typeof rows, "object");
    assert.equal(columns, 2);
  });

  it("confines operands that do not fit to the operator's own row", async () => {
    const { problems, shapes } = await inferOperator({ op: "ADD", inputs: [tensor(2), tensor(3)] });
    assert.deepEqual(shapes, [undefined]);
    assert.equal(problems[0]?.code, "shape-error");
  });

  for (const op of ["RESHAPE", "STRIDED_SLICE", "BROADCAST_TO", "FILL"] as const) {
    it(`contradicts ${op} whose list has a billion entries`, async () => {
      const list: TensorSpec = { type: "int32", shape: [2 ** 30] };
      const data = op === "FILL" ? [list, tensor(1)] : [tensor(2, 3), list, list, list];
      const { problems } = await inferOperator({ op, inputs: data.slice(0, op === "STRIDED_SLICE" ? 4 : 2) });
      assert.equal(problems[0]?.code, "shape-error");
    });
  }

  it("knows every builtin operator of the schema", () => {
    const rules = TFLITE_OPERATORS.get("") ?? {};
    const names = Object.keys(schema.BuiltinOperator).filter((name) => Number.isNaN(Number(name)));
    assert.deepEqual(names.filter((name) => !(name in rules)).sort(), WITHOUT_RULE);
    assert.deepEqual(
      Object.keys(rules).filter((name) => !names.includes(name)),
      [],
    );
  });
});
