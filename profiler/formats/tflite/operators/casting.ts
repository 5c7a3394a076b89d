import type { DataType } from "../../../model/data-type.ts";
import type { PlainKind } from "../../../operators/operation.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { castValue } from "../../../shapes/values.ts";
import { outputType, type Rules } from "./common.ts";

/** The same numbers in another type. */
function recoded(kind: PlainKind, typeOf: (view: NodeView) => DataType | undefined): OperatorRule {
  return {
    infer: (view) => {
      const type = typeOf(view);
      const value = kind === "data-movement" ? view.value(0) : undefined;
      return [inferredType(type, view.shape(0), value && type ? castValue(value, type) : undefined)];
    },
    kind,
    inPlace: [0],
    carries: 0,
  };
}

/** Files of the first schema leave the options out: the output's own type is what the kernel goes by, always. */
const CAST = recoded("data-movement", (view) => outputType(view));

/** Operators that hold the same numbers, stored otherwise. */
export const CASTING: Rules = {
  CAST,
  STABLEHLO_CONVERT: CAST,
  QUANTIZE: recoded("quantize", (view) => outputType(view)),
  DEQUANTIZE: recoded("quantize", (view) => outputType(view, 0, "float32")),
  // Sparse weights to dense ones, once, when the model loads.
  DENSIFY: recoded("data-movement", (view) => view.dataType(0)),
  FAKE_QUANT: { infer: (view) => [inferredType(view.dataType(0), view.shape(0))], kind: "quantize", inPlace: [0] },
};
