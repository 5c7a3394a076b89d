import { f32, i64, operand, type CaseAttribute, type Operand, type OperatorCase } from "../shape-ops/operator-case.ts";
import { filled } from "./random-windows.ts";

const of =
  (op: string, opset?: number, domain?: string) =>
  (
    inputs: readonly (Operand | null)[],
    attributes: Readonly<Record<string, CaseAttribute>> = {},
    outputs = 1,
  ): OperatorCase => ({
    op,
    inputs,
    attributes,
    outputs,
    ...(opset === undefined ? {} : { opset }),
    ...(domain === undefined ? {} : { domain }),
  });

const ms = (op: string) => of(op, undefined, "com.microsoft");

const image = f32([2, 4, 6, 5]);
const channel = f32([4], [1, 2, 3, 4]);
const tokens = f32([2, 3, 8]);
const hidden = f32([8]);
const scale = f32([], [0.5]);
const zero = operand("uint8", [], [3]);
const bytes = (shape: readonly number[]) => filled("uint8", shape);
const int32 = (shape: readonly number[], values: readonly number[]) => operand("int32", shape, values);
const scalar = (value: number) => i64(value);

const pooling: OperatorCase[] = [
  ...["GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"].flatMap((op) => [
    of(op, 20)([image]),
    of(op, 20)([f32([1, 2, 7])]),
  ]),
  of("MaxRoiPool", 21)([image, f32([3, 5], [0, 0, 0, 2, 2, 0, 1, 1, 3, 3, 1, 0, 0, 4, 4])], { pooled_shape: [3, 2] }),
  of("MaxUnpool", 11)([f32([1, 1, 2, 2]), operand("int64", [1, 1, 2, 2], [0, 3, 8, 11])], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  }),
  of("MaxUnpool", 11)([f32([1, 1, 2, 2]), operand("int64", [1, 1, 2, 2], [0, 3, 8, 11]), i64([1, 1, 5, 5])], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  }),
  of("Col2Im")([f32([1, 20, 12]), i64([5, 6]), i64([2, 2])], {
    strides: [2, 1],
    pads: [0, 0, 0, 0],
    dilations: [2, 2],
  }),
  of("Col2Im")([f32([1, 5, 5]), i64([5, 5]), i64([1, 5])]),
];

const normalization: OperatorCase[] = [
  of("BatchNormalization", 15)([image, channel, channel, channel, channel]),
  of("BatchNormalization", 9)([image, channel, channel, channel, channel]),
  of("BatchNormalization", 15)([image, channel, channel, channel, channel], { training_mode: 1 }, 3),
  of("InstanceNormalization")([image, channel, channel]),
  of("LayerNormalization", 17)([tokens, hidden, hidden], {}, 3),
  of("LayerNormalization", 17)([tokens, f32([3, 8]), f32([3, 8])], { axis: 1 }, 3),
  of("GroupNormalization", 21)([image, channel, channel], { num_groups: 2 }),
  of("LRN")([image], { size: 3 }),
  of("MeanVarianceNormalization", 13)([image]),
  of("LpNormalization")([image], { axis: 1, p: 1 }),
  of("SimplifiedLayerNormalization", 17)([tokens, hidden], {}, 2),
];

const vision: OperatorCase[] = [
  of("Upsample", 9)([image, f32([4], [1, 1, 2, 1.5])]),
  of("Upsample", 7)([image], { scales: { floats: [1, 1, 2, 2.5] } }),
  of("Resize", 11)([image, f32([0]), f32([4], [1, 1, 0.5, 2]), null]),
  of("GridSample", 16)([image, f32([2, 3, 7, 2])]),
  of("GridSample", 20)([f32([1, 2, 3, 4, 5]), f32([1, 2, 3, 4, 3])]),
  of("AffineGrid", 20)([f32([2, 2, 3]), i64([2, 3, 4, 5])]),
  of("AffineGrid", 20)([f32([1, 3, 4]), i64([1, 3, 4, 5, 6])]),
  of("RoiAlign", 16)([image, f32([3, 4]), i64([0, 1, 0])], { output_height: 3, output_width: 2 }),
  of("RoiAlign", 10)([image, f32([3, 4]), i64([0, 1, 0])]),
  of("NegativeLogLikelihoodLoss", 13)([image, operand("int64", [2, 6, 5], Array<number>(60).fill(1))], {
    reduction: "none",
  }),
  of("NegativeLogLikelihoodLoss", 13)([f32([3, 5]), i64([1, 0, 4])]),
  of("SoftmaxCrossEntropyLoss", 13)([f32([3, 5]), i64([1, 0, 4])], { reduction: "none" }, 2),
  of("SoftmaxCrossEntropyLoss", 13)([f32([3, 5]), i64([1, 0, 4])], {}, 2),
];

