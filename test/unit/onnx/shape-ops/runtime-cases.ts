import type { DataType } from "../../../../profiler/model/data-type.ts";
import { f32, i64, operand, type CaseAttribute, type Operand, type OperatorCase } from "./operator-case.ts";

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = Number.MAX_SAFE_INTEGER;

type Attributes = Readonly<Record<string, CaseAttribute>>;

const of =
  (op: string, opset?: number) =>
  (inputs: readonly (Operand | null)[], attributes: Attributes = {}, outputs = 1): OperatorCase => ({
    op,
    inputs,
    attributes,
    outputs,
    ...(opset === undefined ? {} : { opset }),
  });

const x = f32([2, 3, 4]);
const image = f32([1, 8, 4, 6]);
const ints = (shape: readonly number[], values?: readonly number[]) => operand("int64", shape, values);
const bools = (shape: readonly number[], values?: readonly number[]) => operand("bool", shape, values);

const UNARY =
  "Abs Neg Floor Ceil Round Sign Sqrt Reciprocal Exp Log Sin Cos Tan Atan Sinh Asinh Relu Sigmoid Tanh Erf".split(" ");
const ACTIVATIONS =
  "LeakyRelu Elu Selu Celu ThresholdedRelu HardSigmoid HardSwish Mish Gelu Softplus Softsign Shrink".split(" ");

const elementwise: OperatorCase[] = [
  ...UNARY.map((op) => of(op)([f32([5], [-1.5, -0.5, 0, 0.5, 2.5])])),
  ...ACTIVATIONS.map((op) => of(op)([f32([2, 3])])),
  ...["Add", "Sub", "Mul", "Div", "Pow"].flatMap((op) => [
    of(op)([f32([2, 1, 3], [1, -2, 3, 4, 5, 6]), f32([4, 1], [1, 2, 3, 4])]),
    of(op)([f32([]), f32([3], [2, 3, 4])]),
    of(op)([f32([0, 3]), f32([1, 3], [2, 3, 4])]),
  ]),
  of("Div")([ints([4], [-7, 7, -8, 9]), ints([1], [2])]),
  of("Mod")([ints([4], [-7, 7, -8, 9]), ints([2, 1], [3, -3])]),
  of("Mod")([ints([4], [-7, 7, -8, 9]), ints([2, 1], [3, -3])], { fmod: 1 }),
  of("Pow")([ints([3], [2, 3, 4]), f32([1], [2])]),
  ...["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"].map((op) =>
    of(op)([ints([3], [1, 2, 3]), ints([2, 1], [2, 3])]),
  ),
  ...["And", "Or", "Xor"].map((op) => of(op)([bools([2], [0, 1]), bools([2, 1], [0, 1])])),
  of("Not")([bools([3])]),
  of("BitwiseAnd")([ints([3]), ints([1], [1])]),
  of("BitwiseNot")([ints([3])]),
  of("BitShift")([operand("uint8", [3]), operand("uint8", [1], [1])], { direction: "LEFT" }),
  of("IsNaN")([f32([3])]),
  of("IsInf")([f32([3])]),
  ...["Sum", "Max", "Min", "Mean"].flatMap((op) => [
    of(op)([f32([2, 1]), f32([3], [5, 0, 1]), f32([])]),
    of(op)([f32([2, 1])]),
    of(op, 7)([f32([2]), f32([2], [5, 6])]),
  ]),
  of("Max")([ints([3]), ints([1], [1])]),
  of("Where")([bools([2, 1], [0, 1]), ints([3], [1, 2, 3]), ints([], [9])]),
  of("Less", 7)([f32([2, 3]), f32([3], [1, 2, 3])]),
  of("Clip", 6)([f32([4])], { min: { float: 1 }, max: { float: 2 } }),
  of("Clip")([f32([4]), f32([], [1]), f32([], [2])]),
  of("Clip")([f32([4]), null, f32([], [2])]),
  of("PRelu")([f32([2, 3, 2]), f32([3, 1])]),
  of("PRelu", 7)([f32([2, 3]), f32([3])]),
  of("Dropout")([x], {}, 2),
  of("Dropout", 13)([x, f32([], [0.5]), bools([], [1])], { seed: 1 }, 2),
  of("Dropout", 7)([x], { ratio: 0.25 }, 2),
  of("Dropout", 10)([x], { ratio: 0.25 }, 2),
  of("Softmax")([x], { axis: 1 }),
  of("LogSoftmax", 11)([x], { axis: 1 }),
  of("Hardmax")([x]),
];

