import type { Totals } from "../../profile.ts";
import type { FitBudget } from "../fit/fit-point.ts";

/** What a pruned file's size is made of. */
export interface PrunedSizes {
  /** Bytes of the file without its weights. */
  readonly fixed: number;
  /** Weights that are stored when none is pruned. */
  readonly weights: number;
  /** Of a value that stays. */
  readonly bits: number;
  readonly limits: Pick<FitBudget, "fileBytes" | "downloadBytes">;
}

/** One that was made. */
export interface Pruned {
  /** Share of the weights that stay. */
  readonly density: number;
  readonly fileBytes: number;
  readonly downloadBytes: number | null;
}

/** Bits of a gap beside those that its mean length takes, with its share of what decodes it. */
const GAP_BITS = 3.4;
/** How much of a file of gaps and places a download is, before one is known. */
const DOWNLOAD_SHARE = 0.8;
/** Below it, weights that stay are fewer by more than sizes are out of order. */
const MANY_FEWER = 0.92;
/** What is aimed at: a little below the limit, so that the first that is near enough is within. */
const AIM = 0.99;
/** A model of this share of the limit is near enough. */
const NEAR = 0.975;

/** Models that are made until one is nearly as large as allowed: each tells how many bytes a weight takes. */
const USUAL_TRIES = 4;
/** Until one is within the limits at all. */
const MOST_TRIES = 6;

/** @param dense what the model costs with its weights shared and none pruned */
export function sizesOf(dense: Totals, limits: PrunedSizes["limits"], bits: number): PrunedSizes {
  const weights = (8 * dense.weightBytes) / bits;
  return { fixed: Math.max(0, dense.fileBytes - dense.weightBytes), weights, bits, limits };
}

/**
 * How many of the weights may stay: by the sizes of those that were made.
 * @returns undefined where not even a file without weights would be small enough
 */
export function densityFor(sizes: PrunedSizes, made: readonly Pruned[]): number | undefined {
  const { fileBytes, downloadBytes } = sizes.limits;
  const densities = [
    fileBytes === undefined ? undefined : within(sizes, fileBytes, made, (each) => each.fileBytes, 1),
    downloadBytes === undefined
      ? undefined
      : within(sizes, downloadBytes, made, (each) => each.downloadBytes ?? Infinity, DOWNLOAD_SHARE),
  ].filter((density) => density !== undefined);
  const least = Math.min(...densities);
  return least > 0 ? Math.round(least * 1e5) / 1e5 : undefined;
}

/** Whether another model is not to be made. */
export function isEnough(sizes: PrunedSizes, made: readonly Pruned[]): boolean {
  const isWithin = made.some((each) => shareOf(sizes, each) <= 1);
  return made.length >= (isWithin ? USUAL_TRIES : MOST_TRIES) || isNearly(sizes, made.at(-1)) || isUseless(made);
}

/** Whether a model is within the limits, and nearly as large as they allow. */
export function isNearly(sizes: PrunedSizes, made: Pruned | undefined): boolean {
  if (made === undefined) return false;
  const share = shareOf(sizes, made);
  return share <= 1 && share >= NEAR;
}

/** Of what is allowed. */
function shareOf({ limits }: PrunedSizes, { fileBytes, downloadBytes }: Pruned): number {
  return Math.max(
    fileBytes / (limits.fileBytes ?? Infinity),
    (downloadBytes ?? 0) / (limits.downloadBytes ?? Infinity),
  );
}

/** Whether many fewer weights made no smaller file: what they are stored in takes more than they do, and pruning further is of no use. */
export function isUseless(made: readonly Pruned[]): boolean {
  const [before, last] = made.slice(-2);
  if (before === undefined || last === undefined || last.density > MANY_FEWER * before.density) return false;
  return last.fileBytes >= before.fileBytes;
}

function within(
  { fixed, weights, bits }: PrunedSizes,
  limit: number,
  made: readonly Pruned[],
  sizeOf: (made: Pruned) => number,
  share: number,
): number {
  const wanted = AIM * limit;
  const byDistance = made.toSorted((a, b) => Math.abs(sizeOf(a) - wanted) - Math.abs(sizeOf(b) - wanted));
  const [nearest] = byDistance;
  if (nearest) {
    const isTooLarge = sizeOf(nearest) > wanted;
    const other = byDistance.find((each) => sizeOf(each) > wanted !== isTooLarge);
    // Between one too large and one too small.
    if (other)
      return (
        nearest.density +
        ((wanted - sizeOf(nearest)) * (other.density - nearest.density)) / (sizeOf(other) - sizeOf(nearest))
      );
    // Else in proportion, as two that are near each other tell no slope, and further than all before: sizes are not quite in the order of
    // densities, so that the nearest one would lead to the same density again.
    const last = made.reduce((furthest, each) => (each.density < furthest.density === isTooLarge ? each : furthest));
    return (last.density * (wanted - share * fixed)) / (sizeOf(last) - share * fixed);
  }
  // A gap takes as many bits as its mean length, and so the more the fewer stay.
  const room = 8 * (wanted / share - fixed);
  let density = room / (weights * (bits + GAP_BITS));
  for (let turn = 0; turn < 8; turn += 1)
    density = room / (weights * (bits + GAP_BITS + Math.log2(1 / Math.min(1, Math.max(density, 1e-6)))));
  return density;
}
