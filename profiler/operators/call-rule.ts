import type { OperatorRule } from "./operator-rule.ts";
import { UNKNOWN } from "./inferred-type.ts";

/** A call of a function that the file itself defines: its inlined body computes everything. */
export const CALL_RULE: OperatorRule = {
  kind: "control",
  infer: () => [],
  control: {
    bodyInputs: (view) => view.inputs.map((inferredType) => inferredType ?? UNKNOWN),
    outputs: (_view, [body]) => body ?? [],
  },
};
