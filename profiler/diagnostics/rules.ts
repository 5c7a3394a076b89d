import type { Rule } from "./rule.ts";
import { INTEGER_RULES } from "./integer-rules.ts";
import { SHARE_RULES } from "./share-rules.ts";
import { STRUCTURE_RULES } from "./structure-rules.ts";
import { WEIGHT_RULES } from "./weight-rules.ts";

/** All rules. Diagnostics, their settings and their documentation are made from this list. */
export const RULES: readonly Rule[] = [...STRUCTURE_RULES, ...SHARE_RULES, ...INTEGER_RULES, ...WEIGHT_RULES];
