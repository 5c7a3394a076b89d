import { isConstant, type Node, type Quantization, type Tensor, type TensorId } from "../../model/model.ts";
import type { DataType } from "../../model/data-type.ts";

/** What a kernel of LiteRT Micro asks for. What is left out was not found to be asked. */
export interface Kernel {
  /** Input that has the activations; the first one without. */
  readonly data?: number;
  /** Types of the activations. */
  readonly types?: readonly DataType[];
  readonly mostAxes?: number;
  /** Exactly so many. */
  readonly axes?: number;
  readonly mostInputs?: number;
  /** Inputs that must stand in the file: nothing gets a size while the model runs. */
  readonly constants?: readonly number[];
  readonly check?: (use: KernelUse) => string | undefined;
}

export interface KernelUse {
  readonly node: Node;
  readonly tensor: (id: TensorId | undefined) => Tensor | undefined;
  readonly typeOf: (tensor: Tensor | undefined) => DataType | undefined;
  readonly axesOf: (tensor: Tensor | undefined) => number | undefined;
}

const NUMBERS: readonly DataType[] = ["float32", "int8", "int16"];
const AND_INT32: readonly DataType[] = [...NUMBERS, "int32"];

const POOLING: Kernel = { types: NUMBERS, check: hasOneScale };
const PRODUCT: Kernel = { types: NUMBERS };
/** Operands of other sizes than each other are gone through by four axes. */
const PAIR: Kernel = { types: AND_INT32, check: isBroadcastWithin(4) };
const MEANS: Kernel = { types: NUMBERS, mostAxes: 4, check: reducesTwo };
const BLOCKS: Kernel = { types: ["float32", "int8"], axes: 4 };

/**
 * Kernels whose conditions were looked up.
 * Source: tflite-micro, tensorflow/lite/micro/kernels: NAME.cc, NAME_common.cc; read in versions of 2021 to 2025, of two that differ the one that asks for less.
 */
export const KERNELS: Readonly<Record<string, Kernel>> = {
  CONV_2D: PRODUCT,
  DEPTHWISE_CONV_2D: PRODUCT,
  FULLY_CONNECTED: PRODUCT,
  TRANSPOSE_CONV: { ...PRODUCT, data: 2 },
  ADD: PAIR,
  SUB: PAIR,
  MUL: PAIR,
  AVERAGE_POOL_2D: POOLING,
  MAX_POOL_2D: POOLING,
  MEAN: MEANS,
  SUM: MEANS,
  CONCATENATION: {
    types: [...AND_INT32, "int64", "bool"],
    mostAxes: 4,
    mostInputs: 10,
    check: ({ node }) => (isFused(node) ? "its CONCATENATION takes no fused activation" : undefined),
  },
  PAD: { mostAxes: 5, constants: [1] },
  PADV2: { mostAxes: 5, constants: [1] },
  TRANSPOSE: { types: NUMBERS, mostAxes: 5, constants: [1] },
  SQUEEZE: { mostAxes: 8 },
  SLICE: { types: [...AND_INT32, "bool"], mostAxes: 5 },
  SPLIT: { data: 1, types: AND_INT32, constants: [0] },
  STRIDED_SLICE: { mostAxes: 4, constants: [1, 2, 3], check: slicesPlainly },
  RESIZE_NEAREST_NEIGHBOR: { types: NUMBERS, axes: 4, constants: [1] },
  RESIZE_BILINEAR: { types: ["float32", "int8"], axes: 4, constants: [1] },
  DEPTH_TO_SPACE: BLOCKS,
  SPACE_TO_DEPTH: BLOCKS,
  RELU: { types: NUMBERS },
  RELU6: { types: NUMBERS },
  LEAKY_RELU: { types: NUMBERS },
  HARD_SWISH: { types: ["float32", "int8"] },
  SOFTMAX: { types: NUMBERS, check: makesGrid(1 / 256, -128) },
  LOGISTIC: { types: NUMBERS, check: makesGrid(undefined, -128) },
  TANH: { types: NUMBERS },
  QUANTIZE: { types: ["float32", "int8", "uint8", "int16", "int32"], check: quantizes },
  DEQUANTIZE: { types: ["int8", "int16", "uint8"], check: ({ node, tensor }) => dequantizes(tensor(node.inputs[0])) },
};

