import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { product } from "../../../shapes/dimension.ts";

import { rangeLength, rangeValue } from "../../../shapes/values.ts";
import { inferredType, mapShape, unknownSizes } from "./inferred-types.ts";

/** Sizes of the input, from axis `start` before axis `end` since opset 15; both are clamped. */
const SHAPE: OperatorRule = {
  infer: (view) => {
    const shape = view.shape(0);
    if (shape === undefined) return [inferredType("int64", unknownSizes(1))];
    const sizes = shape.slice(view.int("start", 0), view.int("end", shape.length));
    return [inferredType("int64", [sizes.length], sizes)];
  },
  kind: "shape",
};

const SIZE: OperatorRule = {
  infer: (view) => [
    inferredType(
      "int64",
      [],
      mapShape(view.shape(0), (shape) => [product(shape)]),
    ),
  ],
  kind: "shape",
};

const RANGE: OperatorRule = {
  infer: (view) => {
    const [start, limit] = [0, 1].map((index) => view.value(index)?.[0]);
    // Only the form of com.microsoft may leave the step out.
    const step = view.has(2) ? view.value(2)?.[0] : 1;
    const dataType = view.dataType(0);
    if (start === undefined || limit === undefined || step === undefined)
      return [inferredType(dataType, unknownSizes(1))];
    const isKnown = typeof start === "number" && typeof limit === "number" && typeof step === "number";
    const value = isKnown ? rangeValue(start, limit, step) : undefined;
    return [inferredType(dataType, [rangeLength(start, limit, step)], value)];
  },
  kind: "constant",
  configuration: [0, 1, 2],
};

/** Operators whose results are sizes and what is counted out from them. */
export const SHAPE_ARITHMETIC: Readonly<Record<string, OperatorRule>> = { Shape: SHAPE, Size: SIZE, Range: RANGE };
