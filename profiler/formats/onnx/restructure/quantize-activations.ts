import type { Node, TensorId } from "../../../model/model.ts";
import type { FormatAdapter } from "../../../neutral/adapter.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import type { IntegerGrid } from "../../../neutral/integer-grid.ts";

/**
 * Puts a QuantizeLinear and a DequantizeLinear behind activations, which ONNX Runtime takes together with the operators around them.
 * Zero points are always written: without them it fails to load some graphs.
 */
export const quantizeActivations: NonNullable<FormatAdapter["quantizeActivations"]> = (draft, integers) => {
  const readers = readersOf(draft.nodes);
  const settings = new Map<IntegerGrid, readonly [TensorId, TensorId]>();
  const outputs = new Set(draft.model.entries[0].graph.outputs);
  const places = new Map(draft.nodes.map((node, place) => [node, place] as const));
  const makers = new Map(draft.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  for (const [id, grid] of integers) {
    const pair = settings.get(grid) ?? settingsOf(draft, nameOf(draft, id), grid);
    settings.set(grid, pair);
    const name = nameOf(draft, id);
    const integer = draft.addTensor(`${name}.q`);
    const rank = draft.rankOf(id);
    const other = draft.addTensor(outputs.has(id) ? `${name}.f` : `${name}.dq`);
    if (rank !== undefined) for (const made of [integer, other]) draft.setRank(made, rank);
    const maker = makers.get(id);
    // Those of an input belong to what reads it first.
    draft.from = maker ?? draft.nodes[readers.get(id)?.[0] ?? -1];
    // An output keeps its name behind the pair; whatever else is read under its own in front of it.
    const [float, dequantized] = outputs.has(id) ? [other, id] : [id, other];
    for (const place of outputs.has(id) ? [] : (readers.get(id) ?? [])) {
      const node = draft.nodes[place];
      if (node) draft.nodes[place] = reading(node, id, dequantized);
    }
    const place = maker && places.get(maker);
    const made = place === undefined ? undefined : draft.nodes[place];
    if (outputs.has(id) && made && place !== undefined) draft.nodes[place] = making(made, id, float);
    draft.addNode({ op: "QuantizeLinear", inputs: [float, ...pair], outputs: [integer] }, `${name}.q`);
    draft.addNode({ op: "DequantizeLinear", inputs: [integer, ...pair], outputs: [dequantized] }, `${name}.dq`);
  }
};

/** Places of nodes by what they read. */
function readersOf(nodes: readonly Node[]): ReadonlyMap<TensorId, readonly number[]> {
  const readers = new Map<TensorId, number[]>();
  nodes.forEach(({ inputs }, place) => {
    for (const id of new Set(inputs)) {
      const known = readers.get(id);
      if (known) known.push(place);
      else readers.set(id, [place]);
    }
  });
  return readers;
}

function settingsOf(draft: GraphBuilder, name: string, grid: IntegerGrid): readonly [TensorId, TensorId] {
  return [
    draft.addSetting(`${name}.scale`, "float32", [grid.scale], []),
    draft.addSetting(`${name}.zero`, grid.dataType, [grid.zeroPoint], []),
  ];
}

function nameOf({ tensors }: GraphBuilder, id: TensorId): string {
  return tensors[id]?.name ?? "";
}

function reading(node: Node, from: TensorId, to: TensorId): Node {
  return { ...node, isRewired: true, inputs: node.inputs.map((id) => (id === from ? to : id)) };
}

function making(node: Node, from: TensorId, to: TensorId): Node {
  return { ...node, isRewired: true, outputs: node.outputs.map((id) => (id === from ? to : id)) };
}
