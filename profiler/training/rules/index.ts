import { ACTIVATION_RULES } from "./activation.ts";
import { CONVOLUTION_RULES } from "./convolution.ts";
import { DENSE_RULES } from "./dense.ts";
import { ELEMENTWISE_RULES } from "./elementwise.ts";
import { LAYOUT_RULES } from "./layout.ts";
import { NORMALIZATION_RULES } from "./normalization.ts";
import { POOLING_RULES } from "./pooling.ts";
import { REDUCTION_RULES } from "./reduction.ts";
import type { GradientRules } from "./rule.ts";

/** What can be trained, and trained through: a family of layers a file. */
export const GRADIENT_RULES: GradientRules = {
  ...CONVOLUTION_RULES,
  ...DENSE_RULES,
  ...NORMALIZATION_RULES,
  ...ACTIVATION_RULES,
  ...POOLING_RULES,
  ...REDUCTION_RULES,
  ...LAYOUT_RULES,
  ...ELEMENTWISE_RULES,
};
