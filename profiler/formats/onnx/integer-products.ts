import type { Graph, Model } from "../../model/model.ts";

/** Operators that ONNX Runtime multiplies 8-bit integers for, or makes the operators around them do so. */
const OPERATORS: ReadonlySet<string> = new Set([
  "DequantizeLinear",
  "QLinearConv",
  "QLinearMatMul",
  "ConvInteger",
  "MatMulInteger",
  "QGemm",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
  "DynamicQuantizeLSTM",
  "QAttention",
]);

/** Whether ONNX Runtime runs some of a model on integers. */
export function multipliesIntegers({ entries }: Model): boolean {
  return entries.some(({ graph }) => inGraph(graph));
}

function inGraph({ nodes }: Graph): boolean {
  return nodes.some(({ op, bodies }) => OPERATORS.has(op) || bodies.some(({ graph }) => inGraph(graph)));
}
