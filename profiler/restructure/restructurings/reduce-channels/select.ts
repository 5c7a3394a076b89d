import type { ChannelGroup, Channels, UnitClass } from "./groups.ts";
import type { Unit } from "./channel-map.ts";
import type { Importance } from "./importance.ts";
import { Macs, type KeptCounts } from "./sizes.ts";

/** Halvings of the interval in which a multiplier is sought: beyond what whole channels can tell apart. */
const BISECTIONS = 40;

/** Units of a group that widths are multiples of. */
export type StepOf = (group: ChannelGroup) => number;

const ANY: StepOf = () => 1;

/** The same share of every class, rounded to whole steps, and never none; a class that has no whole step stays as it is. */
export function countsAt(groups: readonly ChannelGroup[], ratio: number, stepOf = ANY): KeptCounts {
  return new Map(
    groups.flatMap((group) => group.classes.map((each) => [each, countOf(each, ratio, stepOf(group))] as const)),
  );
}

function countOf({ units }: UnitClass, ratio: number, step: number): number {
  return Math.min(units.length, Math.max(step, Math.round((units.length * ratio) / step) * step));
}

/**
 * The largest multiplier with which the layers that the groups reach into need at most that share of their multiply-accumulates.
 * @returns undefined when even one step of channels each is more
 */
export function countsForMacs(
  channels: Channels,
  groups: readonly ChannelGroup[],
  share: number,
  stepOf = ANY,
): KeptCounts | undefined {
  const macs = new Macs(channels);
  const isWhole = groups.length === channels.groups.length;
  const layers = isWhole ? undefined : macs.layersOf(groups.flatMap(({ classes }) => classes));
  const most = share * macs.total(new Map(), layers);
  const fits = (ratio: number): boolean => macs.total(countsAt(groups, ratio, stepOf), layers) <= most;
  if (!fits(0)) return undefined;
  let [low, high] = [0, 1];
  if (fits(high)) return countsAt(groups, high, stepOf);
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return countsAt(groups, low, stepOf);
}

/** Units to take out: the least important of each class, the last ones where they are equal. */
export function leastImportant(kept: KeptCounts, importance: Importance): ReadonlySet<Unit> {
  return new Set(
    [...kept].flatMap(([{ units }, count]) => {
      const ranked = units.toSorted((a, b) => (importance.get(b) ?? 0) - (importance.get(a) ?? 0) || a - b);
      return ranked.slice(count);
    }),
  );
}
