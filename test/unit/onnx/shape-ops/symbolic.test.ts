import assert from "node:assert/strict";
import type { DataType } from "../../../../profiler/model/data-type.ts";
import type { Dimension, Shape } from "../../../../profiler/model/shape.ts";
import type { InferredType } from "../../../../profiler/operators/inferred-type.ts";
import { ShapeError } from "../../../../profiler/shapes/shape-error.ts";
import { inferredType, inferTypes, type CaseAttribute, type OperatorCase } from "./operator-case.ts";
import { size } from "../../../builders/size.ts";

type Setting = Omit<OperatorCase, "inputs" | "op">;

const infer = (
  op: string,
  inferredTypes: readonly (InferredType | undefined)[],
  setting: Setting = {},
): readonly InferredType[] => inferTypes({ op, ...setting }, inferredTypes);
const attributes = (held: Readonly<Record<string, CaseAttribute>>, opset?: number): Setting =>
  opset === undefined ? { attributes: held } : { attributes: held, opset };
const data = (...shape: Shape): InferredType => inferredType("float32", shape);
const list = (...elements: Dimension[]): InferredType => inferredType("int64", [elements.length], elements);
const scalar = (element: Dimension): InferredType => inferredType("int64", [], [element]);
const shapeOf = ([output]: readonly InferredType[]): Shape | undefined => output?.shape;
const valueOf = ([output]: readonly InferredType[]): readonly Dimension[] | undefined => output?.value;

