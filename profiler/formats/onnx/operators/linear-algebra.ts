import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { inferredType, mapShape } from "./inferred-types.ts";

/** Determinants of matrices, by elimination: two thirds of n³ operations each. */
const DET: OperatorRule = {
  infer: (view) => [
    inferredType(
      view.dataType(0),
      mapShape(view.shape(0), (shape) => shape.slice(0, -2)),
    ),
  ],
  operation: (view) => {
    const size = view.shape(0)?.at(-1);
    if (typeof size !== "number") return { kind: "unknown" };
    return { kind: "elementwise", geometry: { opsPerElement: Math.ceil((2 * size ** 3) / 3) } };
  },
};

export const LINEAR_ALGEBRA: Readonly<Record<string, OperatorRule>> = { Det: DET };
