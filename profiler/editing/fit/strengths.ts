import type { EditOptions, OptionValue } from "../../restructure/options.ts";
import type { Candidate, Restructuring } from "../../restructure/restructuring.ts";

/** Values of the option that says how far an edit goes, the mildest first. */
interface Ladder {
  readonly option: string;
  readonly rungs: readonly OptionValue[];
  /** The option is a share of what is there: going on after one such edit is one edit of the product. */
  readonly isShare?: true;
}

const RANKS: Ladder = { option: "cost", rungs: [0.75, 0.5, 0.25, 0.125], isShare: true };

/** Of restructurings that go more or less far, by their ids; the others have one way. */
const LADDERS: Readonly<Record<string, Ladder>> = {
  "reduce-channels": { option: "ratio", rungs: [0.9, 0.75, 0.5, 0.25], isShare: true },
  "dense-low-rank": RANKS,
  "split-channels": RANKS,
  "split-spatial": RANKS,
  separable: { option: "multiplier", rungs: [4, 2, 1] },
  "shrink-kernel": { option: "share", rungs: [0.25, 0.5, 1] },
  "group-and-shuffle": { option: "groups", rungs: [2, 4, 8] },
  "reduce-resolution": { option: "ratio", rungs: [0.75, 0.5] },
};

/** Options to try at a place, the mildest first. */
export function rungsOf({ id }: Restructuring, { options = {} }: Candidate): readonly EditOptions[] {
  const ladder = LADDERS[id];
  return ladder ? ladder.rungs.map((value) => ({ ...options, [ladder.option]: value })) : [options];
}

/** The one edit of the same place that stands for two in a row; undefined where they do not add up to one. */
export function combined(id: string, first: EditOptions, second: EditOptions): EditOptions | undefined {
  const ladder = LADDERS[id];
  if (ladder?.isShare !== true) return undefined;
  const shares = [first[ladder.option], second[ladder.option]].map(Number);
  return { ...second, [ladder.option]: rounded(shares.reduce((product, share) => product * share, 1)) };
}

/** To three digits, downwards: what was small enough stays so. */
export function rounded(share: number): number {
  return Math.floor(1000 * share) / 1000;
}
