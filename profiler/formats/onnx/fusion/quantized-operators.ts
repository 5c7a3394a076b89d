import { bitsOf, isFloat, type DataType } from "../../../model/data-type.ts";
import { ABSENT } from "../../../model/model.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import { isRedundantCut } from "./redundant-cut.ts";
import type { Quantized, QuantizedGraph } from "./quantized-graph.ts";

/** A node with the quantized tensors around it. */
export interface Candidate {
  readonly inferredNode: InferredNode;
  /** By input position; undefined where the input is none that is dequantized, or is omitted. */
  readonly inputs: readonly (Quantized | undefined)[];
  /** By output position, behind a Relu or a Clip that the quantization makes redundant. */
  readonly outputs: readonly (Quantized | undefined)[];
  readonly hasRedundantClip: boolean;
  readonly graph: QuantizedGraph;
}

/** Whether ONNX Runtime runs a node with the Q and DQ around it as one operator. */
export type Selector = (candidate: Candidate) => boolean;

/** The node's results are a type, or all inputs' and outputs' types, that the integer kernels take. */
const is8Bit = (type: DataType | undefined): boolean => type === "uint8" || type === "int8";
const isWidthOf = (type: DataType | undefined, bits: number): boolean => type !== undefined && bitsOf(type) === bits;

/** Every input that is there comes dequantized, every output is quantized, all in one 8-bit type. */
const arithmetic: Selector = ({ inputs, outputs, inferredNode: { node } }) => {
  const type = inputs[0]?.dataType;
  const isAllIn = node.inputs.every((id, position) => id === ABSENT || inputs[position] !== undefined);
  return is8Bit(type) && isAllIn && allOf(inputs, type) && outputs.length > 0 && allGiven(outputs, type);
};

/** One input alone is quantized data; the others are settings. */
const unary: Selector = (candidate) => {
  const { inputs, outputs } = candidate;
  const type = inputs[0]?.dataType;
  return is8Bit(type) && inputs.filter((input) => input !== undefined).length === 1 && allGiven(outputs, type);
};

/** The numbers stay what they are: both sides have one scheme, and the operator runs on the integers themselves. */
const moved =
  (isType: (type: DataType | undefined) => boolean): Selector =>
  ({ inputs, outputs, hasRedundantClip }) => {
    const [input] = inputs;
    if (hasRedundantClip || input?.scheme === undefined || !isType(input.dataType)) return false;
    if (inputs.filter((one) => one !== undefined).length !== 1) return false;
    return outputs.every((output) => {
      if (output?.scheme === undefined || output.dataType !== input.dataType) return false;
      return output.scheme.scale === input.scheme?.scale && output.scheme.zeroPoint === input.scheme.zeroPoint;
    });
  };
const moved8 = moved(is8Bit);
const movedAny = moved((type) => isWidthOf(type, 8) || isWidthOf(type, 16));

/** A convolution: a float bias or weight, too, as ONNX Runtime quantizes it when it loads. */
const convolution: Selector = ({ inputs, outputs, graph, inferredNode: { node } }) => {
  const [input, weight] = inputs;
  if (!is8Bit(input?.dataType) || !allGiven(outputs, input?.dataType)) return false;
  if (weight === undefined ? !isFloatConstant(graph, node.inputs[1]) : !is8Bit(weight.dataType)) return false;
  if (input?.dataType === "int8" && weight !== undefined && weight.dataType !== "int8") return false;
  return isBias(graph, inputs[2], node.inputs[2]);
};

/** With nothing quantized behind it, the product of integers comes out as float. */
const matmul: Selector = ({ inputs, outputs, hasRedundantClip }) => {
  const [left, right] = inputs;
  if (!is8Bit(left?.dataType) || !is8Bit(right?.dataType)) return false;
  if (left?.dataType === "int8" && right?.dataType !== "int8") return false;
  if (outputs[0] === undefined) return !hasRedundantClip;
  return outputs[0].dataType === left?.dataType;
};

const gemm: Selector = (candidate) => {
  const { inputs, outputs, graph, inferredNode } = candidate;
  const [left, right] = inputs;
  if (!is8Bit(left?.dataType) || (outputs[0] !== undefined && outputs[0].dataType !== left?.dataType)) return false;
  const biasId = inferredNode.node.inputs[2];
  if (outputs[0] === undefined) {
    // Only what goes on quantized gets missing pairs.
    if (right === undefined || (biasId !== undefined && biasId !== ABSENT && inputs[2] === undefined)) return false;
  } else if (right === undefined && !isFloatConstant(graph, inferredNode.node.inputs[1])) return false;
  if (right !== undefined && !is8Bit(right.dataType)) return false;
  if (left?.dataType === "int8" && right !== undefined && right.dataType !== "int8") return false;
  const hasBias = biasId !== undefined && biasId !== ABSENT;
  return !hasBias || (numberOf(inferredNode, "beta") === 1 && isBias(graph, inputs[2], biasId));
};

/** The choice is no number; both values are. */
const where: Selector = ({ inputs, outputs }) => {
  const type = inputs[1]?.dataType;
  return inputs[0] === undefined && is8Bit(type) && inputs[2]?.dataType === type && allGiven(outputs, type);
};

const dequantizedAlone: Selector = ({ inputs, hasRedundantClip }) =>
  !hasRedundantClip && is8Bit(inputs[0]?.dataType) && inputs[0]?.scheme !== undefined;

