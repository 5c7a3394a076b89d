import { isFloat, type DataType } from "../../../model/data-type.ts";
import type { PlainKind } from "../../../operators/operation.ts";
import { inferredType } from "../../../operators/inferred-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { castValue } from "../../../shapes/values.ts";
import { liftIdentity, liftRecoded, liftUnary } from "../../../neutral/element-forms.ts";
import { computedWeights } from "../../../neutral/weights.ts";
import type { Fold, Operator } from "../../../neutral/operator.ts";
import type { TfliteLayer } from "../restructure/tflite-layer.ts";
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
const RECAST = recoded("data-movement", (view) => outputType(view));

const CAST: Operator<TfliteLayer> = {
  ...RECAST,
  lift: (layer) => (layer.output().dataType === layer.view.dataType(0) ? liftIdentity(layer) : liftUnary(layer)),
  fold: (_, { shape, dataType }, input) => {
    const weights = input();
    if (weights === undefined || !isFloat(weights.dataType) || !isFloat(dataType)) return undefined;
    return computedWeights(shape, () => weights.read(), dataType);
  },
};

/** Behind it weights still count as what is stored, float16 or int8, so that weights made of them are stored so too. */
const foldDequantize: Fold = (_, { shape }, input) => {
  const weights = input();
  if (weights === undefined) return undefined;
  const { dataType, quantization } = weights;
  if (!isFloat(dataType) && quantization === undefined) return undefined;
  return { shape, dataType, ...(quantization && { quantization }), read: () => weights.read() };
};

/** Operators that hold the same numbers, stored otherwise. */
export const CASTING: Rules = {
  CAST,
  STABLEHLO_CONVERT: RECAST,
  QUANTIZE: { ...recoded("quantize", (view) => outputType(view)), lift: liftRecoded },
  DEQUANTIZE: {
    ...recoded("quantize", (view) => outputType(view, 0, "float32")),
    lift: liftRecoded,
    fold: foldDequantize,
  },
  // Sparse weights to dense ones, once, when the model loads.
  DENSIFY: { ...recoded("data-movement", (view) => view.dataType(0)), fold: (_scope, _type, input) => input() },
  FAKE_QUANT: { infer: (view) => [inferredType(view.dataType(0), view.shape(0))], kind: "quantize", inPlace: [0] },
};
