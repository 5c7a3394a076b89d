// Rows of what layers are given, taken where the activations are: here, or in a runtime's process. Plain JavaScript, so that a process loads
// it without a compiler.

/** In the padding, or between the elements of a transposed convolution's input. */
export const OUTSIDE = -1;

/**
 * @param data samples one after the other
 * @param places which elements rows are made of
 * @param rows rows × (channels · taps), whatever it holds
 */
export function gatherRows(data, { samples, offsets, taps, channels, channelStep, sampleLength, isByChannel }, rows) {
  const columns = channels * taps;
  // What is read one after the other lies near together: a channel of a sample, or a window with all of its channels.
  for (let from = 0; from < samples.length;) {
    const sample = samples[from];
    let to = from + 1;
    while (isByChannel && samples[to] === sample) to += 1;
    for (let channel = 0; channel < channels; channel += 1) {
      const start = sample * sampleLength + channel * channelStep;
      for (let row = from; row < to; row += 1) {
        const own = row * columns + channel * taps;
        for (let tap = 0; tap < taps; tap += 1) {
          const offset = offsets[row * taps + tap];
          rows[own + tap] = offset === OUTSIDE ? 0 : data[start + offset];
        }
      }
    }
    from = to;
  }
}

/**
 * Takes the mean of each column off it, in place, as rows may take gigabytes.
 * @param rows rows × columns
 * @returns the means
 */
export function centreColumns(rows, columns) {
  const sums = new Float64Array(columns);
  for (let start = 0; start < rows.length; start += columns)
    for (let column = 0; column < columns; column += 1) sums[column] += rows[start + column];
  const count = Math.max(rows.length / columns, 1);
  const means = Float32Array.from(sums, (sum) => sum / count);
  for (let start = 0; start < rows.length; start += columns)
    for (let column = 0; column < columns; column += 1) rows[start + column] -= means[column];
  return means;
}
