import { DEFAULT_SIZE } from "../bindings.ts";
import { isFloat } from "../model/data-type.ts";
import { Random } from "../numeric/random.ts";
import { newArray, type NumericType } from "../tensors/numeric-tensor.ts";
import type { Range } from "../tensors/port.ts";
import { channelAxis, type SampledInput } from "./input-layout.ts";
import type { InputReader } from "./input-reader.ts";

/** What integers hold when the model does not tell: bytes are pictures, wider ones are masks and kinds, of which 0 and 1 always exist. */
const INTEGER_RANGES: Partial<Record<NumericType, Range>> = {
  uint8: { low: 0, high: 255 },
  int8: { low: -128, high: 127 },
};
const NARROW: Range = { low: 0, high: 1 };

/**
 * Synthetic samples of a plausible range: what the model tells, else [0, 1) for pictures and standard normal for other floats. Sample i is
 * the same whatever is read before it.
 */
export function randomReader(input: SampledInput, place: number, seed: number): InputReader {
  const shape = input.shape.map((size) => (typeof size === "string" ? DEFAULT_SIZE : size));
  const elements = shape.reduce((product, size) => product * size, 1);
  const draw = drawer(input);
  return {
    count: undefined,
    shape,
    description: `seeded random (seed ${seed})`,
    read(start, count) {
      const data = newArray(input.dataType, count * elements);
      for (let sample = 0; sample < count; sample += 1) {
        const random = new Random(mix(mix(mix(seed) ^ place) ^ (start + sample)));
        for (let index = 0; index < elements; index += 1) data[sample * elements + index] = draw(random);
      }
      return Promise.resolve(data);
    },
    close: () => Promise.resolve(),
  };
}

function drawer({ dataType, shape, range }: SampledInput): (random: Random) => number {
  const { among = [] } = range ?? {};
  if (among.length > 0) return (random) => among[Math.floor(among.length * random.uniform())] ?? 0;
  if (isFloat(dataType)) {
    if (range !== undefined) return (random) => range.low + (range.high - range.low) * random.uniform();
    const isPicture = channelAxis(shape) !== undefined;
    return isPicture ? (random) => random.uniform() : (random) => random.normal();
  }
  const { low, high } = range ?? INTEGER_RANGES[dataType] ?? NARROW;
  return (random) => low + Math.floor((high - low + 1) * random.uniform());
}

/** The finalizer of MurmurHash3: neighbouring numbers become unlike ones. */
function mix(value: number): number {
  let bits = (value + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