const signal: OperatorCase[] = [
  of("DFT", 17)([f32([1, 10, 1])], { axis: 1, onesided: 1 }),
  of("DFT", 17)([f32([2, 10, 2]), scalar(7)], { axis: 1 }),
  of("DFT", 17)([f32([2, 10, 2])], { axis: 1, inverse: 1 }),
  of("DFT", 20)([f32([2, 6, 10, 1]), null, scalar(-2)], { onesided: 1 }),
  of("DFT", 20)([f32([2, 6, 10, 1]), null, scalar(1)]),
  of("STFT", 17)([f32([1, 32, 1]), scalar(4), f32([8]), scalar(8)]),
  of("STFT", 17)([f32([2, 33, 1]), scalar(5), null, scalar(8)], { onesided: 0 }),
  of("HannWindow", 17)([scalar(9)]),
  of("HammingWindow", 17)([scalar(9)], { output_datatype: 11 }),
  of("BlackmanWindow", 17)([scalar(1)]),
  of("MelWeightMatrix", 17)([scalar(8), scalar(16), scalar(8192), f32([], [0]), f32([], [4096])]),
];

const quantization: OperatorCase[] = [
  of("QuantizeLinear")([image, scale, zero]),
  of("QuantizeLinear")([image, scale, operand("int8", [], [1])]),
  of("QuantizeLinear")([image, scale]),
  of("QuantizeLinear", 21)([image, scale], { output_dtype: 3 }),
  of("QuantizeLinear", 13)([image, f32([4], [1, 2, 3, 4]), operand("int8", [4], [1, 2, 3, 4])], { axis: 1 }),
  of("DequantizeLinear")([bytes([2, 3]), scale, zero]),
  of("DequantizeLinear", 21)([bytes([2, 32]), f32([2, 2]), bytes([2, 2])], { axis: 1, block_size: 16 }),
  of("DynamicQuantizeLinear")([image], {}, 3),
  of("QLinearMatMul", 10)([bytes([2, 3, 4]), scale, zero, bytes([4, 5]), scale, zero, scale, zero]),
  of(
    "QLinearMatMul",
    10,
  )([
    filled("int8", [3, 4]),
    scale,
    operand("int8", [], [1]),
    filled("int8", [4, 5]),
    scale,
    operand("int8", [], [1]),
    scale,
    operand("int8", [], [1]),
  ]),
];

const microsoftQuantized: OperatorCase[] = [
  ms("QLinearAdd")([bytes([2, 1, 4]), scale, zero, bytes([3, 4]), scale, zero, scale, zero]),
  ms("QLinearMul")([bytes([2, 3]), scale, zero, bytes([1]), scale, zero, scale, zero]),
  ms("QLinearSigmoid")([bytes([2, 3]), scale, zero, scale, zero]),
  ms("QLinearLeakyRelu")([bytes([2, 3]), scale, zero, scale, zero], { alpha: { float: 0.1 } }),
  ms("QLinearSoftmax")([bytes([2, 3]), scale, zero, scale, zero], { axis: -1, opset: 13 }),
  ms("QLinearConcat")([scale, zero, bytes([2, 3]), scale, zero, bytes([2, 1]), scale, zero], { axis: 1 }),
  ms("QLinearWhere")([operand("bool", [2, 1]), bytes([1, 3]), scale, zero, bytes([2, 3]), scale, zero, scale, zero]),
  ms("QuantizeLinear")([image, scale, zero]),
  ms("DequantizeLinear")([bytes([2, 3]), scale, zero]),
  ms("DynamicQuantizeLSTM")(
    [
      f32([3, 2, 4]),
      filled("int8", [1, 4, 20]),
      filled("int8", [1, 5, 20]),
      f32([1, 40]),
      null,
      null,
      null,
      null,
      f32([1], [0.1]),
      operand("int8", [1], [0]),
      f32([1], [0.1]),
      operand("int8", [1], [0]),
    ],
    { hidden_size: 5 },
    3,
  ),
];

