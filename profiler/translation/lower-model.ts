import { ABSENT, type Entry, type Graph, type Model, type Node, type TensorId } from "../model/model.ts";
import { count } from "../counters.ts";
import { executionOrder, knownInOrder } from "../operators/execution-order.ts";
import { GraphEdit } from "../operators/graph-edit.ts";
import { GraphIndex } from "../operators/graph-index.ts";
import { withoutDead } from "../neutral/dead-code.ts";
import { GraphBuilder } from "../neutral/graph-builder.ts";
import { formatOf } from "../formats/formats.ts";
import { namedNodes, uniqueName, type TakenNames } from "../operators/layer-names.ts";
import type { Form } from "../neutral/forms.ts";
import type { Weights } from "../neutral/weights.ts";
import type { LayerId, NeutralGraph, NeutralLayer } from "../neutral/neutral-graph.ts";
import { LoweringError } from "../neutral/lowering-error.ts";
import type { Rewrite, TensorRef } from "../neutral/rewrite.ts";
import { refreshDeclared } from "./stale-types.ts";

export interface Lowering {
  /** false for a prediction: new constants get their size and no bytes. */
  readonly readsWeights: boolean;
}

/**
 * The model that a rewrite makes of another one. Tensor ids stay; what the rewrite does not name keeps its place in the file.
 * @param lifted what `liftModel` made of the model
 * @throws {LoweringError} when the format cannot express it
 */
export async function lowerRewrite(
  model: Model,
  lifted: NeutralGraph,
  rewrite: Rewrite,
  { readsWeights }: Lowering,
): Promise<Model> {
  const old = model.entries[0].graph;
  const draft = new GraphBuilder(model, old, lifted.tensors, readsWeights);
  const fresh = freshTensors(rewrite, draft);
  const resolve = (ref: TensorRef): TensorId => {
    const id = typeof ref === "number" ? ref : fresh.get(ref);
    if (id === undefined) throw new LoweringError(`no layer of the rewrite makes "${ref}"`);
    return id;
  };
  await lowerLayers(old, lifted, rewrite, draft, resolve);
  formatOf(model).adapter.finish?.(draft);
  resizeInputs(rewrite, draft);
  await foldConstants(rewrite, draft);
  const nodes = rewired(old, draft, renaming(lifted, rewrite, resolve));
  if (nodes !== draft.nodes) draft.nodes.splice(0, draft.nodes.length, ...nodes);
  if (rewrite.integers) formatOf(model).adapter.quantizeActivations?.(draft, rewrite.integers, rewrite.ioType);
  const alive = withoutDead(old, { ...old, tensors: draft.tensors, nodes: [...draft.nodes] });
  const edit = GraphEdit.of(old, alive);
  const graph = ordered(
    edit,
    draft.withNamesBack(alive, (id) => edit.makerOf(id) !== undefined),
  );
  const entries = model.entries.map((entry) => (entry.graph === old ? { ...entry, graph } : entry));
  const [first = { name: "", graph }, ...others] = entries;
  const changed = {
    ...model,
    opsets: opsetsWith(model, draft.added),
    entries: [first, ...others] satisfies [Entry, ...Entry[]],
  };
  const edited = refreshDeclared(changed, model);
  return { ...edited, fileBytes: await formatOf(model).adapter.fileBytes(edited, model) };
}

/** With those of new operators that the model had none of yet. */
function opsetsWith({ opsets }: Model, added: readonly Node[]): Model["opsets"] {
  const missing = added.filter(({ domain }) => domain !== "" && !opsets.has(domain));
  if (missing.length === 0) return opsets;
  return new Map([...opsets, ...missing.map(({ domain, version }): [string, number] => [domain, version])]);
}

function freshTensors({ insert = [] }: Rewrite, draft: GraphBuilder): ReadonlyMap<string, TensorId> {
  const names = insert.flatMap(({ outputs }) => outputs).filter((ref) => typeof ref === "string");
  return new Map(names.map((name) => [name, draft.addTensor(name)]));
}

