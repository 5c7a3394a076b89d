import { ownEntry } from "../../own-entry.ts";
import type { EditOptions } from "../../restructure/options.ts";
import { restructuringOf } from "../../restructure/registry.ts";
import type { Candidate, Restructuring } from "../../restructure/restructuring.ts";

/** Options to try at a place, the mildest first. */
export function strengthsAt({ strengths }: Restructuring, { options = {} }: Candidate): readonly EditOptions[] {
  return strengths ? strengths.values.map((value) => ({ ...options, [strengths.option]: value })) : [options];
}

/**
 * The one edit of the same place that stands for two in a row; undefined where they do not add up to one.
 * @throws {OptionError} for an unknown restructuring
 */
export function combined(id: string, first: EditOptions, second: EditOptions): EditOptions | undefined {
  const { strengths } = restructuringOf(id);
  if (strengths?.isShare !== true) return undefined;
  const shares = [ownEntry(first, strengths.option), ownEntry(second, strengths.option)].map(Number);
  return { ...second, [strengths.option]: rounded(shares.reduce((product, share) => product * share, 1)) };
}

/** To three digits, downwards: what was small enough stays so. */
export function rounded(share: number): number {
  return Math.floor(1000 * share) / 1000;
}
