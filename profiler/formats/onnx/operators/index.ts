import type { OperatorTable } from "../../../operators/operator-rule.ts";
import { ACTIVATION } from "./activation.ts";
import { CASTING } from "./casting.ts";
import { CONSTANTS } from "./constants.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { INDEXING } from "./indexing.ts";
import { LAYOUT } from "./layout.ts";
import { RANDOM } from "./random.ts";
import { REDUCTION } from "./reduction.ts";
import { RESHAPING } from "./reshaping.ts";
import { SHAPE_ARITHMETIC } from "./shape-arithmetic.ts";

/** What Edgewise knows of ONNX's operators, by domain ("" is the default one) and name, for every version of each. */
export const ONNX_OPERATORS: OperatorTable = new Map([
  [
    "",
    {
      ...ACTIVATION,
      ...CASTING,
      ...CONSTANTS,
      ...ELEMENTWISE,
      ...INDEXING,
      ...LAYOUT,
      ...RANDOM,
      ...REDUCTION,
      ...RESHAPING,
      ...SHAPE_ARITHMETIC,
    },
  ],
]);
