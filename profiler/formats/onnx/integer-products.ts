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
const FUSED: ReadonlySet<string> = new Set(["DequantizeLinear"]);

/**
 * "own": the file's operators are such products, whatever is optimized. "fused": ONNX Runtime makes them of operators around a
 * DequantizeLinear, beyond *basic*.
 */
export type IntegerProducts = "own" | "fused";

/** Whether, and how, ONNX Runtime runs some of a model on integers. */
export function integerProducts({ entries }: Model): IntegerProducts | undefined {
  if (entries.some(({ graph }) => isIn(graph, PRODUCTS))) return "own";
  return entries.some(({ graph }) => isIn(graph, FUSED)) ? "fused" : undefined;
}

function isIn({ nodes }: Graph, operators: ReadonlySet<string>): boolean {
  return nodes.some(({ op, bodies }) => operators.has(op) || bodies.some(({ graph }) => isIn(graph, operators)));
}