/** Where nothing is cut that the integers' range does not cut anyhow, nothing is done at all. */
const cutting: Selector = (candidate) => {
  const [input, output] = [candidate.inputs[0], candidate.outputs[0]];
  return moved8(candidate) && input !== undefined && isRedundantCut(candidate.inferredNode, output);
};

export interface QuantizedOperator {
  readonly select: Selector;
  /** Numbers stay what they are. */
  readonly isMove?: true;
  /** Nothing is left of it. */
  readonly isView?: true;
}

/**
 * Operators that ONNX Runtime 1.27.0 runs on integers when they stand between DequantizeLinear and QuantizeLinear, on the CPU.
 * Source: optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc and qdq_selectors.cc.
 */
export const QUANTIZED_OPERATORS: Readonly<Record<string, QuantizedOperator>> = {
  Conv: { select: convolution },
  MatMul: { select: matmul },
  Gemm: { select: gemm },
  Add: { select: arithmetic },
  Mul: { select: arithmetic },
  Concat: { select: arithmetic },
  Where: { select: where },
  AveragePool: { select: unary },
  GlobalAveragePool: { select: unary },
  LeakyRelu: { select: unary },
  Sigmoid: { select: unary },
  Softmax: { select: unary },
  ArgMax: { select: dequantizedAlone, isMove: true },
  Relu: { select: cutting, isMove: true, isView: true },
  Clip: { select: cutting, isMove: true, isView: true },
  Split: { select: movedAny, isMove: true },
  MaxPool: { select: (candidate) => candidate.inferredNode.node.version >= 12 && moved8(candidate), isMove: true },
  ReduceMax: { select: moved8, isMove: true },
  ReduceMin: { select: moved8, isMove: true },
  Resize: { select: moved8, isMove: true },
  Expand: { select: movedAny, isMove: true },
  Flatten: { select: movedAny, isMove: true },
  Gather: { select: movedAny, isMove: true },
  GatherElements: { select: movedAny, isMove: true },
  Reshape: { select: movedAny, isMove: true },
  Slice: { select: movedAny, isMove: true },
  Squeeze: { select: movedAny, isMove: true },
  Tile: { select: movedAny, isMove: true },
  Transpose: { select: movedAny, isMove: true },
  Unsqueeze: { select: movedAny, isMove: true },
  DepthToSpace: { select: moved8, isMove: true },
};

/** Smallest blocks that MatMulNBits takes; larger ones are powers of two. */
const SMALLEST_BLOCK = 16;

/**
 * Whether a product of float activations with a quantized weight becomes a MatMulNBits of accuracy level 4, which rounds activations to
 * 8 bits. Source: ONNX Runtime 1.27.0, DQMatMulNodeGroupSelector.
 */
export function isBlockwiseProduct({ inferredNode, inputs, outputs, graph, hasRedundantClip }: Candidate): boolean {
  const { node } = inferredNode;
  const [activations, weight, bias] = inputs;
  const stored = weight && graph.typeOf(weight.id);
  if (hasRedundantClip || outputs[0] !== undefined || activations !== undefined || weight?.node === undefined)
    return false;
  if (![2, 4, 8].some((bits) => isWidthOf(weight.dataType, bits)) || stored?.constant === undefined) return false;
  if (stored.shape?.length !== 2 || graph.readers(node.inputs[1] ?? ABSENT).length !== 1) return false;
  if (node.op === "Gemm" && !isPlainGemm(inferredNode)) return false;
  if (node.op === "MatMul" && bias !== undefined) return false;
  return hasBlockwiseScales(weight.node, stored.shape[1]);
}

function isPlainGemm(inferredNode: InferredNode): boolean {
  const { view } = inferredNode;
  if (view.flag("transA") || view.flag("transB") || numberOf(inferredNode, "alpha") !== 1) return false;
  return !view.has(2) || numberOf(inferredNode, "beta") === 1;
}

function hasBlockwiseScales({ view }: InferredNode, columns: unknown): boolean {
  const scales = view.shape(1);
  const blockSize = view.int("block_size", 0);
  if (blockSize > 0) {
    const isPower = (blockSize & (blockSize - 1)) === 0;
    return view.int("axis", 1) === 0 && blockSize >= SMALLEST_BLOCK && isPower;
  }
  if (scales?.length === 0) return true;
  return scales?.length === 1 && scales[0] === columns && view.int("axis", 1) === 1;
}

function allOf(tensors: readonly (Quantized | undefined)[], type: DataType | undefined): boolean {
  return tensors.every((tensor) => tensor === undefined || tensor.dataType === type);
}

function allGiven(tensors: readonly (Quantized | undefined)[], type: DataType | undefined): boolean {
  return tensors.length > 0 && tensors.every((tensor) => tensor !== undefined && tensor.dataType === type);
}

function isBias(graph: QuantizedGraph, bias: Quantized | undefined, id: number | undefined): boolean {
  if (id === undefined || id === ABSENT) return true;
  return bias === undefined ? isFloatConstant(graph, id) : bias.dataType === "int32";
}

function isFloatConstant(graph: QuantizedGraph, id: number | undefined): boolean {
  const { constant, dataType } = graph.typeOf(id);
  return constant !== undefined && dataType !== undefined && isFloat(dataType);
}

/** Alpha and beta of Gemm, 1 where the file leaves them out. */
function numberOf({ view }: InferredNode, name: string): number {
  const value = view.attribute(name);
  return typeof value === "number" ? value : 1;
}