/** New layers stand where the first layer stood that they take the place of. */
async function lowerLayers(
  old: Graph,
  lifted: NeutralGraph,
  { remove = [], replace = new Map<LayerId, Form>(), insert = [] }: Rewrite,
  draft: GraphBuilder,
  resolve: (ref: TensorRef) => TensorId,
): Promise<void> {
  const side = formatOf(draft.model).adapter;
  const removed = new Set(remove);
  const names = namesKept(lifted, removed);
  let pending = insert;
  const places = placesOf(old, lifted, [...removed, ...replace.keys()]);
  const removedNodes = places.flatMap(({ layer: { id, node } }) => (removed.has(id) ? node : []));
  const lowerPending = async (): Promise<void> => {
    for (const { name, form, inputs, outputs } of pending) {
      count("loweredLayers");
      draft.from = removedNodes.find((node) => node.outputs.some((id) => outputs.includes(id))) ?? removedNodes[0];
      const instead = places.find(({ layer: { id, name: old } }) => removed.has(id) && old === name)?.layer;
      const ends = { inputs: inputs.map(resolve), outputs: outputs.map(resolve) };
      const layer = { name: uniqueName(name, names), form, ...ends, ...(instead && { instead }) };
      await side.lower(layer, draft);
      const rank = outputRank(form, draft.rankOf(layer.inputs[0] ?? ABSENT));
      if (rank !== undefined) for (const output of layer.outputs) draft.setRank(output, rank);
    }
    pending = [];
  };
  const nodes = namedNodes(old);
  let next = 0;
  const keepUpTo = (position: number): void => {
    for (; next < position; next += 1) {
      const node = nodes[next];
      if (node) draft.nodes.push(node);
    }
  };
  for (const { position, layer } of places) {
    const form = replace.get(layer.id);
    keepUpTo(position);
    next = position + 1;
    if (removed.has(layer.id)) await lowerPending();
    else if (form) {
      const { name, inputs, outputs } = layer;
      draft.from = nodes[position];
      count("loweredLayers");
      await side.lower({ name, form, inputs, outputs, before: layer }, draft);
    }
  }
  keepUpTo(nodes.length);
  await lowerPending();
}

/** Where layers stand in the graph, in its order. */
function placesOf(
  old: Graph,
  lifted: NeutralGraph,
  ids: readonly LayerId[],
): readonly { readonly position: number; readonly layer: NeutralLayer }[] {
  const index = GraphIndex.of(old);
  const places = [...new Set(ids)].flatMap((id) => {
    const layer = lifted.layerWith(id);
    const position = layer && index.positionOf(layer.node);
    return layer === undefined || position === undefined ? [] : [{ position, layer }];
  });
  return places.sort((a, b) => a.position - b.position);
}

/** Names of the layers that stay, and of those that take one. */
function namesKept(lifted: NeutralGraph, removed: ReadonlySet<LayerId>): TakenNames {
  const added = new Set<string>();
  const isKept = (layer: NeutralLayer | undefined): boolean => layer !== undefined && !removed.has(layer.id);
  return { has: (name) => added.has(name) || isKept(lifted.layer(name)), add: (name) => added.add(name) };
}

/** Most layers keep the axes of their input. */
function outputRank(form: Form, input: number | undefined): number | undefined {
  if (form.kind === "reshape") return form.target?.length;
  if ((form.kind === "reduce-mean" || form.kind === "reduce") && !form.keepsAxes)
    return input && input - form.axes.length;
  return input;
}

/** The layers that made them are dead then, and taken out as such. */
async function foldConstants({ fold = new Map<TensorId, Weights>() }: Rewrite, draft: GraphBuilder): Promise<void> {
  for (const [id, weights] of fold) {
    const { name, ...about } = draft.tensors[id] ?? { name: "" };
    const { dataType } = draft.lifted[id] ?? {};
    if (dataType !== undefined && dataType !== weights.dataType)
      throw new LoweringError(`${name} is ${dataType}, and its numbers are stored as ${weights.dataType}`);
    draft.tensors[id] = { ...about, id, name, constant: await draft.constantOf(weights) };
  }
  if (fold.size === 0) return;
  const isFolded = (id: TensorId): boolean => fold.has(id);
  const nodes = draft.nodes.filter(({ outputs }) => !outputs.some(isFolded));
  draft.nodes.splice(0, draft.nodes.length, ...nodes);
}

