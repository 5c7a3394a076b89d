import type { Edge } from "../profile.ts";
import type { Layer } from "./layer.ts";

/**
 * Which layer's outputs feed which layer. A tensor that several rows claim (a node with bodies is listed before the row that really
 * makes its output) comes from the last of them; an edge that the network has more than once is listed once.
 */
export function edgesOf(layers: readonly Layer[]): readonly Edge[] {
  const makers = makersOf(layers);
  const edges: Edge[] = [];
  for (const { index, inputs } of layers) {
    const firstOwn = edges.length;
    for (const { key } of inputs) {
      const maker = makers.get(key);
      if (maker === undefined || maker.from === index) continue;
      const { from, output } = maker;
      const isListed = edges.slice(firstOwn).some((edge) => edge.from === from && edge.output === output);
      if (!isListed) edges.push({ from, output, to: index });
    }
  }
  return edges;
}

/** Who makes the tensor of each key, and as which of its outputs. */
function makersOf(layers: readonly Layer[]): ReadonlyMap<string, Omit<Edge, "to">> {
  const makers = new Map<string, Omit<Edge, "to">>();
  for (const { index, outputs } of layers) {
    outputs.forEach(({ key }, output) => {
      if (key !== "") makers.set(key, { from: index, output });
    });
  }
  return makers;
}
