/** The public face of diagnostics, for the extension's worker: it needs the restructurings. */
export { diagnose, diagnoseWeights, type WeightDiagnoses } from "./diagnose.ts";
export type { Answer, Diagnosis } from "./diagnosis.ts";
export type { RuleSettings, RuleSetting, Severity } from "./rule.ts";
