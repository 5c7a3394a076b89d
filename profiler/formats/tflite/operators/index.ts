import type { Node } from "../../../model/model.ts";
import { ownEntry } from "../../../own-entry.ts";
import type { OperatorTable } from "../../../operators/operator-rule.ts";
import { ACTIVATION } from "./activation.ts";
import { CASTING } from "./casting.ts";
import type { Rules } from "./common.ts";
import { CONSTANTS } from "./constants.ts";
import { CONTROL } from "./control.ts";
import { CONVOLUTION } from "./convolution.ts";
import { CUSTOM } from "./custom.ts";
import { DENSE } from "./dense.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { INDEXING } from "./indexing.ts";
import { LAYOUT } from "./layout.ts";
import { POOLING } from "./pooling.ts";
import { RECURRENT } from "./recurrent.ts";
import { REDUCTION } from "./reduction.ts";
import { RESHAPING } from "./reshaping.ts";
import { SLICING } from "./slicing.ts";
import { STABLEHLO } from "./stablehlo.ts";
import { STATE } from "./state.ts";

export const BUILTIN: Rules = {
  ...ACTIVATION,
  ...CASTING,
  ...CONSTANTS,
  ...CONTROL,
  ...CONVOLUTION,
  ...DENSE,
  ...ELEMENTWISE,
  ...INDEXING,
  ...LAYOUT,
  ...POOLING,
  ...RECURRENT,
  ...REDUCTION,
  ...RESHAPING,
  ...SLICING,
  ...STABLEHLO,
  ...STATE,
};

/** What Edgewise knows of TFLite's operators: builtin ones by their names in the schema, and custom ones by their codes. */
export const TFLITE_OPERATORS: OperatorTable = new Map([
  ["", BUILTIN],
  ["custom", CUSTOM],
]);

/** Whether LiteRT.js loads no model with this operator: a custom one without a rule, or a part that was compiled for another processor. */
export function isForeign({ domain, op }: Pick<Node, "domain" | "op">): boolean {
  if (domain !== "custom") return false;
  const rule = ownEntry(CUSTOM, op);
  return rule === undefined || rule.unknownBecause !== undefined;
}