const casts: OperatorCase[] = (
  [
    [7, "int64"],
    [6, "int32"],
    [9, "bool"],
    [1, "float32"],
    [11, "float64"],
    [2, "uint8"],
    [3, "int8"],
    [8, "string"],
  ] as const satisfies readonly (readonly [number, DataType])[]
).map(([to]) => of("Cast")([f32([4], [0, 0.7, 3.5, 100])], { to }));
casts.push(
  of("Cast")([ints([3], [-1, 300, 7])], { to: 2 }),
  of("Cast")([ints([3], [-129, 300, 7])], { to: 3 }),
  of("CastLike")([f32([3]), ints([1])]),
);

const constants: OperatorCase[] = [
  of("Constant")([], { value: { tensor: operand("int32", [2, 2]) } }),
  of("Constant")([], { value_float: { float: 2 } }),
  of("Constant")([], { value_floats: { floats: [2, 3.5] } }),
  of("Constant")([], { value_int: 5 }),
  of("Constant")([], { value_ints: [5, 6, 7] }),
  of("Constant")([], { value_string: "a" }),
  of("Constant")([], { value_strings: ["a", "b"] }),
  of("ConstantOfShape")([i64([2, 3])]),
  of("ConstantOfShape")([i64([2, 0, 3])], { value: { tensor: operand("int64", [1], [7]) } }),
  of("ConstantOfShape")([i64([])], { value: { tensor: operand("bool", [1], [1]) } }),
  of("EyeLike")([f32([3, 4])], { k: 1 }),
  of("EyeLike")([f32([4, 3])], { k: -1, dtype: 7 }),
  of("Shape")([x]),
  of("Shape")([f32([])]),
  of("Shape")([x], { start: 1 }),
  of("Shape")([x], { start: -2, end: -1 }),
  of("Shape")([x], { start: 2, end: 1 }),
  of("Shape")([x], { start: -9, end: 9 }),
  of("Size")([x]),
  of("Size")([f32([2, 0])]),
  of("Range")([i64(2), i64(11), i64(3)]),
  of("Range")([i64(5), i64(-2), i64(-2)]),
  of("Range")([i64(5), i64(5), i64(1)]),
  of("Range")([i64(5), i64(1), i64(1)]),
  of("Range")([f32([], [0.5]), f32([], [3]), f32([], [0.75])]),
  of("HannWindow")([i64(6)]),
  of("BlackmanWindow")([i64(6)], { output_datatype: 11 }),
  of("MelWeightMatrix")([i64(8), i64(16), i64(8192), f32([], [0]), f32([], [4096])]),
];

const reshaping: OperatorCase[] = [
  of("Identity")([x]),
  ...[[4, 6], [-1], [0, -1], [2, 0, 2, 2], [24, 1, 1], [0, 0, -1, 1]].map((target) => of("Reshape")([x, i64(target)])),
  of("Reshape")([f32([0, 3]), i64([3, 0])], { allowzero: 1 }),
  of("Reshape")([f32([0, 3]), i64([0, 3])]),
  of("Reshape")([f32([1]), i64([])]),
  of("Reshape")([f32([0, 4]), i64([-1, 4])]),
  ...[0, 1, 2, 3, -1, -3].map((axis) => of("Flatten")([x], { axis })),
  of("Flatten")([f32([])], { axis: 0 }),
  of("Squeeze")([f32([1, 3, 1, 2])]),
  of("Squeeze")([f32([1, 3, 1, 2]), i64([0])]),
  of("Squeeze")([f32([1, 3, 1, 2]), i64([-2, 0])]),
  of("Squeeze", 11)([f32([1, 3, 1, 2])], { axes: [2] }),
  of("Unsqueeze")([f32([3, 2]), i64([0, -1])]),
  of("Unsqueeze")([f32([3, 2]), i64([2, 0])]),
  of("Unsqueeze", 11)([f32([3, 2])], { axes: [1, 2] }),
  of("Unsqueeze")([f32([]), i64([0])]),
];

