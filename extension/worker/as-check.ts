import { isRandom, type CalibrationSpec, type Difference, type RunComparison } from "../../profiler/editing/index.ts";
import type { Check, CheckedDifference } from "../../webview/protocol/editing.ts";

/**
 * What running two models told, as a page is told it. Plain numbers only: VS Code sends messages as JSON, which has no infinity. What is
 * no numbers stands among the outputs, with that reason.
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
        difference: difference ? asDifference(difference) : null,
        reason: reason ?? null,
      })),
      ...skipped.map(({ name, reason }) => ({ name, difference: null, reason })),
    ],
    unmatched: unmatched.filter((name) => !skipped.some((output) => output.name === name)),
    doubts,
  };
}

function asDifference({
  maxAbsolute,
  maxRelative,
  rms,
  snr,
  cosine,
  top1,
  unlikeNonFinite,
}: Difference): CheckedDifference {
  return {
    isIdentical: maxAbsolute === 0 && unlikeNonFinite === 0,
    maxAbsolute: finite(maxAbsolute),
    maxRelative: finite(maxRelative),
    rms: finite(rms),
    snr: finite(snr),
    cosine: finite(cosine) ?? 0,
    top1: top1 ?? null,
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
