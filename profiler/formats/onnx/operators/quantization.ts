import { dequantized } from "../../../operators/decoding.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { bitsOf, isFloat } from "../../../model/data-type.ts";
import type { Quantization } from "../../../model/model.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import { liftRecoded } from "../../../neutral/element-forms.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { Fold, Operators } from "../../../neutral/operator.ts";
import { dequantizedElements } from "../../../neutral/stored-weights.ts";
import { dataTypeOf } from "../data-types.ts";
import { everyAxis, inferredType, sameAs } from "./inferred-types.ts";

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
  // Its range is that of the whole tensor. Source: ONNX, DynamicQuantizeLinear.
  mixesAlong: everyAxis,
};

/** Rounds each element by one scale. */
function liftQuantize(layer: NativeLayer): Lifted {
  const scales = layer.view.shape(1);
  if (scales === undefined || elementsOf(scales) !== 1) throw new NotLiftable("it has a scale for each channel");
  return liftRecoded(layer);
}

const TENSOR = { granularity: "tensor" } as const;

/** Narrower integers are packed: they are not written again. */
const FEWEST_BITS = 8;

/** Behind it the weights still count as what is stored, so that weights made of them are stored so too. */
const foldDequantize: Fold = ({ view }, { shape }, input) => {
  const [weights, scales] = [input(), input(1)];
  if (weights === undefined || scales === undefined || isFloat(weights.dataType)) return undefined;
  if ((bitsOf(weights.dataType) ?? 0) < FEWEST_BITS || view.int("block_size", 0) > 0) return undefined;
  const axis = view.int("axis", 1);
  const along = elementsOf(scales.shape) === 1 ? undefined : axis < 0 ? axis + shape.length : axis;
  const known = scalesOf(view);
  const scheme = known && {
    ...(along === undefined ? TENSOR : { granularity: "channel" as const, axis: along }),
    ...known,
  };
  return {
    shape,
    dataType: weights.dataType,
    ...(scheme && { quantization: scheme }),
    ...(weights.coding && { coding: weights.coding }),
    read: async () => {
      const [elements, scale, zero] = [await weights.read(), await scales.read(), await input(2)?.read()];
      return dequantizedElements(elements, shape, { axis: along, scales: scale, zeroPoints: zero ?? [0] });
    },
  };
};

/** Scales and zero points; undefined for more than come along with the model. */
function scalesOf(view: NodeView): Pick<Quantization, "scales" | "zeroPoints"> | undefined {
  const scales = view.numbers(1);
  const zeroPoints = view.has(2) ? view.numbers(2) : scales?.map(() => 0);
  return scales && zeroPoints && { scales, zeroPoints };
}

export const QUANTIZATION: Operators = {
  QuantizeLinear: { ...QUANTIZE_LINEAR, lift: liftQuantize },
  DequantizeLinear: { ...DEQUANTIZE_LINEAR, lift: liftQuantize, fold: foldDequantize },
  DynamicQuantizeLinear: DYNAMIC_QUANTIZE_LINEAR,
};
