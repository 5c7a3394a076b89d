/** Whole numbers of 8 bits, of either sign. */
const MOST = 127;
/** No coarser scale is tried: it would leave half of the whole numbers unused. */
const FEWEST = 64;

/** The scale of which the values are nearest to whole multiples of up to 127, in the sum of squares; 1 where all are zero. */
export function integerScale(values: Float32Array): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return 1;
  let best = { scale: largest / MOST, error: Infinity };
  for (let level = MOST; level >= FEWEST; level -= 1) {
    const scale = largest / level;
    const error = values.reduce((sum, value) => sum + (value - Math.round(value / scale) * scale) ** 2, 0);
    // A finer one that is as near stays: rounding of the values must not choose another.
    if (error < 0.999 * best.error) best = { scale, error };
  }
  return Math.fround(best.scale);
}

/** The nearest values that are whole multiples of one scale: what a file of 8-bit integers can hold. */
export function wholeMultiples(codebook: Float32Array): Float32Array {
  const scale = integerScale(codebook);
  return codebook.map((value) => Math.round(value / scale) * scale);
}
