export interface Resampling {
  /** Whether an axis that shrinks takes as many elements as fall into one; without that, fine patterns turn into noise. On when left out. */
  readonly antialias?: boolean;
  /** Bilinear when left out. */
  readonly filter?: FilterName;
}

export type FilterName = "bilinear" | "bicubic";

interface Filter {
  /** How far it reaches, in elements. */
  readonly support: number;
  readonly weight: (distance: number) => number;
}

/** Pillow's: a triangle, and Keys' cubic with a = −½ (1981). */
const FILTERS: Readonly<Record<FilterName, Filter>> = {
  bilinear: { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  bicubic: {
    support: 2,
    weight: (distance) => {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
};

/** Bits behind the point of Pillow's weights: 32 less the 8 of a byte, and 2 that weights may add up beyond. */
const PILLOW_ONE = 2 ** 22;

/**
 * Elements stretched along one axis by interpolation between their centres.
 * @param elements row-major
 * @param size of the axis afterwards
 */
export function resampled(
  elements: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  size: number,
  how: Resampling = {},
): Float32Array {
  return stretched(elements, shape, axis, taps(shape[axis] ?? 1, size, how), (sum) => sum);
}

/** As `resampled` does, of whole numbers from 0 to 255 to such, with the weights of Pillow, whose halves fall the same way. */
export function resampledBytes(
  elements: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  size: number,
  how: Resampling = {},
): Float32Array {
  const whole = taps(shape[axis] ?? 1, size, how).map(({ first, weights }) => ({
    first,
    weights: weights.map((weight) => Math.trunc(weight * PILLOW_ONE + 0.5 * Math.sign(weight))),
  }));
  // Bicubic weights reach below 0 and above 255.
  const byte = (sum: number): number => Math.min(255, Math.max(0, Math.floor(sum / PILLOW_ONE + 0.5)));
  return stretched(elements, shape, axis, whole, byte);
}

function stretched(
  elements: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  made: readonly Tap[],
  finish: (sum: number) => number,
): Float32Array {
  const [before, size] = [shape[axis] ?? 1, made.length];
  if (before === size) return Float32Array.from(elements);
  const inner = shape.slice(axis + 1).reduce((product, each) => product * each, 1);
  const outer = elements.length / (before * inner);
  const result = new Float32Array(outer * size * inner);
  made.forEach(({ first, weights }, place) => {
    for (let block = 0; block < outer; block += 1) {
      for (let element = 0; element < inner; element += 1) {
        let sum = 0;
        weights.forEach((weight, tap) => {
          sum += weight * (elements[(block * before + first + tap) * inner + element] ?? 0);
        });
        result[(block * size + place) * inner + element] = finish(sum);
      }
    }
  });
  return result;
}

interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each new element the old ones it is made of: the filter around its centre, cut at the ends. */
function taps(before: number, size: number, { antialias = true, filter = "bilinear" }: Resampling): readonly Tap[] {
  const { support, weight } = FILTERS[filter];
  const step = before / size;
  const scale = antialias ? Math.max(1, step) : 1;
  const reach = support * scale;
  return Array.from({ length: size }, (_, place) => {
    const centre = (place + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(before, Math.floor(centre + reach + 0.5));
    const weights = Array.from({ length: end - first }, (__, tap) => weight((first + tap + 0.5 - centre) / scale));
    const total = weights.reduce((sum, each) => sum + each, 0);
    return { first, weights: weights.map((each) => each / total) };
  });
}