const layout: OperatorCase[] = [
  of("Transpose")([x]),
  of("Transpose")([x], { perm: [1, 2, 0] }),
  of("Transpose")([f32([0, 3])], { perm: [1, 0] }),
  of("Concat")([x, f32([2, 1, 4])], { axis: 1 }),
  of("Concat")([f32([2, 2]), f32([2, 2]), f32([2, 0])], { axis: -1 }),
  of("Split")([f32([6, 2])], { num_outputs: 3 }, 3),
  of("Split")([f32([7, 2])], { num_outputs: 3 }, 3),
  of("Split")([f32([7, 2]), i64([1, 4, 2])], {}, 3),
  of("Split")([f32([2, 6])], { axis: -1, num_outputs: 2 }, 2),
  of("Split", 11)([f32([2, 6])], { axis: 1, split: [1, 5] }, 2),
  of("Split", 13)([f32([6, 2])], {}, 2),
  of("Expand")([f32([3, 1]), i64([2, 1, 4])]),
  of("Expand")([f32([3, 4]), i64([1])]),
  of("Expand")([f32([1]), i64([0, 2])]),
  of("Tile")([f32([2, 3]), i64([2, 1])]),
  of("Tile")([f32([2, 3]), i64([0, 2])]),
  of("Pad", 2)([f32([2, 3])], { pads: [0, 1, 2, 0], value: 1.5 }),
  of("Pad")([f32([2, 3]), i64([1, 1, 0, 2])]),
  of("Pad")([f32([2, 3]), i64([-1, 1, 0, -1]), f32([], [7])]),
  of("Pad")([f32([2, 3]), i64([1, 2]), f32([], [7]), i64([-1])]),
  of("Pad")([f32([2, 3]), i64([0, 2, 1, 1])], { mode: "reflect" }),
  of("Pad")([f32([2, 3]), i64([0, 2, 1, 1])], { mode: "edge" }),
  of("Pad", 19)([f32([2, 3]), i64([0, 2, 1, 1])], { mode: "wrap" }),
  of("CenterCropPad")([x, i64([5, 1, 4])]),
  of("CenterCropPad")([x, i64([5, 1])], { axes: [-1, 0] }),
  of("DepthToSpace")([image], { blocksize: 2 }),
  of("DepthToSpace")([image], { blocksize: 2, mode: "CRD" }),
  of("SpaceToDepth")([image], { blocksize: 2 }),
  of("ReverseSequence")([f32([3, 2]), i64([3, 1])]),
  of("Trilu")([f32([3, 4])]),
  of("Trilu")([f32([2, 3, 3]), i64(-1)], { upper: 0 }),
  of("Trilu")([f32([3, 4]), i64(1)]),
];

const indexing: OperatorCase[] = [
  of("Gather")([x, i64([2, 0])], { axis: 1 }),
  of("Gather")([x, i64(1)]),
  of("Gather")([x, ints([2, 2], [0, -1, 1, 1])], { axis: -1 }),
  of("Gather")([i64([4, 5, 6]), i64(-1)]),
  of("GatherElements")([f32([3, 2]), ints([2, 2], [0, 2, 1, -1])]),
  of("GatherND")([x, ints([2, 2], [0, 1, 1, 2])]),
  of("GatherND")([x, ints([2, 1], [0, 1])], { batch_dims: 1 }),
  of("ScatterElements")([f32([3, 2]), ints([1, 2], [2, -3]), f32([1, 2], [8, 9])]),
  of("ScatterElements")([f32([3, 2]), ints([3, 1], [1, 0, 1]), f32([3, 1], [7, 8, 9])], { axis: 1 }),
  of("ScatterElements")([f32([3, 2]), ints([1, 2], [2, 0]), f32([1, 2], [8, 9])], { reduction: "add" }),
  of("ScatterND")([f32([4]), ints([2, 1], [3, -4]), f32([2], [8, 9])]),
  of("ScatterND")([f32([2, 3]), ints([1, 1], [1]), f32([1, 3], [7, 8, 9])]),
  of("Slice")([x, i64([0, 1]), i64([2, INT64_MAX]), i64([1, 2])]),
  of("Slice")([x, i64([1, 1]), i64([5, -1])]),
  of("Slice")([x, i64([-1]), i64([-INT64_MAX]), i64([1]), i64([-1])]),
  of("Slice")([x, i64([3]), i64([0]), i64([2]), i64([-2])]),
  of("Slice")([x, i64([-1, 3]), i64([INT32_MAX, -5]), i64([1, 2]), i64([-1, -1])]),
  of("Slice")([x, i64([-2]), i64([-1]), i64([-1])]),
  of("Slice")([x, i64([2]), i64([1]), i64([1])]),
  of("Slice")([x, i64([9]), i64([20]), i64([1])]),
  of("Slice")([x, i64([0]), i64([4]), i64([2]), i64([3])]),
  of("Slice", 9)([x], { starts: [0, 1], ends: [1, 3], axes: [1, 2] }),
  of("Slice", 9)([x], { starts: [1], ends: [2] }),
  of("NonZero")([f32([2, 3], [0, 1, 0, 2, 0, 3])]),
  of("NonZero")([bools([4])]),
  of("Compress")([f32([3, 2]), bools([3], [0, 1, 1])], { axis: 0 }),
  of("Compress")([f32([3, 2]), bools([3], [0, 1, 1])]),
  of("Unique")([f32([5], [2, 1, 1, 3, 2])], {}, 4),
  of("OneHot")([i64([0, 2, -1]), i64(3), f32([2], [0, 5])]),
  of("OneHot")([i64([0, 2, 7]), i64(3), ints([2], [0, 1])], { axis: 0 }),
];

