import type { LayerProfile, Structure } from "../profile.ts";

/**
 * Indices of the rows that work on data: what comes from the caller, from outside of a body, or from a row of that kind. What a run would
 * compute from constants and shapes alone (masks, positions, index grids: four fifths of the rows of an exported Swin transformer) is the
 * same in every run and leads nobody through the network, unless it has weights or MACs.
 */
export function dataRows(layers: readonly LayerProfile[], { edges }: Pick<Structure, "edges">): ReadonlySet<number> {
  const makers = new Map<number, { readonly rows: number[]; readonly names: Set<string> }>();
  for (const { from, output, to } of edges) {
    const known = makers.get(to) ?? { rows: [], names: new Set<string>() };
    known.rows.push(from);
    known.names.add(layers[from]?.outputs[output]?.name ?? "");
    makers.set(to, known);
  }
  const readers = new Map<number, number[]>();
  for (const { from, to } of edges) {
    const known = readers.get(from);
    if (known) known.push(to);
    else readers.set(from, [to]);
  }
  const found = new Set<number>();
  const waiting = layers.filter((layer) => isStart(layer, makers.get(layer.index)?.names)).map(({ index }) => index);
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    if (found.has(row) || layers[row]?.role !== "compute") continue;
    found.add(row);
    waiting.push(...(readers.get(row) ?? []));
  }
  return found;
}

/** A single number scales what it is given, and is no weight to speak of. */
const SCALAR = 1;

/** Reads what no row makes, or has something to show in its own right. */
function isStart({ role, inputs, parameters, macs }: LayerProfile, made: ReadonlySet<string> = new Set()): boolean {
  if (role !== "compute") return false;
  return (
    inputs.length === 0 ||
    (parameters ?? 0) > SCALAR ||
    (macs ?? 0) > 0 ||
    inputs.some(({ name, isConstant }) => !isConstant && !made.has(name))
  );
}
