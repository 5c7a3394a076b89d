import { ABSENT, type Graph, type Node, type TensorId } from "../model/model.ts";
import type { Runs } from "../model/runs.ts";
import { executionOrder } from "./execution-order.ts";
import type { InferredNode } from "./inferred-graph.ts";
import { GraphIndex } from "./graph-index.ts";
import type { InferredType } from "./inferred-type.ts";
import type { PreviousInference } from "./previous-inference.ts";

/** An edited graph by the one before: which of its nodes must be looked at, found without a look at the others. */
export class EditedGraph {
  readonly #isTouched: Uint8Array;

  private constructor(
    readonly previous: PreviousInference,
    private readonly index: GraphIndex,
    private readonly graph: Graph,
    readonly runs: Runs<Node>,
  ) {
    this.#isTouched = new Uint8Array(index.graph.nodes.length);
  }

  /** undefined where more than that changed: another order, other inputs or outputs. */
  static of(previous: PreviousInference, graph: Graph): EditedGraph | undefined {
    const base = previous.inferred.graph;
    if (base.inputs !== graph.inputs || base.outputs !== graph.outputs) return undefined;
    const index = GraphIndex.of(base);
    const runs = index.isInOrder && executionOrder(graph) === graph.nodes ? index.runsOf(graph.nodes) : undefined;
    return runs && new EditedGraph(previous, index, graph, runs);
  }

  /** What was found of the nodes before, by position. */
  get found(): readonly InferredNode[] {
    const { inferred, named } = this.previous;
    return inferred.graph.nodes === this.graph.nodes ? inferred.nodes : named;
  }

  /** Types as they were, room for new tensors behind them. */
  typesBefore(): InferredType[] {
    return this.previous.inferred.inferredTypes.slice();
  }

  /** @param scope prefix of those of new tensors */
  keys(scope: string): string[] {
    const keys = this.previous.inferred.keys.slice(0, this.graph.tensors.length);
    for (let id = keys.length; id < this.graph.tensors.length; id += 1) keys.push(`${scope}#${id}`);
    return keys;
  }

  /** Tensors that are new, other ones than before, or that nobody makes any more: their readers are touched, and who makes them. */
  changedTensors(): readonly TensorId[] {
    const before = this.index.graph.tensors;
    const changed = new Set<TensorId>();
    for (const position of this.runs.gone)
      for (const id of this.index.graph.nodes[position]?.outputs ?? []) if (id !== ABSENT) changed.add(id);
    const { tensors } = this.graph;
    for (let id = 0; id < tensors.length; id += 1) if (tensors[id] !== before[id]) changed.add(id);
    for (const id of changed) {
      const maker = this.index.makerOf(id);
      if (maker !== undefined) this.#isTouched[maker] = 1;
      this.touchReaders(id);
    }
    return [...changed];
  }

  /** To be told of each type that is found: another one than before touches the readers. */
  settle(id: TensorId, now: InferredType | undefined): void {
    if (now !== this.previous.made(id)) this.touchReaders(id);
  }

  touchReaders(id: TensorId): void {
    for (const position of this.index.readersOf(id)) this.#isTouched[position] = 1;
  }

  isTouched(position: number): boolean {
    return this.#isTouched[position] === 1;
  }
}