/** Kernels whose conditions were not looked up. Source: tflite-micro, micro_mutable_op_resolver.h and python_ops_resolver.cc. */
export const OTHER_KERNELS: ReadonlySet<string> = new Set(
  [
    "ABS ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CALL_ONCE CAST CEIL COS CUMSUM DIV",
    "ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD GATHER GATHER_ND GREATER GREATER_EQUAL IF L2_NORMALIZATION",
    "L2_POOL_2D LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOG_SOFTMAX MAXIMUM MINIMUM MIRROR_PAD NEG NOT_EQUAL PACK PRELU",
    "READ_VARIABLE REDUCE_MAX REDUCE_MIN RESHAPE REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SPACE_TO_BATCH_ND SPLIT_V SQRT SQUARE",
    "SQUARED_DIFFERENCE SVDF UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE",
    // Custom operators.
    "CIRCULAR_BUFFER TFLite_Detection_PostProcess ethos-u",
  ].flatMap((names) => names.split(" ")),
);

/** Source: pooling_common.cc. */
const SCALE_TOLERANCE = 1e-6;

function hasOneScale({ node: { op, inputs, outputs }, tensor, typeOf }: KernelUse): string | undefined {
  if (typeOf(tensor(inputs[0])) === "float32") return undefined;
  const [before, behind] = [tensor(inputs[0])?.quantization, tensor(outputs[0])?.quantization];
  const difference = Math.abs((before?.scales[0] ?? 0) - (behind?.scales[0] ?? 0));
  const isSame = difference <= SCALE_TOLERANCE && (before?.zeroPoints[0] ?? 0) === (behind?.zeroPoints[0] ?? 0);
  return isSame ? undefined : `its ${op} takes the same scale and zero point on both sides`;
}

function isBroadcastWithin(most: number): (use: KernelUse) => string | undefined {
  return ({ node: { op, inputs }, tensor, axesOf }) => {
    const shapes = inputs.map((id) => {
      const { constant, declared } = tensor(id) ?? {};
      return JSON.stringify(constant?.shape ?? declared?.shape);
    });
    const rank = Math.max(0, ...inputs.map((id) => axesOf(tensor(id)) ?? 0));
    if (rank <= most || new Set(shapes).size < 2) return undefined;
    return `its ${op} takes operands of different sizes with up to ${most} axes, and there are ${rank}`;
  };
}

const MOST_REDUCED = 2;

function reducesTwo({ node: { op, inputs }, tensor }: KernelUse): string | undefined {
  const count = tensor(inputs[1])?.constant?.shape[0] ?? 1;
  return count > MOST_REDUCED ? `its ${op} reduces up to ${MOST_REDUCED} axes, and these are ${count}` : undefined;
}

function slicesPlainly({ node: { op, attributes } }: KernelUse): string | undefined {
  const isSet = ["ellipsis_mask", "new_axis_mask"].some((mask) => Number(plain(attributes, mask) ?? 0) !== 0);
  return isSet ? `its ${op} takes neither an ellipsis nor new axes` : undefined;
}

/** Of int8; of other types nothing is said. */
function makesGrid(scale: number | undefined, zeroPoint: number): (use: KernelUse) => string | undefined {
  return ({ node: { op, outputs }, tensor, typeOf }) => {
    const made = tensor(outputs[0]);
    const { scales = [], zeroPoints = [] } = made?.quantization ?? {};
    if (typeOf(made) !== "int8") return undefined;
    if ((zeroPoints[0] ?? 0) === zeroPoint && (scale === undefined || scales[0] === scale)) return undefined;
    return `its ${op} makes int8 with ${scale === undefined ? "" : `a scale of 1/${1 / scale} and `}a zero point of ${zeroPoint}`;
  };
}

/** By what it reads, what it can make. */
const QUANTIZED: Partial<Record<DataType, readonly DataType[]>> = {
  float32: ["int8", "int16"],
  int8: ["int8", "uint8", "int16", "int32"],
  uint8: ["int8"],
  int16: ["int8", "int16", "int32"],
  int32: ["int8", "int16"],
};

function quantizes({ node: { op, inputs, outputs }, tensor, typeOf }: KernelUse): string | undefined {
  const made = tensor(outputs[0]);
  const [from, to] = [typeOf(tensor(inputs[0])), typeOf(made)];
  if (from !== undefined && to !== undefined && !(QUANTIZED[from] ?? []).includes(to))
    return `its ${op} makes no ${to} of ${from}`;
  return isForAll(made?.quantization) ? undefined : `its ${op} takes one scale`;
}

function dequantizes(read: Tensor | undefined): string | undefined {
  return isForAll(read?.quantization) ? undefined : "its DEQUANTIZE takes one scale";
}

function isForAll(quantization: Quantization | undefined): boolean {
  return quantization === undefined || quantization.granularity === "tensor" || quantization.scales.length === 1;
}

function isFused({ attributes }: Node): boolean {
  return (plain(attributes, "fused_activation_function") ?? "NONE") !== "NONE";
}

function plain(attributes: Node["attributes"], name: string): string | number | boolean | undefined {
  const value = attributes.get(name);
  return value === undefined || isConstant(value) || typeof value === "object" ? undefined : value;
}
