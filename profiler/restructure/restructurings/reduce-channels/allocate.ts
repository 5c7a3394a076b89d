import { setImmediate as nextTurn } from "node:timers/promises";
import { solveNormalEquations } from "../../../numeric/least-squares.ts";
import { RuntimeProducts } from "../../../runtime/runtime-products.ts";
import type { ChannelGroup, Channels } from "./groups.ts";
import type { Unit } from "./channel-map.ts";
import type { Importance } from "./importance.ts";
import type { Harm, Harms } from "./reconstruction.ts";
import { countsAt, leastImportant, type StepOf } from "./select.ts";
import { Macs, type KeptCounts } from "./sizes.ts";

/** Widths of a group that are told apart: every thirty-second of its channels. */
const WIDTHS = 32;

/** One width of a group. */
interface Width {
  readonly counts: KeptCounts;
  /** What the layers behind then err at least, relative to what they make of the group's channels. */
  readonly error: number;
}

/**
 * Widths for each group of its own, with which the network needs at most a share of its multiply-accumulates: step by step the next width
 * of the group that errs least for what it saves. Groups whose harm is not known stay as they are.
 * @returns undefined when that share is less than the narrowest of these widths need
 */
export async function countsByError(
  channels: Channels,
  harms: Harms,
  importance: Importance,
  share: number,
  stepOf: StepOf,
  signal?: AbortSignal,
): Promise<KeptCounts | undefined> {
  const widthsByGroup: (readonly Width[])[] = [];
  for (const [group, harm] of harms)
    if (typeof harm !== "string") widthsByGroup.push(await widthsOf(group, harm, importance, stepOf, signal));
  const macs = new Macs(channels);
  const most = share * macs.total();
  const taken = widthsByGroup.map(() => 0);
  const countsWith = (changed?: number): KeptCounts =>
    new Map(
      widthsByGroup.flatMap((widths, place) => [
        ...(widths[(taken[place] ?? 0) + Number(place === changed)]?.counts ?? []),
      ]),
    );
  for (let now = macs.total(countsWith()); now > most; now = macs.total(countsWith())) {
    signal?.throwIfAborted();
    const rates = widthsByGroup.map((widths, place) => {
      const [width, next] = widths.slice(taken[place], (taken[place] ?? 0) + 2);
      const saved = next ? now - macs.total(countsWith(place)) : 0;
      return width && next && saved > 0 ? (next.error - width.error) / saved : Infinity;
    });
    const best = rates.indexOf(Math.min(...rates));
    if (!Number.isFinite(rates[best])) return undefined;
    taken[best] = (taken[best] ?? 0) + 1;
  }
  return countsWith();
}

/** From all channels down; only widths that differ. An error never falls. */
async function widthsOf(
  group: ChannelGroup,
  harm: Harm,
  importance: Importance,
  stepOf: StepOf,
  signal: AbortSignal | undefined,
): Promise<readonly Width[]> {
  const widths = new Map<string, Width>();
  let error = 0;
  for (let step = 0; step < WIDTHS; step += 1) {
    const counts = countsAt([group], 1 - step / WIDTHS, stepOf);
    const key = [...counts.values()].join();
    if (widths.has(key)) continue;
    await nextTurn();
    signal?.throwIfAborted();
    error = Math.max(error, await leastError(harm, leastImportant(counts, importance)));
    widths.set(key, { counts, error });
  }
  return [...widths.values()];
}

const PRODUCTS = new RuntimeProducts();

/** The error that is left when the units that stay are weighed anew, each as a whole: what refitting their layers can make up for at least. */
async function leastError({ units, products }: Harm, removed: ReadonlySet<Unit>): Promise<number> {
  const places = [...units.keys()];
  const [gone, kept] = [true, false].map((isGone) => places.filter((at) => removed.has(units[at] ?? -1) === isGone));
  if (!gone || !kept) return 0;
  const product = (row: number, column: number): number => products[row * units.length + column] ?? 0;
  const shared = (row: number): number => gone.reduce((sum, column) => sum + product(row, column), 0);
  const lost = gone.reduce((sum, row) => sum + shared(row), 0);
  const moments = kept.map(shared);
  const gram = kept.flatMap((row) => kept.map((column) => product(row, column)));
  const weights = await solveNormalEquations(kept.length, gram, 1, moments, PRODUCTS);
  return lost - moments.reduce((sum, moment, index) => sum + moment * (weights.data[index] ?? 0), 0);
}
