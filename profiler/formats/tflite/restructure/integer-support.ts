import { ownEntry } from "../../../own-entry.ts";
import {
  whyNoIntegers,
  type IntegerRule,
  type IntegerSupport,
  type LayerSurroundings,
} from "../../../neutral/integer-support.ts";
import { isKind, type NeutralLayer } from "../../../neutral/neutral-graph.ts";

type Rule = Omit<IntegerRule, "inputs">;

const PROBABILITY = { scale: 1 / 256, zeroPoint: -128 };

/**
 * Operators that TFLite's and LiteRT Micro's kernels compute in int8, and what these ask of scales.
 * Source: TensorFlow Lite 8-bit quantization specification; kernels/activations.cc and concatenation.cc.
 */
export const INTEGER_OPERATORS: Readonly<Record<string, Rule>> = {
  CONV_2D: { isProduct: true },
  DEPTHWISE_CONV_2D: { isProduct: true },
  FULLY_CONNECTED: { isProduct: true },
  ADD: {},
  SUB: {},
  MUL: {},
  MEAN: {},
  RELU: {},
  RELU6: {},
  LEAKY_RELU: {},
  HARD_SWISH: {},
  SOFTMAX: { output: PROBABILITY },
  LOGISTIC: { output: PROBABILITY },
  TANH: { output: { scale: 1 / 128, zeroPoint: 0 } },
  AVERAGE_POOL_2D: { keepsGrid: true },
  MAX_POOL_2D: { keepsGrid: true },
  CONCATENATION: { keepsGrid: true },
  PAD: { moves: true },
  RESHAPE: { moves: true },
  SQUEEZE: { moves: true },
  TRANSPOSE: { moves: true },
  SLICE: { moves: true },
  SPLIT: { moves: true },
  STRIDED_SLICE: { moves: true },
  RESIZE_NEAREST_NEIGHBOR: { moves: true },
  RESIZE_BILINEAR: { moves: true },
  DEPTH_TO_SPACE: { moves: true },
  SPACE_TO_DEPTH: { moves: true },
};

/** Integers from end to end, as LiteRT Micro wants them. */
export const TFLITE_INTEGERS: IntegerSupport = {
  dataType: "int8",
  // Kernels of fully connected layers take one scale everywhere, several in the newest runtimes alone.
  hasChannelScales: ({ form }) => form.kind === "conv",
  whyChannelScales: "TFLite's kernels of depthwise convolutions take no other than a scale for each output",
  keepsFloatIo: false,
  ioTypes: ["int8", "uint8"],
  needsBias: true,
  packsWeights: false,
  ruleOf,
};

function ruleOf(layer: NeutralLayer, graph: LayerSurroundings): IntegerRule | string {
  const { op, inputs, outputs, form } = layer;
  const rule = Object.hasOwn(INTEGER_OPERATORS, op) ? ownEntry(INTEGER_OPERATORS, op) : undefined;
  if (rule === undefined) return `${op} of int8 is not written`;
  if (rule.isProduct && form.kind !== "conv" && form.kind !== "dense")
    return form.kind === "opaque" ? form.why : `${op} is not written in int8 like this`;
  const hasConstant = isKind<"elementwise">(layer, "elementwise") && layer.form.constant !== undefined;
  const read = rule.moves ? inputs.slice(0, 1) : inputs;
  const reason = whyNoIntegers(op, [...read, ...outputs], graph);
  return reason ?? { ...rule, inputs: read, ...(hasConstant && { quantizesConstant: true as const }) };
}
