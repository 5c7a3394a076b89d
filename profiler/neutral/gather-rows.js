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
