import { ABSENT, type Graph, type Node, type TensorId } from "../model/model.ts";
import { runsOf, type Runs } from "../model/runs.ts";
import { executionOrder, usedTensors } from "./execution-order.ts";
import { namedNodes } from "./layer-names.ts";

/** Who makes and who reads the tensors of a graph that edits start from, by positions among its nodes. Made once for all edits. */
export class GraphIndex {
  /** How often each tensor is read, by nodes and as an output. */
  readonly reads: Uint32Array;
  readonly isInOrder: boolean;
  readonly #makers: Int32Array;
  readonly #readers: (number[] | undefined)[] = [];
  readonly #positions = new Map<Node, number>();

  private constructor(readonly graph: Graph) {
    const { nodes, tensors, outputs } = graph;
    this.isInOrder = executionOrder(graph) === nodes;
    this.reads = new Uint32Array(tensors.length);
    this.#makers = new Int32Array(tensors.length).fill(NOBODY);
    for (const id of outputs) this.reads[id] = (this.reads[id] ?? 0) + 1;
    const named = namedNodes(graph);
    nodes.forEach((node, position) => {
      this.#positions.set(node, position);
      this.#positions.set(named[position] ?? node, position);
      for (const id of node.outputs) if (id !== ABSENT) this.#makers[id] = position;
      for (const id of usedTensors(node)) {
        this.reads[id] = (this.reads[id] ?? 0) + 1;
        const readers = (this.#readers[id] ??= []);
        if (readers.at(-1) !== position) readers.push(position);
      }
    });
  }

  static of(graph: Graph): GraphIndex {
    const index = KNOWN.get(graph) ?? new GraphIndex(graph);
    KNOWN.set(graph, index);
    return index;
  }

  /** Of a node as the graph or an edit of it has it. */
  positionOf(node: Node): number | undefined {
    return this.#positions.get(node);
  }

  makerOf(tensor: TensorId): number | undefined {
    const position = this.#makers[tensor] ?? NOBODY;
    return position === NOBODY ? undefined : position;
  }

  readersOf(tensor: TensorId): readonly number[] {
    return this.#readers[tensor] ?? NONE;
  }

  /** An edited graph by this one; undefined where what stayed is in another order. */
  runsOf(edited: Graph["nodes"]): Runs<Node> | undefined {
    const known = RUNS.get(edited);
    if (known?.index === this) return known.runs;
    const before = edited === this.graph.nodes ? this.graph.nodes : namedNodes(this.graph);
    const runs = runsOf(before, edited, (node) => this.positionOf(node));
    RUNS.set(edited, { index: this, runs });
    return runs;
  }
}

const NOBODY = -1;
const NONE: readonly never[] = [];
const KNOWN = new WeakMap<Graph, GraphIndex>();
const RUNS = new WeakMap<Graph["nodes"], { readonly index: GraphIndex; readonly runs: Runs<Node> | undefined }>();
