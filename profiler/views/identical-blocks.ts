import { formatShape } from "../format-numbers.ts";
import type { Edge, LayerProfile } from "../profile.ts";
import type { Box, Outline } from "./graph-outline.ts";

/**
 * Boxes that hold the same: the same operators with the same sizes, wired alike, whatever their names and weights.
 * @returns for each box with others in it, all boxes like it, itself among them, in the order of the file
 */
export function identicalBlocks(outline: Outline, edges: readonly Edge[]): ReadonlyMap<string, readonly Box[]> {
  const outgoing = new Map<number, Edge[]>();
  for (const edge of edges) {
    const known = outgoing.get(edge.from);
    if (known) known.push(edge);
    else outgoing.set(edge.from, [edge]);
  }
  const groups = new Map<string, Box[]>();
  const found = new Map<string, readonly Box[]>();
  for (const box of outline.boxes.values()) {
    if (box.children.length === 0) continue;
    const key = describe(box, outgoing);
    const group = groups.get(key) ?? [];
    group.push(box);
    groups.set(key, group);
    found.set(box.id, group);
  }
  return found;
}

function describe({ layers }: Box, outgoing: ReadonlyMap<number, readonly Edge[]>): string {
  const places = new Map(layers.map(({ index }, place) => [index, place]));
  const wires = layers.flatMap(({ index }, place) =>
    (outgoing.get(index) ?? []).flatMap(({ output, to }) => {
      const end = places.get(to);
      return end === undefined ? [] : [`${place}.${output}-${end}`];
    }),
  );
  return JSON.stringify([layers.map(describeLayer), wires.sort()]);
}

/** By the sizes of constants, not by parameters: of weights that several layers share only the first has those. */
function describeLayer({ op, macs, inputs, outputs }: LayerProfile): string {
  const constants = inputs.filter(({ isConstant }) => isConstant);
  const tensors = [...constants, ...outputs].map(
    ({ shape, dtype }) => `${shape ? formatShape(shape) : "?"} ${dtype ?? "?"}`,
  );
  return [op, macs, ...tensors].join(" ");
}
