import type { Layer } from "./layer.ts";

/** An output of one layer that another one reads. */
export interface Edge {
  readonly from: number;
  /** Position in the outputs of `from`. */
  readonly output: number;
  readonly to: number;
}

/**
 * Which layer's outputs feed which layer. A tensor that several rows claim (a node with bodies is listed before the row that really
 * makes its output) comes from the last of them; an edge that the network has more than once is listed once. Rows that run inside
 * another have none: that other has theirs.
 */
export function edgesOf(layers: readonly Layer[]): readonly Edge[] {
  const makers = makersOf(layers);
  const edges: Edge[] = [];
  layers.forEach(({ inputs, role }, index) => {
    if (role === "fused") return;
    const read: Maker[] = [];
    for (const { key } of inputs) {
      const maker = makers.get(key);
      if (maker === undefined || maker.from === index || read.includes(maker)) continue;
      read.push(maker);
      edges.push({ from: maker.from, output: maker.output, to: index });
    }
  });
  return edges;
}

type Maker = Omit<Edge, "to">;

/** Who makes the tensor of each key, and as which of its outputs. */
function makersOf(layers: readonly Layer[]): ReadonlyMap<string, Maker> {
  const makers = new Map<string, Maker>();
  layers.forEach(({ outputs, role }, from) => {
    if (role === "fused") return;
    outputs.forEach(({ key }, output) => {
      if (key !== "") makers.set(key, { from, output });
    });
  });
  return makers;
}