const REDUCTIONS =
  "ReduceSum ReduceProd ReduceMax ReduceMin ReduceMean ReduceL1 ReduceL2 ReduceLogSum ReduceSumSquare".split(" ");
const reductions: OperatorCase[] = [
  ...REDUCTIONS.flatMap((op) => [
    of(op)([f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([1])]),
    of(op)([f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([-2])], { keepdims: 0 }),
    of(op)([f32([2, 3], [1, 2, 3, 4, 5, 6])], { keepdims: 0 }),
    of(op, 11)([f32([2, 3, 2])], { axes: [0, 2] }),
  ]),
  of("ReduceSum")([x, i64([])], { noop_with_empty_axes: 1 }),
  of("ReduceSum")([x], { noop_with_empty_axes: 1 }),
  of("ReduceSum")([x, i64([])]),
  // Nothing is reduced, but the norm or logarithm of each element is taken.
  ...["ReduceLogSum", "ReduceL2", "ReduceMax"].map((op) => of(op, 18)([x, i64([])], { noop_with_empty_axes: 1 })),
  of("ReduceProd")([i64([2, 3, 4])], { keepdims: 0 }),
  of("ArgMax")([x], { axis: 1 }),
  of("ArgMax")([x], { axis: -1, keepdims: 0 }),
  of("ArgMin")([x]),
  of("CumSum")([f32([2, 3]), i64(1)]),
  of("CumSum")([f32([2, 3]), i64(-2)], { exclusive: 1 }),
  of("CumSum")([f32([4]), i64(0)], { reverse: 1 }),
  of("CumSum")([f32([4]), i64(0)], { reverse: 1, exclusive: 1 }),
  of("TopK")([f32([5], [3, 1, 4, 1, 5]), i64([3])], {}, 2),
  of("TopK")([f32([5], [3, 1, 4, 1, 5]), i64([3])], { largest: 0 }, 2),
  of("TopK")([x, i64([2])], { axis: 1 }, 2),
  of("TopK", 9)([x], { axis: 1, k: 2 }, 2),
  of("Det")([f32([2, 3, 3])]),
];

const random: OperatorCase[] = [
  of("RandomNormal", 21)([], { shape: [2, 3] }),
  of("RandomUniform", 21)([], { shape: [2, 3], dtype: 11 }),
  of("RandomNormalLike", 21)([x]),
  of("RandomUniformLike", 21)([ints([2])], { dtype: 1 }),
  of("Bernoulli", 21)([f32([2, 3], [0, 1, 0, 1, 0, 1])]),
  of("Multinomial", 21)([f32([2, 3])], { sample_size: 5 }),
];

const ml: OperatorCase[] = [
  of("ArrayFeatureExtractor")([f32([2, 3]), i64([0, 2])]),
  of("ArrayFeatureExtractor")([f32([3]), i64([0, 2])]),
  of("Binarizer")([f32([2, 3])]),
  of("FeatureVectorizer")([f32([2, 3]), f32([2, 1])], { inputdimensions: [3, 1] }),
  of("Imputer")([f32([2, 3])], { imputed_value_floats: { floats: [1] } }),
  of("LabelEncoder")([ints([3])], { keys_int64s: [0, 1], values_floats: { floats: [1, 2] } }),
  of("LinearClassifier")(
    [f32([4, 3])],
    {
      coefficients: { floats: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      intercepts: { floats: [0, 1, 2] },
      classlabels_ints: [0, 1, 2],
    },
    2,
  ),
  of("LinearRegressor")([f32([4, 3])], { coefficients: { floats: [1, 2, 3, 4, 5, 6] }, targets: 2 }),
  of("Normalizer")([f32([2, 3])]),
  of("OneHotEncoder")([ints([2, 3])], { cats_int64s: [0, 1, 2, 3, 4, 5] }),
  of("Scaler")([f32([2, 3])], { offset: { floats: [1] }, scale: { floats: [2] } }),
].map((given) => ({ ...given, domain: "ai.onnx.ml" }));

/** Edge cases of every operator that ONNX Runtime implements in the version asked for. */
export const CASES: readonly OperatorCase[] = [
  ...elementwise,
  ...casts,
  ...constants,
  ...reshaping,
  ...layout,
  ...indexing,
  ...reductions,
  ...random,
  ...ml,
];
