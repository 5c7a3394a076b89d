/**
 * Elements stretched along one axis by linear interpolation between their centres; when it shrinks, over as many as fall into one (without
 * that, fine patterns turn into noise).
 * @param elements row-major
 * @param size of the axis afterwards
 */
export function resampled(
  elements: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  size: number,
): Float32Array {
  const before = shape[axis] ?? 1;
  if (before === size) return Float32Array.from(elements);
  const inner = shape.slice(axis + 1).reduce((product, each) => product * each, 1);
  const outer = elements.length / (before * inner);
  const result = new Float32Array(outer * size * inner);
  taps(before, size).forEach(({ first, weights }, place) => {
    for (let block = 0; block < outer; block += 1) {
      for (let element = 0; element < inner; element += 1) {
        let sum = 0;
        weights.forEach((weight, tap) => {
          sum += weight * (elements[(block * before + first + tap) * inner + element] ?? 0);
        });
        result[(block * size + place) * inner + element] = sum;
      }
    }
  });
  return result;
}

interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each new element the old ones it is made of: a triangle around its centre, cut at the ends. */
function taps(before: number, size: number): readonly Tap[] {
  const step = before / size;
  const reach = Math.max(1, step);
  return Array.from({ length: size }, (_, place) => {
    const centre = (place + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(before, Math.floor(centre + reach + 0.5));
    const weights = Array.from({ length: end - first }, (__, tap) =>
      Math.max(0, 1 - Math.abs((first + tap + 0.5 - centre) / reach)),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}
