import { encodeRaw } from "../model/encode-elements.ts";
import { bytesOf, type DataType } from "../model/data-type.ts";
import {
  bringsValues,
  type Constant,
  type Graph,
  type Model,
  type Node,
  type Quantization,
  type Tensor,
  type TensorId,
} from "../model/model.ts";
import { elementsOf } from "../model/shape.ts";
import type { Weights } from "./weights.ts";
import type { NeutralTensor } from "./neutral-graph.ts";

/** Everything about a native node but its place in the graph. */
export type NodeDraft = Pick<Node, "op" | "inputs" | "outputs"> & Partial<Omit<Node, "index" | "span" | "identity">>;

/** What a new constant is made of; `read` is not called in a prediction. */
export interface ConstantDraft {
  readonly shape: readonly number[];
  /** As it is stored. */
  readonly dataType: DataType;
  readonly quantization?: Quantization;
  /** Elements as they are stored, row-major: integers where the type is one. */
  readonly read: () => Promise<ArrayLike<number>>;
}

/** A graph that a format's lowering adds tensors and nodes to. Tensors keep their ids; nodes that were there keep their bytes. */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  /** Those of them that were not in the graph. */
  readonly added: Node[] = [];
  readonly tensors: Tensor[];
  /** Those of the graph, and those that were added. */
  readonly #taken: ReadonlySet<string>;
  /** What numbers of a name begin with, where some were given. */
  readonly #numbers = new Map<string, number>();
  readonly #added = new Set<string>();
  readonly #ranks = new Map<TensorId, number>();
  #nextIndex: number;
  /** Tensors of new weights, by how they are stored. */
  readonly #written = new Map<Weights, Map<string, TensorId>>();
  /** Constants whose names went to new ones. */
  readonly #renamed: { readonly before: Tensor; readonly successor: TensorId }[] = [];
  /** The node whose layer is being lowered, or that the layer takes the place of: new nodes inherit what the file notes about it. */
  from: Node | undefined;

  constructor(
    readonly model: Model,
    /** As it was before the edit. */
    readonly before: Graph,
    /** What is known of the tensors that the edit started from. */
    readonly lifted: readonly NeutralTensor[],
    /** Whether constants are to be computed; otherwise they have no bytes. */
    readonly readsWeights: boolean,
  ) {
    this.tensors = [...before.tensors];
    const { names, nextIndex } = knownOf(before);
    this.#taken = names;
    this.#nextIndex = nextIndex;
  }

  /** Version of an operator set: what operators may look like. */
  opset(domain = ""): number {
    return this.model.opsets.get(domain) ?? 1;
  }

  /** Axes of a tensor, a new one among them; undefined when unknown. */
  rankOf(tensor: TensorId): number | undefined {
    return this.#ranks.get(tensor) ?? this.lifted[tensor]?.shape?.length;
  }

  setRank(tensor: TensorId, rank: number): void {
    this.#ranks.set(tensor, rank);
  }

  /**
   * A new tensor.
   * @param name wanted; a number is added where it is taken
   * @param instead a constant that it takes the place of: it has its name then, unless others go on reading that one
   */
  addTensor(name: string, about: Omit<Tensor, "id" | "name" | "isNew"> = {}, instead?: TensorId): TensorId {
    const id = this.tensors.length;
    const taken = instead === undefined ? undefined : this.#takeName(instead, id);
    this.tensors.push({ id, name: taken ?? this.#unique(name), isNew: true, ...about });
    return id;
  }

  /** @param instead see `addTensor` */
  async addConstant(name: string, draft: ConstantDraft, instead?: TensorId): Promise<TensorId> {
    const { quantization } = draft;
    const constant = await this.#constant(draft);
    return this.addTensor(name, { constant, ...(quantization && { quantization }) }, instead);
  }

  #takeName(id: TensorId, successor: TensorId): string | undefined {
    const tensor = this.tensors[id];
    const { constant, isInput = true, isOutput = true, isCaptured = true } = this.lifted[id] ?? {};
    if (tensor === undefined || tensor.name === "" || constant === undefined) return undefined;
    if (isInput || isOutput || isCaptured) return undefined;
    this.tensors[id] = { ...tensor, name: "" };
    this.#renamed.push({ before: tensor, successor });
    return tensor.name;
  }

  /**
   * The graph with the names of the file for constants that are read after all, by a layer that shares them or by a new one: what took
   * the place of one of those gets another.
   * @param graph of this builder's tensors, without dead code
   * @param isComputed whether a node of that makes a tensor
   */
  withNamesBack(graph: Graph, isComputed: (id: TensorId) => boolean): Graph {
    if (this.#renamed.length === 0) return graph;
    const tensors = [...graph.tensors];
    for (const { before, successor } of this.#renamed) {
      const now = tensors[successor];
      const isThere = tensors[before.id]?.constant !== undefined || isComputed(before.id);
      if (!isThere || now === undefined) continue;
      tensors[before.id] = before;
      tensors[successor] = { ...now, name: this.#unique(before.name) };
    }
    return { ...graph, tensors };
  }

  /**
   * New weights that several layers share are written once: the same object means the same numbers.
   * @param as how they are stored, which layers may differ in
   * @param write adds them
   */
  async once(weights: Weights, as: string, write: () => Promise<TensorId>): Promise<TensorId> {
    const { weights: source, permutation } = weights.origin ?? { weights, permutation: [] };
    const known = this.#written.get(source) ?? new Map<string, TensorId>();
    this.#written.set(source, known);
    const key = `${as} ${permutation.join()} ${weights.shape.join("×")}`;
    const written = known.get(key) ?? (await write());
    known.set(key, written);
    return written;
  }

  /** Weights as a constant: that of the file where it holds exactly these elements, else a new one. */
  async constantOf(weights: Weights): Promise<Constant> {
    const { constant, shape, dataType } = weights;
    return constant ?? this.#constant({ shape, dataType, read: () => weights.read() });
  }

  async #constant({ shape, dataType, read }: ConstantDraft): Promise<Constant> {
    if (this.readsWeights) return storedConstant(dataType, shape, await read());
    const storedBytes = bytesOf(dataType, elementsOf(shape) ?? 0) ?? 0;
    return { dataType, shape, storedBytes, storage: { kind: "none" } };
  }

  /** A small constant that says how to compute: its numbers are there in predictions too, since shapes follow from them. */
  addSetting(
    name: string,
    dataType: "int64" | "int32" | "int8" | "uint8" | "float16" | "float32" | "float64",
    values: readonly number[],
    shape: readonly number[] = [values.length],
  ): TensorId {
    return this.addTensor(name, { constant: storedConstant(dataType, shape, values) });
  }

  /** @returns the node, which has no bytes in the file */
  addNode({ name = "", domain = "", attributes = new Map(), bodies = [], ...rest }: NodeDraft, identity: string): Node {
    const version = rest.version ?? this.opset(domain);
    const { span, notes = span, metadata } = this.from ?? {};
    const inherited = { ...(notes && { notes }), ...(metadata && { metadata }) };
    const own = { name, domain, version, attributes, bodies, identity };
    const node = { index: this.#nextIndex, ...inherited, ...own, ...rest };
    this.#nextIndex += 1;
    this.nodes.push(node);
    this.added.push(node);
    return node;
  }

  #unique(name: string): string {
    let candidate = name;
    // On from the last one: where an edit changes all layers, hundreds of tensors are called alike.
    for (let number = this.#numbers.get(name) ?? 2; this.#isTaken(candidate); number += 1) {
      candidate = `${name}_${number}`;
      this.#numbers.set(name, number + 1);
    }
    this.#added.add(candidate);
    return candidate;
  }

  #isTaken(name: string): boolean {
    return this.#taken.has(name) || this.#added.has(name);
  }
}

