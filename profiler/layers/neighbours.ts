import { edgesOf } from "./edges.ts";
import type { Layer } from "./layer.ts";

/** Rows beside each row, by index; those that only follow from constants or compute sizes make nothing that a layer computes with. */
export interface Neighbours {
  readonly makers: (row: number) => readonly number[];
  readonly readers: (row: number) => readonly number[];
}

export function neighboursOf(layers: readonly Layer[]): Neighbours {
  const makers = layers.map((): number[] => []);
  const readers = layers.map((): number[] => []);
  for (const { from, to } of edgesOf(layers)) {
    if (layers[from]?.role !== "compute") continue;
    makers[to]?.push(from);
    readers[from]?.push(to);
  }
  return { makers: (row) => makers[row] ?? NOBODY, readers: (row) => readers[row] ?? NOBODY };
}

const NOBODY: readonly never[] = [];