const microsoftFused: OperatorCase[] = [
  ms("FusedConv")([image, f32([3, 4, 2, 2]), f32([3])], { activation: "Relu", strides: [2, 1] }),
  ms("SkipLayerNormalization")([tokens, tokens, hidden, hidden, hidden]),
  ms("SkipSimplifiedLayerNormalization")([tokens, tokens, hidden]),
  ms("EmbedLayerNormalization")(
    [
      int32([2, 3], [0, 1, 2, 0, 1, 2]),
      int32([2, 3], [0, 0, 1, 0, 0, 1]),
      f32([5, 8]),
      f32([4, 8]),
      f32([2, 8]),
      hidden,
      hidden,
      int32([2, 3], [1, 1, 1, 1, 1, 0]),
    ],
    {},
    2,
  ),
  ms("QEmbedLayerNormalization")(
    [
      int32([2, 3], [0, 1, 2, 0, 1, 2]),
      int32([2, 3], [0, 0, 1, 0, 0, 1]),
      ...[[5, 8], [4, 8], [2, 8], [8], [8]].map(bytes),
      int32([2, 3], [1, 1, 1, 1, 1, 0]),
      ...Array<Operand>(5).fill(scale),
      ...Array<Operand>(5).fill(zero),
    ],
    {},
    2,
  ),
  ms("Gelu")([tokens]),
  ms("BiasGelu")([tokens, hidden]),
  ms("FastGelu")([tokens, hidden]),
  ms("QuickGelu")([tokens]),
  ms("RotaryEmbedding")([f32([1, 3, 8]), operand("int64", [1, 3], [0, 1, 2]), f32([4, 4]), f32([4, 4])]),
  ms("MatMulNBits")([f32([2, 3, 32]), bytes([5, 2, 8]), f32([10])], { K: 32, N: 5, bits: 4, block_size: 16 }),
  ms("MatMulBnb4")([f32([3, 32]), bytes([80]), f32([10])], { K: 32, N: 5, block_size: 16, quant_type: 1 }),
  ms("TransposeMatMul")([f32([2, 4, 3]), f32([2, 4, 5])], { transA: 1 }),
  ms("FusedMatMul")([f32([3, 2, 4]), f32([2, 4, 5])], { transBatchA: 1 }),
  ms("FusedMatMul")([f32([3, 2, 4]), f32([2, 3, 5])], { transBatchA: 1, transA: 1 }),
];

const microsoftOther: OperatorCase[] = [
  ms("ExpandDims")([tokens, int32([], [-1])]),
  ms("Pad")([f32([2, 3]), i64([0, 2, 1, 0])]),
  ms("Unique")([f32([6], [2, 1, 1, 3, 4, 3])], {}, 3),
  ms("GatherND")([f32([2, 3]), operand("int64", [2, 2], [0, 1, 1, 2])]),
  ms("Trilu")([f32([3, 4])]),
  ms("Range")([f32([], [1]), f32([], [7]), f32([], [2])]),
  ms("Range")([scalar(1), scalar(7)]),
  ms("CDist")([f32([3, 4]), f32([5, 4])], { metric: "euclidean" }),
  ms("CropAndResize")([
    image,
    f32([3, 4], [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]),
    int32([3], [0, 1, 0]),
    int32([2], [4, 3]),
  ]),
  ms("GridSample")([image, f32([2, 3, 7, 2])]),
  ms("Inverse")([f32([2, 2], [1, 2, 3, 4])]),
  ms("MurmurHash3")([int32([2, 3], [1, 2, 3, 4, 5, 6])]),
  ms("MurmurHash3")([int32([2, 3], [1, 2, 3, 4, 5, 6])], { positive: 0 }),
  ms("NGramRepeatBlock")([operand("int64", [2, 3], [0, 1, 2, 0, 1, 2]), f32([2, 4])], { ngram_size: 2 }),
  ms("GatherBlockQuantized")([bytes([4, 16]), i64([1, 2, 3]), f32([4, 2])], {
    gather_axis: 0,
    quantize_axis: 1,
    block_size: 16,
  }),
];

/** Operators whose forms are few: each form once. */
export const CASES: readonly OperatorCase[] = [
  ...pooling,
  ...normalization,
  ...vision,
  ...signal,
  ...quantization,
  ...microsoftQuantized,
  ...microsoftFused,
  ...microsoftOther,
];
