import { dequantized } from "../../../operators/decoding.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { dataTypeOf } from "../data-types.ts";
import { inferredType, sameAs } from "./inferred-types.ts";

/** x, y_scale, y_zero_point?. The type is the zero point's, else `output_dtype`, else uint8. */
export const QUANTIZE_LINEAR: OperatorRule = {
  infer: (view) => [
    inferredType(view.dataType(2) ?? dataTypeOf(view.int("output_dtype")) ?? defaultType(view), view.shape(0)),
  ],
  kind: "quantize",
  configuration: [1, 2],
  carries: 0,
};

/** A zero point that is there, but of a type nobody knows, leaves the output's type open. */
function defaultType(view: NodeView) {
  return view.has(2) ? undefined : "uint8";
}

/** x, x_scale, x_zero_point?. The type is `output_dtype`, else the scale's. */
export const DEQUANTIZE_LINEAR: OperatorRule = {
  infer: (view) => [inferredType(dataTypeOf(view.int("output_dtype")) ?? view.dataType(1), view.shape(0))],
  kind: "quantize",
  configuration: [1, 2],
  carries: 0,
  decodes: (view) => dequantized(view, 1, view.int("axis", 1), view.int("block_size", 0)),
};

/** x → y, y_scale, y_zero_point, by the smallest and the largest element. */
const DYNAMIC_QUANTIZE_LINEAR: OperatorRule = {
  infer: (view) => [inferredType("uint8", sameAs(view).shape), inferredType("float32", []), inferredType("uint8", [])],
  kind: "quantize",
};

export const QUANTIZATION: Readonly<Record<string, OperatorRule>> = {
  QuantizeLinear: QUANTIZE_LINEAR,
  DequantizeLinear: DEQUANTIZE_LINEAR,
  DynamicQuantizeLinear: DYNAMIC_QUANTIZE_LINEAR,
};
