import { ACTIVATION_RULES } from "./activation.ts";
import { CONVOLUTION_RULES } from "./convolution.ts";
import { DENSE_RULES } from "./dense.ts";
import { ELEMENTWISE_RULES } from "./elementwise.ts";
import { LAYOUT_RULES } from "./layout.ts";
import { NORMALIZATION_RULES } from "./normalization.ts";
import { POOLING_RULES } from "./pooling.ts";
import { REDUCTION_RULES } from "./reduction.ts";
import { RESIZING_RULES } from "./resizing.ts";
import type { GradientRules } from "./rule.ts";
import { STANDARDIZING_RULES } from "./standardizing.ts";
import { TRANSPOSED_CONVOLUTION_RULES } from "./transposed-convolution.ts";
import { UNARY_FUNCTION_RULES } from "./unary.ts";

/** What can be trained, and trained through: a family of layers a file. */
export const GRADIENT_RULES: GradientRules = {
  ...CONVOLUTION_RULES,
  ...TRANSPOSED_CONVOLUTION_RULES,
  ...DENSE_RULES,
  ...NORMALIZATION_RULES,
  ...ACTIVATION_RULES,
  ...POOLING_RULES,
  ...REDUCTION_RULES,
  ...LAYOUT_RULES,
  ...ELEMENTWISE_RULES,
  ...UNARY_FUNCTION_RULES,
  ...STANDARDIZING_RULES,
  ...RESIZING_RULES,
};
