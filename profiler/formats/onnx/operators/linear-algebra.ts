import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { inferredType } from "./inferred-types.ts";

/** Determinants of matrices, by elimination: two thirds of n³ operations each. */
const DET: OperatorRule = {
  describe: (view) => {
    const shape = view.shape(0);
    const size = shape?.at(-1);
    return {
      outputs: [inferredType(view.dataType(0), shape?.slice(0, -2))],
      operation:
        typeof size === "number"
          ? { kind: "elementwise", geometry: { opsPerElement: Math.ceil((2 * size ** 3) / 3) } }
          : { kind: "unknown" },
    };
  },
};

export const LINEAR_ALGEBRA: Readonly<Record<string, OperatorRule>> = { Det: DET };
