import type { TensorId } from "../../../model/model.ts";
import type { Activations, ActivationSource } from "../../../neutral/activations.ts";
import { gridOver, INTEGER_LIMITS, type IntegerGrid } from "../../../neutral/integer-grid.ts";
import { Random } from "../../../numeric/random.ts";
import type { GridGroup } from "./integer-plan.ts";

/** Numbers of a tensor that ranges are tried on. */
const LOOKED_AT = 2 ** 15;

/** What samples show of a tensor. */
interface Seen {
  least: number;
  most: number;
  count: number;
  readonly values: Float32Array;
}

/**
 * The integers of each group: those that err least on the samples.
 * @param source the graph as it is before it is quantized
 * @param dataType of all of them
 */
export async function gridsOf(
  groups: readonly GridGroup[],
  source: ActivationSource,
  dataType: IntegerGrid["dataType"],
  { seed, signal, cuts }: { readonly seed: number; readonly signal?: AbortSignal | undefined; readonly cuts: Cuts },
): Promise<ReadonlyMap<GridGroup, IntegerGrid>> {
  const open = groups.filter(({ fixed }) => fixed === undefined);
  const wanted = [...new Set(open.flatMap(({ sources }) => sources))];
  const seen = new Map<TensorId, Seen>();
  const random = new Random(seed);
  if (wanted.length > 0) {
    for await (const batch of source.capture(wanted)) {
      signal?.throwIfAborted();
      for (const [id, activations] of batch) {
        const known = seen.get(id) ?? { least: 0, most: 0, count: 0, values: new Float32Array(LOOKED_AT) };
        seen.set(id, known);
        look(known, activations, random);
      }
    }
  }
  return new Map(
    groups.map((group) => {
      const { fixed, sources } = group;
      if (fixed) return [group, { dataType, ...fixed }];
      const shown = sources.flatMap((id) => seen.get(id) ?? []);
      return [group, bestGrid(dataType, group, shown, cuts)];
    }),
  );
}

/** Each number with the same chance of being kept (reservoir sampling). */
function look(seen: Seen, { data }: Activations, random: Random): void {
  const { values } = seen;
  for (const value of data) {
    if (value < seen.least) seen.least = value;
    if (value > seen.most) seen.most = value;
    const place = seen.count < LOOKED_AT ? seen.count : Math.floor(random.uniform() * (seen.count + 1));
    if (place < LOOKED_AT) values[place] = value;
    seen.count += 1;
  }
}

/** How ranges are chosen. */
export interface Cuts {
  /** Ends of ranges that are tried, as shares of the least and the largest number, the widest first. */
  readonly tried: readonly number[];
  /** Each low end is tried with each high one: where numbers lie far out on both sides, cutting one of them alone gains little. */
  readonly isJoint: boolean;
  /**
   * What a cut number's squared error counts for. Those that are cut err to one side, and stand beside each other: in sums of the next layer
   * their errors add up, where those of rounding cancel.
   */
  readonly weight: number;
  /** A cut is worth it where it leaves so much of the error. Others than the samples reach as far as these at times. */
  readonly worth: number;
}

/** Cut only where a few numbers lie far out. */
export const WIDE: Cuts = { tried: [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], isJoint: true, weight: 16, worth: 0.5 };

/** Cut wherever the error is less, in steps of 2 %. */
export const NARROW: Cuts = {
  tried: Array.from({ length: 46 }, (_, step) => 1 - 0.02 * step),
  isJoint: false,
  weight: 64,
  worth: 0.9,
};

function bestGrid(
  dataType: IntegerGrid["dataType"],
  { least: lowest, most: highest }: GridGroup,
  seen: readonly Seen[],
  { tried, isJoint, weight, worth }: Cuts,
): IntegerGrid {
  const least = Math.max(lowest, Math.min(0, ...seen.map((one) => one.least)));
  const most = Math.min(highest, Math.max(0, ...seen.map((one) => one.most)));
  const errorOf = (grid: IntegerGrid): number => seen.reduce((sum, one) => sum + squaredError(grid, one, weight), 0);
  let [low, high] = [1, 1];
  let best = gridOver(dataType, least, most);
  let bestError = worth * errorOf(best);
  const tryCut = (lower: number, higher: number): void => {
    const grid = gridOver(dataType, lower * least, higher * most);
    const error = errorOf(grid);
    if (error >= bestError) return;
    [low, high, best, bestError] = [lower, higher, grid, error];
  };
  const [lows, highs] = [least < 0 ? tried : [1], most > 0 ? tried : [1]];
  if (isJoint) {
    for (const lower of lows) for (const higher of highs) tryCut(lower, higher);
    return best;
  }
  // One end after the other, and again where the other end stands elsewhere by then.
  for (let turn = 0; turn < 2; turn += 1) {
    for (const share of highs) tryCut(low, share);
    for (const share of lows) tryCut(share, high);
  }
  return best;
}

function squaredError({ scale, zeroPoint, dataType }: IntegerGrid, { values, count }: Seen, weight: number): number {
  const [lowest, highest] = INTEGER_LIMITS[dataType];
  const [least, most] = [lowest - zeroPoint, highest - zeroPoint];
  const inverse = 1 / scale;
  let sum = 0;
  const length = Math.min(count, values.length);
  for (let at = 0; at < length; at += 1) {
    const value = values[at] ?? 0;
    let level = Math.round(value * inverse);
    const isCut = level < least || level > most;
    if (isCut) level = level < least ? least : most;
    const error = value - level * scale;
    sum += (isCut ? weight : 1) * error * error;
  }
  return length === 0 ? 0 : (sum / length) * count;
}