describe("ONNX operator rules: symbolic sizes", () => {
  it("go through Shape, Gather, arithmetic, Concat and Reshape", () => {
    const [sizes] = infer("Shape", [data(size("batch"), 12, size("seq"), 64)]);
    assert.deepEqual(sizes, inferredType("int64", [4], [size("batch"), 12, size("seq"), 64]));
    const [batch] = infer("Gather", [sizes, scalar(0)], attributes({ axis: 0 }));
    assert.deepEqual(batch, inferredType("int64", [], [size("batch")]));
    const [width] = infer("Mul", [scalar(12), scalar(64)]);
    const [row] = infer("Unsqueeze", [batch, list(0)]);
    const [column] = infer("Unsqueeze", [width, list(0)]);
    const [target] = infer("Concat", [row, list(-1), column], attributes({ axis: 0 }));
    assert.deepEqual(target?.value, [size("batch"), -1, 768]);
    assert.deepEqual(shapeOf(infer("Reshape", [data(size("batch"), 12, size("seq"), 64), target])), [
      size("batch"),
      size("seq"),
      768,
    ]);
  });

  it("leave open in a Concat only the sizes that are open", () => {
    const target = infer("Concat", [list(2), inferredType("int64", [1])], attributes({ axis: 0 }));
    assert.deepEqual(valueOf(target), [2, size("?")]);
  });

  it("decide the comparisons that exporters write before Expand", () => {
    const equal = infer("Equal", [list(size("n"), -1, 4), list(-1)]);
    assert.deepEqual(valueOf(equal), [0, 1, 0]);
    assert.deepEqual(valueOf(infer("Where", [...equal, list(1, 1, 1), list(size("n"), -1, 4)])), [size("n"), 1, 4]);
    assert.deepEqual(valueOf(infer("Equal", [list(size("n")), list(3)])), [size("?")]);
  });

  it("halve as integers divide", () => {
    assert.deepEqual(valueOf(infer("Div", [list(size("n")), list(2)])), [size("floor(n/2)")]);
    assert.deepEqual(valueOf(infer("Cast", [inferredType("float32", [1], [size("n")])], attributes({ to: 7 }))), [
      size("n"),
    ]);
    assert.deepEqual(
      valueOf(infer("Div", [inferredType("float32", [1], [size("n")]), inferredType("float32", [1], [2])])),
      [size("?")],
    );
  });

  const broadcasts: readonly (readonly [Shape, Shape, Shape])[] = [
    [[size("n"), 3], [3], [size("n"), 3]],
    [
      [size("n"), 3],
      [size("n"), 1],
      [size("n"), 3],
    ],
    [[size("n")], [1], [size("n")]],
    [[size("n")], [5], [5]],
    [[size("n")], [size("m")], [size("?")]],
    [
      [size("n"), 1],
      [1, size("m")],
      [size("n"), size("m")],
    ],
  ];
  for (const [a, b, expected] of broadcasts) {
    it(`broadcast [${a.join()}] with [${b.join()}]`, () => {
      assert.deepEqual(shapeOf(infer("Add", [data(...a), data(...b)])), expected);
    });
  }

  const slices: readonly (readonly [Dimension, Dimension, Dimension])[] = [
    [0, 2 ** 53, size("n")],
    [1, 2 ** 53, size("n-1")],
    [0, -1, size("n-1")],
    [0, 1, 1],
    [-1, 2 ** 53, 1],
    [0, 5, size("?")],
    [0, size("m"), size("m")],
    [size("k"), size("m"), size("m - k")],
    [-5, 2 ** 53, size("?")],
  ];
  for (const [start, end, expected] of slices) {
    it(`slice n from ${String(start)} to ${String(end)}`, () => {
      const slice = infer("Slice", [data(7, size("n")), list(start), list(end), list(1)]);
      assert.deepEqual(slice[0]?.shape, [7, expected]);
    });
  }

  it("stay in reductions, transposes, pads, tiles, one-hot and block rearrangements", () => {
    assert.deepEqual(shapeOf(infer("ReduceMean", [data(size("n"), 3, size("m")), list(1)])), [size("n"), 1, size("m")]);
    assert.deepEqual(shapeOf(infer("Transpose", [data(size("n"), 3)])), [3, size("n")]);
    assert.deepEqual(shapeOf(infer("Pad", [data(size("n"), 3), list(1, 0, 1, 0)])), [size("n+2"), 3]);
    assert.deepEqual(shapeOf(infer("Tile", [data(size("n"), 3), list(2, size("k"))])), [size("2*n"), size("3*k")]);
    assert.deepEqual(shapeOf(infer("OneHot", [inferredType("int64", [size("n")]), scalar(size("d")), list(0, 1)])), [
      size("n"),
      size("d"),
    ]);
    assert.deepEqual(shapeOf(infer("SpaceToDepth", [data(1, 3, size("h"), size("w"))], attributes({ blocksize: 2 }))), [
      1,
      12,
      size("floor(h/2)"),
      size("floor(w/2)"),
    ]);
    assert.deepEqual(shapeOf(infer("Range", [scalar(0), scalar(size("n")), scalar(1)])), [size("n")]);
    assert.deepEqual(shapeOf(infer("ConstantOfShape", [list(size("n"), 2)])), [size("n"), 2]);
    assert.deepEqual(shapeOf(infer("Expand", [data(1, 3), list(size("n"), 1)])), [size("n"), 3]);
    assert.deepEqual(shapeOf(infer("Flatten", [data(size("n"), 3, size("m"))])), [size("n"), size("3*m")]);
  });

  it("name what only the run can tell after the output", () => {
    assert.deepEqual(shapeOf(infer("NonZero", [data(2, 3)])), [2, size("nonzero(y0)")]);
    assert.deepEqual(shapeOf(infer("Compress", [data(2, 3), inferredType("bool", [3])], attributes({ axis: 1 }))), [
      2,
      size("compress(y0)"),
    ]);
    const unique = infer("Unique", [inferredType("int64", [5])], { outputs: 4 });
    assert.deepEqual(
      unique.map(({ shape }) => shape),
      [[size("unique(y0)")], [size("unique(y0)")], [5], [size("unique(y0)")]],
    );
  });

  it("keep the rank when a setting is computed", () => {
    const open = inferredType("int64", [2]);
    assert.deepEqual(shapeOf(infer("Reshape", [data(2, 3), open])), [size("?"), size("?")]);
    assert.deepEqual(shapeOf(infer("Squeeze", [data(2, 3, 1, 1), open])), [size("?"), size("?")]);
    assert.deepEqual(shapeOf(infer("Unsqueeze", [data(2), open])), [size("?"), size("?"), size("?")]);
    assert.deepEqual(shapeOf(infer("ReduceSum", [data(2, 3, 4), open], attributes({ keepdims: 0 }))), [size("?")]);
    assert.deepEqual(shapeOf(infer("Slice", [data(2, 3), open, open])), [size("?"), size("?")]);
    assert.deepEqual(shapeOf(infer("Slice", [data(2, 3, 4), inferredType("int64", [1]), list(3), list(1)])), [
      2,
      size("?"),
      4,
    ]);
    assert.deepEqual(shapeOf(infer("Tile", [data(2, 3), open])), [size("?"), size("?")]);
    assert.deepEqual(shapeOf(infer("Pad", [data(2, 3), inferredType("int64", [4])])), [size("?"), size("?")]);
  });

  const unknowns =
    "Add Relu Reshape Transpose Concat Gather Slice Squeeze ReduceSum Shape NonZero Split Pad Tile".split(" ");
  for (const op of unknowns) {
    it(`${op} of an unknown tensor is unknown, not wrong`, () => {
      const [output] = infer(
        op,
        [inferredType("float32", undefined), inferredType("int64", undefined)],
        attributes({ axis: 0 }),
      );
      assert.ok(
        output?.shape === undefined || output.shape.includes(size("?")) || output.shape.includes(size("nonzero(y0)")),
      );
      assert.equal(output?.value, undefined);
    });
  }
});