/** @throws {RangeError} when there are not as many elements as the shape asks for */
function storedConstant(dataType: DataType, shape: readonly number[], elements: ArrayLike<number>): Constant {
  if (elements.length !== elementsOf(shape))
    throw new RangeError(`[${shape.join(", ")}] does not hold ${elements.length} elements`);
  const bytes = encodeRaw(dataType, elements);
  return {
    dataType,
    shape,
    storedBytes: bytes.length,
    ...(bringsValues(dataType, shape.length, elements.length) && { values: Array.from(elements) }),
    storage: { kind: "bytes", bytes, encoding: "raw" },
  };
}

/** What is asked of a graph at each edit that starts from it. */
interface KnownGraph {
  readonly names: ReadonlySet<string>;
  /** Above those of all nodes. */
  readonly nextIndex: number;
}

const KNOWN = new WeakMap<Graph, KnownGraph>();

function knownOf(graph: Graph): KnownGraph {
  const known = KNOWN.get(graph);
  if (known) return known;
  const nextIndex = graph.nodes.reduce((next, { index }) => Math.max(next, index + 1), 0);
  const found = { names: new Set(allNames(graph)), nextIndex };
  KNOWN.set(graph, found);
  return found;
}

/** Names of bodies too: a body would take a new tensor of that name for its own. */
function allNames({ tensors, nodes }: Graph): readonly string[] {
  return [
    ...tensors.map(({ name }) => name),
    ...nodes.flatMap(({ bodies }) => bodies.flatMap((body) => allNames(body.graph))),
  ];
}
