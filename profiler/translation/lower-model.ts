import { ABSENT, type Entry, type Graph, type Model, type Node, type TensorId } from "../model/model.ts";
import { executionOrder } from "../operators/execution-order.ts";
import { withoutDead } from "../neutral/dead-code.ts";
import { GraphBuilder } from "../neutral/graph-builder.ts";
import { formatOf } from "../formats/formats.ts";
import { uniqueName } from "./lift-model.ts";
import type { Form, Weights } from "../neutral/forms.ts";
import type { LayerId, NeutralGraph } from "../neutral/neutral-graph.ts";
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
  draft.nameAgain();
  resizeInputs(rewrite, draft);
  await foldConstants(rewrite, draft);
  const names = renaming(lifted, rewrite, resolve);
  const renamedNodes = draft.nodes.map((node) => renamed(node, names));
  draft.nodes.splice(0, draft.nodes.length, ...renamedNodes);
  if (rewrite.integers) formatOf(model).adapter.quantizeActivations?.(draft, rewrite.integers);
  const graph = ordered(withoutDead(old, { ...old, tensors: draft.tensors, nodes: draft.nodes }));
  const entries = model.entries.map((entry) => (entry.graph === old ? { ...entry, graph } : entry));
  const [first = { name: "", graph }, ...others] = entries;
  const edited = refreshDeclared({ ...model, entries: [first, ...others] satisfies [Entry, ...Entry[]] }, model);
  const fileBytes = await formatOf(model).adapter.fileBytes?.(edited);
  return fileBytes === undefined ? edited : { ...edited, fileBytes };
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
  const names = new Set(
    insert.length === 0 ? [] : lifted.layers.filter(({ id }) => !removed.has(id)).map(({ name }) => name),
  );
  let pending = insert;
  const removedNodes = old.nodes.filter(({ index }) => removed.has(index));
  const lowerPending = async (): Promise<void> => {
    for (const { name, form, inputs, outputs } of pending) {
      draft.from = removedNodes.find((node) => node.outputs.some((id) => outputs.includes(id))) ?? removedNodes[0];
      const layer = { name: uniqueName(name, names), form, inputs: inputs.map(resolve), outputs: outputs.map(resolve) };
      await side.lower(layer, draft);
      const rank = outputRank(form, draft.rankOf(layer.inputs[0] ?? ABSENT));
      if (rank !== undefined) for (const output of layer.outputs) draft.setRank(output, rank);
    }
    pending = [];
  };
  for (const node of old.nodes) {
    const layer = lifted.layerOf(node);
    const form = replace.get(node.index);
    if (removed.has(node.index)) await lowerPending();
    else if (layer === undefined || form === undefined) draft.nodes.push(named(node, layer?.name));
    else {
      const { name, inputs, outputs } = layer;
      draft.from = node;
      await side.lower({ name, form, inputs, outputs, before: layer }, draft);
    }
  }
  await lowerPending();
}

/** Most layers keep the axes of their input. */
function outputRank(form: Form, input: number | undefined): number | undefined {
  if (form.kind === "reshape") return form.target?.length;
  if (form.kind === "reduce-mean" && !form.keepsAxes) return input && input - form.axes.length;
  return input;
}

/** By the node as it was: many edits start from one graph, and what they do not touch is the same object in all of them. */
const NAMED = new WeakMap<Node, Node>();

function named(node: Node, name: string | undefined): Node {
  if (name === undefined || node.identity === name) return node;
  const known = NAMED.get(node);
  if (known?.identity === name) return known;
  const copy = { ...node, identity: name };
  NAMED.set(node, copy);
  return copy;
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

function ordered(graph: Graph): Graph {
  const nodes = executionOrder(graph).map((node, index) => (node.index === index ? node : { ...node, index }));
  return { ...graph, nodes };
}
