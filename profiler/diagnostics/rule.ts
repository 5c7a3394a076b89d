import { ownEntry } from "../own-entry.ts";
import type { NeutralLayer } from "../neutral/neutral-graph.ts";
import type { Finding, Subject } from "./diagnosis.ts";
import type { Severity } from "./severity.ts";

/** One thing to look for. Settings, documentation and the list of problems are made from these. */
export type Rule = RuleText & (RowRule | WeightRule);

interface RuleText {
  /** Stable; its page in the documentation and its settings are called by it. */
  readonly code: string;
  readonly title: string;
  readonly severity: Severity;
  /** What is looked for, in one sentence. */
  readonly summary: string;
  /** Why it matters and what can be done: for the documentation. */
  readonly explanation: string;
  readonly literature: readonly string[];
  readonly threshold: Threshold | null;
}

export interface Threshold {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly isInteger: boolean;
  /** One sentence. */
  readonly description: string;
}

/** Looks at sizes and costs alone. */
interface RowRule {
  readonly find: (subject: Subject, threshold: number) => readonly Finding[];
}

/** Looks at the numbers of one layer's weights, which are read for it: on demand only. */
interface WeightRule {
  readonly findInWeights: (weights: LayerWeights, threshold: number) => string | undefined;
}

export interface LayerWeights {
  readonly layer: NeutralLayer;
  /** Output channels outermost. */
  readonly shape: readonly number[];
  readonly elements: Float32Array;
  readonly isFloat: boolean;
}

/** What the user set for a rule. */
export interface RuleSetting {
  readonly severity: Severity;
  readonly threshold: number;
}

/** By code; a rule that is left out has its defaults. */
export type RuleSettings = Readonly<Record<string, RuleSetting>>;

export function settingOf({ code, severity, threshold }: Rule, settings: RuleSettings): RuleSetting {
  return ownEntry(settings, code) ?? { severity, threshold: threshold?.default ?? 0 };
}
