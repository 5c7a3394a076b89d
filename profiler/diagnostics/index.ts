/** The public face of diagnostics, for the extension's worker: it stands apart because rules know the restructurings. */
export { diagnose, diagnoseWeights, weightInspector, type WeightDiagnoses } from "./diagnose.ts";
export type { Answer, Diagnosis } from "./diagnosis.ts";
export { parseSettings } from "./settings.ts";
