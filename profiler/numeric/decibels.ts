/**
 * Signal-to-noise ratio of an error, in decibels.
 * @param error its energy relative to the signal's; null: not finite
 */
export function decibels(error: number | null): number {
  return -10 * Math.log10(error ?? Infinity);
}

/** "38.2", "∞" where nothing differs, "−∞" where the error has no bound. */
export function formatDecibels(error: number | null): string {
  const ratio = decibels(error);
  if (Number.isFinite(ratio)) return ratio.toFixed(1);
  return ratio > 0 ? "∞" : "−∞";
}
