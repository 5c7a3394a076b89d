import type { LayerProfile, Profile, Totals } from "../profile.ts";
import type { AlignedLayers } from "./align-layers.ts";
import { alignStructure } from "./align-structure.ts";

/** Two profiles, row beside row. */
export interface Comparison {
  readonly rows: readonly ComparedRow[];
  readonly totals: readonly ComparedTotal[];
}

/** A layer of both models, or of one of them. */
export type ComparedRow = AlignedLayers<LayerProfile>;

export interface ComparedTotal {
  readonly id: keyof Totals;
  readonly before: number | null;
  readonly after: number | null;
}

type ComparedProfile = Pick<Profile, "layers" | "totals">;

/** Which layer of one model is which of the other. */
export type Align = (before: readonly LayerProfile[], after: readonly LayerProfile[]) => Comparison["rows"];

/** Aligns the layers of two models, by default as `alignStructure` does, and their totals. */
export function compareProfiles(
  before: ComparedProfile,
  after: ComparedProfile,
  align: Align = alignStructure,
): Comparison {
  const ids = Object.keys(before.totals) as (keyof Totals)[];
  return {
    rows: align(before.layers, after.layers),
    totals: ids.map((id) => ({ id, before: before.totals[id], after: after.totals[id] })),
  };
}
