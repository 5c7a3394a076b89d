import { isRandom, type CalibrationSpec, type RunComparison } from "../../profiler/editing/index.ts";
import type { Check } from "../../webview/protocol/editing.ts";

/**
 * What running two models told, as a page is told it. What is no numbers stands among the outputs, with
 * that reason.
 */
export function asCheck(
  { samples, outputs, skipped, unmatched, doubts }: RunComparison,
  calibration: CalibrationSpec,
): Check {
  return {
    samples: { ...samples, isRandom: isRandom(calibration) },
    outputs: [
      ...outputs.map(({ names, difference, reason }) => ({
        name: names.a === names.b ? names.a : `${names.a} → ${names.b}`,
        difference: difference ?? null,
        reason: reason ?? null,
      })),
      ...skipped.map(({ name, reason }) => ({ name, difference: null, reason })),
    ],
    unmatched: unmatched.filter((name) => !skipped.some((output) => output.name === name)),
    doubts,
  };
}