function resizeInputs(
  { resize = new Map<TensorId, readonly (number | null)[]>() }: Rewrite,
  draft: GraphBuilder,
): void {
  for (const [id, sizes] of resize) {
    const tensor = draft.tensors[id];
    const { shape } = tensor?.declared ?? {};
    if (tensor?.declared === undefined || shape === undefined)
      throw new LoweringError(`input ${tensor?.name ?? id} declares no sizes that could be changed`);
    const changed = shape.map((size, axis) => sizes[axis] ?? size);
    draft.tensors[id] = { ...tensor, declared: { ...tensor.declared, shape: changed, isEdited: true } };
  }
}

/** Where nodes find the tensors they read, and under which name those they make. */
interface Renaming {
  readonly inputs: ReadonlyMap<TensorId, TensorId>;
  readonly outputs: ReadonlyMap<TensorId, TensorId>;
}

function renaming(
  lifted: NeutralGraph,
  { rewire = new Map<TensorId, TensorRef>() }: Rewrite,
  resolve: (ref: TensorRef) => TensorId,
): Renaming {
  const inputs = new Map<TensorId, TensorId>();
  const outputs = new Map<TensorId, TensorId>();
  for (const from of rewire.keys()) {
    const to = followed(from, rewire, resolve);
    const { isOutput = false, isCaptured = false } = lifted.tensors[from] ?? {};
    if (!isOutput && !isCaptured) {
      inputs.set(from, to);
      continue;
    }
    const target = lifted.tensors[to];
    if (target && (target.isInput || target.isOutput || target.isCaptured || target.constant) === true)
      throw new LoweringError(`"${target.name}" cannot also be called "${lifted.tensors[from]?.name ?? ""}"`);
    if (outputs.has(to)) throw new LoweringError(`two outputs of the graph cannot be one tensor`);
    outputs.set(to, from);
    inputs.set(to, from);
  }
  // What was led to a tensor that changes its name is led on to the new one.
  for (const [from, to] of inputs) inputs.set(from, outputs.get(to) ?? to);
  return { inputs, outputs };
}

function followed(
  from: TensorId,
  rewire: ReadonlyMap<TensorId, TensorRef>,
  resolve: (ref: TensorRef) => TensorId,
): TensorId {
  let to = from;
  for (let steps = 0; steps <= rewire.size; steps += 1) {
    const next = rewire.get(to);
    if (next === undefined) return to;
    to = resolve(next);
  }
  throw new LoweringError("a rewrite leads a tensor back to itself");
}

function rewired(old: Graph, { nodes, added }: GraphBuilder, names: Renaming): readonly Node[] {
  if (names.inputs.size + names.outputs.size === 0) return nodes;
  const index = GraphIndex.of(old);
  const before = namedNodes(old);
  const touched = new Set<Node | undefined>(added);
  for (const id of names.inputs.keys()) for (const position of index.readersOf(id)) touched.add(before[position]);
  for (const id of names.outputs.keys()) touched.add(before[index.makerOf(id) ?? -1]);
  return nodes.map((node) => (touched.has(node) ? renamed(node, names) : node));
}

function renamed(node: Node, { inputs, outputs }: Renaming): Node {
  const isNamed = node.inputs.some((id) => inputs.has(id)) || node.outputs.some((id) => outputs.has(id));
  if (!isNamed) return node;
  return {
    ...node,
    isRewired: true,
    inputs: node.inputs.map((id) => inputs.get(id) ?? id),
    outputs: node.outputs.map((id) => outputs.get(id) ?? id),
  };
}

/** @param graph with the nodes that the edit left */
function ordered(edit: GraphEdit, graph: Graph): Graph {
  if (edit.isKnownInOrder) knownInOrder(graph);
  return { ...graph, nodes: executionOrder(graph) };
}
