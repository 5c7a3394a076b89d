import { ABSENT, type Body, type Graph, type Node, type Tensor, type TensorId } from "../model/model.ts";
import { usedTensors } from "./execution-order.ts";
import { namedNodes } from "./layer-names.ts";
import type { InferredGraph, InferredNode } from "./inferred-graph.ts";
import type { ConstantOrigin, InferredType } from "./inferred-type.ts";

/**
 * What inference found of a graph before it was edited. Edits leave the ids of tensors, the objects of what they do not touch, and most of a
 * graph: an edited one costs one look at each node, and rules are asked only where something changed. What is equal stays the same
 * object, so that a change ends where it makes no difference any more.
 */
export class PreviousInference {
  /** By a tensor that they make. */
  readonly #makers: (InferredNode | undefined)[] = [];
  /** What was found of nodes, by the very node; of those that an edit only named again it is told once for all edits. */
  readonly #byNode = new Map<Node, InferredNode>();

  #named: readonly InferredNode[] | undefined;

  /** @param isMoved a body whose node has another place: keys of its tensors, and of those of bodies in it, name that */
  private constructor(
    readonly inferred: InferredGraph,
    private readonly isMoved = false,
  ) {
    for (const found of inferred.nodes) {
      const made = firstMade(found.node);
      if (made !== ABSENT) this.#makers[made] = found;
      this.#byNode.set(found.node, found);
    }
  }

  /** Many edits start from one graph. */
  static of(inferred: InferredGraph): PreviousInference {
    const previous = KNOWN.get(inferred) ?? new PreviousInference(inferred);
    KNOWN.set(inferred, previous);
    return previous;
  }

  /** What was found of the graph's nodes under the names that edits give them, by position. */
  get named(): readonly InferredNode[] {
    return (this.#named ??= this.#findNamed());
  }

  #findNamed(): readonly InferredNode[] {
    const named = namedNodes(this.inferred.graph);
    return this.inferred.nodes.map((found, position) => {
      const node = named[position] ?? found.node;
      const again = node === found.node ? found : { ...found, node };
      this.#byNode.set(node, again);
      return again;
    });
  }

  key(id: TensorId): string | undefined {
    return this.isMoved ? undefined : this.inferred.keys[id];
  }

  /** Of a tensor of the file's own that is the same as it was. */
  stored(tensor: Tensor): InferredType | undefined {
    if (tensor.constant === undefined) return undefined;
    const before = this.#tensor(tensor.id);
    const isSame =
      before === tensor || (before?.constant === tensor.constant && before.quantization === tensor.quantization);
    return isSame ? this.inferred.inferredTypes[tensor.id] : undefined;
  }

  /** What a tensor was found to be, when that equals what it is found to be now. */
  same(id: TensorId, now: InferredType): InferredType | undefined {
    const known = this.inferred.inferredTypes[id];
    return known && isSameType(known, now, this.#tensor(id)?.name) ? known : undefined;
  }

  /** What a tensor was found to be: for those that a node of `node` makes. */
  made(id: TensorId): InferredType | undefined {
    return this.inferred.inferredTypes[id];
  }

  /**
   * What was found of a node, when it is the same and reads the same.
   * @param inferredTypes of the edited graph, as far as it is inferred
   */
  node(node: Node, inferredTypes: readonly InferredType[], graph: Graph): InferredNode | undefined {
    const known = this.#known(node);
    if (known === undefined || (this.isMoved && node.bodies.length > 0)) return undefined;
    for (const id of usedTensors(node)) if (inferredTypes[id] !== this.inferred.inferredTypes[id]) return undefined;
    for (const id of node.outputs) if (id !== ABSENT && !this.#isSameOutput(graph, id)) return undefined;
    return known;
  }

  #known(node: Node): InferredNode | undefined {
    const known = this.#byNode.get(node);
    if (known) return known;
    const alike = this.#makers[firstMade(node)];
    if (alike === undefined || !isSameNode(alike.node, node)) return undefined;
    const found = { ...alike, node };
    this.#byNode.set(node, found);
    return found;
  }

  /** What was found of a body. What is around it may be other than it was, so that its nodes are looked at one by one. */
  body(node: Node, { graph, label }: Body): PreviousInference | undefined {
    const known = this.#makers[firstMade(node)];
    const before = known?.bodies.find(({ body }) => body.graph === graph && body.label === label);
    return before && new PreviousInference(before.graph, this.isMoved || known?.node.index !== node.index);
  }

  /** Rules may look at the name and the declared type of what they make. */
  #isSameOutput({ tensors }: Graph, id: TensorId): boolean {
    const before = this.#tensor(id);
    const now = tensors[id];
    return before === now || (before?.name === now?.name && before?.declared === now?.declared);
  }

  #tensor(id: TensorId): Tensor | undefined {
    return this.inferred.graph.tensors[id];
  }
}

/** What was found of a graph holds as long as there is the graph. */
const KNOWN = new WeakMap<InferredGraph, PreviousInference>();

function firstMade({ outputs }: Node): TensorId {
  for (const id of outputs) if (id !== ABSENT) return id;
  return ABSENT;
}

/** Whether two nodes do the same with the same tensors. Of those with bodies the place is part of their tensors' keys. */
function isSameNode(a: Node, b: Node): boolean {
  if (a === b) return true;
  const isAlike =
    a.op === b.op &&
    a.domain === b.domain &&
    a.version === b.version &&
    a.attributes === b.attributes &&
    a.bodies === b.bodies &&
    isSameList(a.inputs, b.inputs) &&
    isSameList(a.outputs, b.outputs);
  return isAlike && (a.bodies.length === 0 || a.index === b.index);
}

function isSameType(a: InferredType, b: InferredType, name: string | undefined): boolean {
  return (
    a.dataType === b.dataType &&
    a.container === b.container &&
    a.items === b.items &&
    isSameOrigin(a.constant, b.constant, name) &&
    isSameOptional(a.shape, b.shape) &&
    isSameOptional(a.value, b.value)
  );
}

/** Numbers that a node makes of constants have an origin with its output's name, a new one each time they are inferred. */
function isSameOrigin(a: ConstantOrigin | undefined, b: ConstantOrigin | undefined, name: string | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.name === name &&
    b.name === name &&
    a.elements === b.elements &&
    a.dataType === b.dataType &&
    a.storedBytes === b.storedBytes &&
    a.encoding === b.encoding &&
    isSameOptional(a.parts, b.parts)
  );
}

function isSameOptional<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && isSameList(a, b);
}

function isSameList<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let place = 0; place < a.length; place += 1) if (a[place] !== b[place]) return false;
  return true;
}
