import type { Graph, Model } from "../../model/model.ts";

/** Operators that multiply 8-bit integers whatever ONNX Runtime is told to optimize. */
const PRODUCTS: ReadonlySet<string> = new Set([
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

/** What makes ONNX Runtime fuse the operators around it into such products, beyond *basic*. */
const FUSED: ReadonlySet<string> = new Set([...PRODUCTS, "DequantizeLinear"]);

/** Whether ONNX Runtime runs some of a model on integers. */
export function multipliesIntegers({ entries }: Model): boolean {
  return entries.some(({ graph }) => isIn(graph, FUSED));
}

/** Whether it does so at *basic* too, where nothing is fused: the file's own operators are such. */
export function hasIntegerProducts({ entries }: Model): boolean {
  return entries.some(({ graph }) => isIn(graph, PRODUCTS));
}

function isIn({ nodes }: Graph, operators: ReadonlySet<string>): boolean {
  return nodes.some(({ op, bodies }) => operators.has(op) || bodies.some(({ graph }) => isIn(graph, operators)));
}
