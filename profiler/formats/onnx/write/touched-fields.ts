import type { Graph, Node, Tensor, TensorId } from "../../../model/model.ts";
import { GraphEdit } from "../../../operators/graph-edit.ts";
import type { WireField } from "../wire/walk.ts";
import type { GraphFields } from "./graph-fields.ts";

/** What a graph has otherwise than its file. */
export interface Touched {
  /** Which nodes to write at which node field of the file: those that were there stay in their places while their order is the same. */
  readonly groups: ReadonlyMap<WireField, readonly Node[]>;
  /** Nodes behind them. */
  readonly rest: readonly Node[];
  /** Tensors that an edit made, changed or took out. */
  readonly tensors: readonly Tensor[];
  /** Constants that are no initializers of the file. */
  readonly added: readonly Tensor[];
  /** Whether the file has a tensor that the graph has no longer. */
  readonly isGone: (tensor: Tensor) => boolean;
}

/** @param base that the graph was edited from: where that is as the file has it, only what the edit touched is looked at */
export function touchedOf(graph: Graph, file: GraphFields, base?: Graph): Touched {
  return (base && isAsInFile(base, file) ? touchedSince(base, graph, file) : undefined) ?? touchedInAll(graph, file);
}

function touchedInAll(graph: Graph, file: GraphFields): Touched {
  const isAlive = new Uint8Array(graph.tensors.length);
  for (const id of graph.inputs) isAlive[id] = 1;
  for (const { outputs } of graph.nodes) for (const id of outputs) isAlive[id] = 1;
  const isGone = ({ id, constant }: Tensor): boolean => constant === undefined && isAlive[id] !== 1;
  const tensors = graph.tensors.filter((tensor) => isTouched(tensor) || isGone(tensor));
  return {
    ...nodeGroups(graph, file),
    tensors,
    added: graph.tensors.filter((tensor) => isAdded(tensor, file)),
    isGone,
  };
}

function isTouched({ isNew, isMoved, declared }: Tensor): boolean {
  return isNew === true || isMoved === true || declared?.isEdited === true;
}

function isAdded({ constant, name }: Tensor, { initializers }: GraphFields): boolean {
  return constant !== undefined && !initializers.has(name);
}

function nodeGroups({ nodes }: Graph, file: GraphFields): Pick<Touched, "groups" | "rest"> {
  const groups = new Map<WireField, readonly Node[]>();
  const isKept = new Set<WireField>();
  let pending: Node[] = [];
  let isSorted = true;
  let end = 0;
  for (const node of nodes) {
    pending.push(node);
    const field = fieldOf(node, file);
    if (field === undefined) continue;
    isSorted &&= field.offset > end;
    end = field.offset;
    isKept.add(field);
    if (pending.length > 1 || !isUntouched(node)) groups.set(field, pending);
    pending = [];
  }
  const all = [...file.nodes.values()];
  if (isSorted) {
    for (const field of all) if (!isKept.has(field)) groups.set(field, []);
    return { groups, rest: pending };
  }
  return { groups: new Map(all.map((field, place) => [field, place === 0 ? nodes : []])), rest: [] };
}

function fieldOf({ span }: Node, { nodes }: GraphFields): WireField | undefined {
  return span && nodes.get(span.offset);
}

/** Whether a node is written as the file has it. */
function isUntouched({ span, isRewired }: Node): boolean {
  return span !== undefined && isRewired !== true;
}

const AS_IN_FILE = new WeakMap<Graph, boolean>();

function isAsInFile(graph: Graph, file: GraphFields): boolean {
  const known = AS_IN_FILE.get(graph);
  if (known !== undefined) return known;
  const { groups, rest, tensors, added } = touchedInAll(graph, file);
  const is = groups.size + rest.length + tensors.length + added.length === 0;
  AS_IN_FILE.set(graph, is);
  return is;
}

/** undefined where what stayed is not in the order of the file. */
function touchedSince(base: Graph, graph: Graph, file: GraphFields): Touched | undefined {
  const edit = GraphEdit.of(base, graph);
  const inputs = new Set<TensorId>(graph.inputs);
  const isGone = ({ id, constant }: Tensor): boolean =>
    constant === undefined && !inputs.has(id) && edit.makerOf(id) === undefined;
  const changed = new Set<TensorId>(edit.gone.flatMap(({ outputs }) => outputs));
  for (let id = 0; id < graph.tensors.length; id += 1) if (graph.tensors[id] !== base.tensors[id]) changed.add(id);
  const tensors = [...changed].sort((a, b) => a - b).flatMap((id) => graph.tensors[id] ?? []);
  const groups = groupsSince(base, edit, file);
  return (
    groups && {
      ...groups,
      tensors: tensors.filter((tensor) => isTouched(tensor) || isGone(tensor)),
      added: tensors.filter((tensor) => isAdded(tensor, file)),
      isGone,
    }
  );
}

function groupsSince(
  base: Graph,
  { runs: { parts }, gone }: GraphEdit,
  file: GraphFields,
): Pick<Touched, "groups" | "rest"> | undefined {
  const groups = new Map<WireField, readonly Node[]>();
  for (const node of gone) {
    const field = fieldOf(node, file);
    if (field) groups.set(field, []);
  }
  let pending: Node[] = [];
  let end = 0;
  const place = (node: Node): boolean => {
    pending.push(node);
    const field = fieldOf(node, file);
    if (field === undefined) return true;
    const isBehind = field.offset > end;
    end = field.offset;
    if (pending.length > 1 || !isUntouched(node)) groups.set(field, pending);
    else groups.delete(field);
    pending = [];
    return isBehind;
  };
  for (const { from, to, came } of parts) {
    const [first, last] = [base.nodes[from], base.nodes[to - 1]];
    const isSorted =
      (to === from || !first || place(first)) && (to - from < 2 || !last || place(last)) && came.every(place);
    if (!isSorted) return undefined;
  }
  return { groups, rest: pending };
}