describe("ONNX operator rules: early versions", () => {
  const typed = (dataType: DataType, shape: Shape, value?: readonly Dimension[]) =>
    inferredType(dataType, shape, value);

  it("stretch the second operand from an axis on", () => {
    const setting = attributes({ broadcast: 1, axis: 1 }, 6);
    assert.deepEqual(shapeOf(infer("Add", [data(2, 3, 4), data(3)], setting)), [2, 3, 4]);
    const sum = infer(
      "Add",
      [typed("int64", [2, 2], [1, 2, 3, 4]), typed("int64", [2], [10, 20])],
      attributes({ broadcast: 1, axis: 0 }, 6),
    );
    assert.deepEqual(valueOf(sum), [11, 12, 23, 24]);
  });

  it("take as attributes what became inputs", () => {
    assert.deepEqual(shapeOf(infer("Reshape", [data(2, 6)], attributes({ shape: [0, 2, -1] }, 1))), [2, 2, 3]);
    assert.deepEqual(shapeOf(infer("Pad", [data(2, 6)], attributes({ paddings: [0, 1, 0, 2] }, 1))), [2, 9]);
    assert.deepEqual(shapeOf(infer("Squeeze", [data(1, 6)], attributes({ axes: [0] }, 1))), [6]);
    assert.deepEqual(shapeOf(infer("ReduceSum", [data(2, 6)], attributes({ axes: [1], keepdims: 0 }, 1))), [2]);
    assert.deepEqual(shapeOf(infer("TopK", [data(2, 6)], attributes({ k: 4, axis: 1 }, 1))), [2, 4]);
    assert.deepEqual(
      shapeOf(infer("Slice", [data(2, 6)], attributes({ starts: [-3], ends: [9], axes: [1] }, 1))),
      [2, 3],
    );
    assert.deepEqual(shapeOf(infer("Tile", [data(2, 6), scalar(3), scalar(1)], { opset: 1 })), [2, 18]);
    const parts = infer("Split", [data(2, 6)], { ...attributes({ split: [1, 5], axis: 1 }, 2), outputs: 2 });
    assert.deepEqual(
      parts.map(({ shape }) => shape),
      [
        [2, 1],
        [2, 5],
      ],
    );
  });

  it("name a cast's type", () => {
    assert.equal(infer("Cast", [data(2)], attributes({ to: "INT32" }, 1))[0]?.dataType, "int32");
  });

  it("concatenate along axis 1 by default", () => {
    assert.deepEqual(shapeOf(infer("Concat", [data(2, 6), data(2, 1)], { opset: 1 })), [2, 7]);
  });
});

describe("ONNX operator rules: contradictions", () => {
  const wrong: readonly (readonly [string, readonly InferredType[], Readonly<Record<string, CaseAttribute>>])[] = [
    ["Add", [data(2), data(3)], {}],
    ["Reshape", [data(2, 3), list(4)], {}],
    ["Reshape", [data(2, 3), list(-1, -1)], {}],
    ["Reshape", [data(2, 3), list(-2)], {}],
    ["Reshape", [data(2, 3), list(4, -1)], {}],
    ["Reshape", [data(2), list(2, 0)], {}],
    ["Transpose", [data(2, 3)], { perm: [0, 0] }],
    ["Concat", [data(2, 3), data(3, 3)], { axis: 1 }],
    ["Concat", [data(2, 3), data(2)], { axis: 0 }],
    ["Squeeze", [data(2, 3), list(0)], {}],
    ["Unsqueeze", [data(2, 3), list(0, 0)], {}],
    ["Gather", [data(2, 3), list(0)], { axis: 2 }],
    ["ReduceSum", [data(2), list(1)], {}],
    ["Slice", [data(2), list(0), list(1), list(3)], {}],
    ["Slice", [data(2), list(0), list(1), list(0), list(0)], {}],
    ["Pad", [data(2), list(-3, 0)], {}],
    ["DepthToSpace", [data(1, 3, 2, 2)], { blocksize: 2 }],
    ["Flatten", [data(2)], { axis: 3 }],
    ["GatherElements", [data(2, 3), list(0)], {}],
    ["Split", [data(4)], { num_outputs: 2 ** 40 }],
    ["Expand", [data(2), inferredType("int64", [2 ** 40])], {}],
  ];
  for (const [op, inferredTypes, held] of wrong) {
    it(`${op} of ${inferredTypes.map(({ shape, value }) => `[${(value ?? shape ?? []).join()}]`).join(" and ")} is refused`, () => {
      assert.throws(() => infer(op, inferredTypes, attributes(held)), ShapeError);
    });
  }
});
