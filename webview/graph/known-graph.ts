import type { LayerProfile, Structure } from "../../profiler/profile.ts";
import { outlineOf, type Box, type Outline } from "../../profiler/views/graph-outline.ts";
import { identicalBlocks } from "../../profiler/views/identical-blocks.ts";

export interface KnownGraph {
  readonly outline: Outline;
  /** For each box with others in it, all boxes that hold the same. */
  readonly alike: ReadonlyMap<string, readonly Box[]>;
}

/** Of the rows that the page shows: a visit to another tab loses nothing. */
const known = new WeakMap<readonly LayerProfile[], KnownGraph>();

export function knownGraph(layers: readonly LayerProfile[], structure: Structure): KnownGraph {
  const kept = known.get(layers);
  if (kept) return kept;
  const outline = outlineOf(layers, structure);
  const graph = { outline, alike: identicalBlocks(outline, structure.edges) };
  known.set(layers, graph);
  return graph;
}
