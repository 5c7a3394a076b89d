import type { Edge } from "../profile.ts";
import type { Layer } from "./layer.ts";

/**
 * Which layer's outputs feed which layer. A tensor that several rows claim (a node with bodies is listed before the row that really
 * makes its output) comes from the last of them; an edge that the network has more than once is listed once.
 */
export function edgesOf(layers: readonly Layer[]): readonly Edge[] {
  const makers = new Map<string, readonly [layer: number, output: number]>();
  for (const { index, outputs } of layers) {
    outputs.forEach(({ key }, position) => {
      if (key !== "") makers.set(key, [index, position]);
    });
  }
  return layers.flatMap(({ index, inputs }) => {
    const sources = new Set(inputs.map(({ key }) => makers.get(key)).filter((maker) => maker !== undefined));
    return [...sources]
      .filter(([maker]) => maker !== index)
      .map(([from, output]): Edge => ({ from, output, to: index }));
  });
}
