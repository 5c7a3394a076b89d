import type { Totals } from "../profile.ts";
import type { Edit } from "./edit.ts";
import type { Guarantee } from "./restructuring.ts";

/** An edit that could be made, with what it would save. Plain data. */
export interface Suggestion {
  readonly edit: Edit;
  readonly title: string;
  /** "fully connected, 128×4096 weights" */
  readonly why: string;
  readonly promise: Guarantee;
  /** Names of the layers that it changes or takes out. */
  readonly layers: readonly string[];
  /** Totals of the model after the edit alone. */
  readonly after: Totals;
  /** Part of each total that it saves; negative where it costs. null where a total is unknown. */
  readonly saves: Readonly<Record<SavedTotal, number | null>>;
  /** See `suggest`. */
  readonly score: number;
  /** Positions in the list of suggestions that touch a layer which this one touches: only one of them can be applied as it stands. */
  readonly conflicts: readonly number[];
}

export const SAVED_TOTALS = [
  "parameters",
  "macs",
  "weightBytes",
  "peakMemoryBytes",
  "energyPicojoules",
  "latencySeconds",
] as const;

export type SavedTotal = (typeof SAVED_TOTALS)[number];
