import { ABSENT, type Graph, type Node, type TensorId } from "../model/model.ts";
import type { Runs } from "../model/runs.ts";
import { usedTensors } from "./execution-order.ts";
import { GraphIndex } from "./graph-index.ts";
import { namedNodes } from "./layer-names.ts";

/** What an edit did to the nodes of a graph: what is asked of it takes a look at those alone that came and went. */
export class GraphEdit {
  readonly index: GraphIndex;
  readonly runs: Runs<Node>;
  readonly came: readonly Node[];
  readonly gone: readonly Node[];
  readonly #isGone: ReadonlySet<number>;
  readonly #makers = new Map<TensorId, Node>();

  private constructor(
    readonly before: Graph,
    readonly after: Pick<Graph, "nodes">,
  ) {
    this.index = GraphIndex.of(before);
    this.runs = this.index.runsOf(after.nodes) ?? everything(before, after);
    this.came = this.runs.parts.flatMap(({ came }) => came);
    this.gone = this.runs.gone.flatMap((position) => before.nodes[position] ?? []);
    this.#isGone = new Set(this.runs.gone);
    for (const node of this.came) for (const id of node.outputs) if (id !== ABSENT) this.#makers.set(id, node);
  }

  /** Several steps of one edit ask for it. */
  static of(before: Graph, { nodes }: Pick<Graph, "nodes">): GraphEdit {
    const known = KNOWN.get(nodes);
    if (known?.before === before) return known;
    const edit = new GraphEdit(before, { nodes });
    KNOWN.set(nodes, edit);
    return edit;
  }

  /** The node of the edited graph that makes a tensor. */
  makerOf(tensor: TensorId): Node | undefined {
    const position = this.index.makerOf(tensor);
    const kept = position === undefined || this.#isGone.has(position) ? undefined : this.#keptAt(position);
    return this.#makers.get(tensor) ?? kept;
  }

  /** Whether the edited graph is in an order in which it can run, told by what came: false where that does not tell it. */
  get isKnownInOrder(): boolean {
    if (!this.index.isInOrder) return false;
    const made = new Set<TensorId>();
    return this.runs.parts.every(({ to, came }) =>
      came.every((node) => {
        const isBehind = usedTensors(node).every((id) => made.has(id) || this.#isMadeBefore(id, to));
        for (const id of node.outputs) made.add(id);
        const isAhead = node.outputs.every((id) =>
          this.index.readersOf(id).every((at) => at >= to || this.#isGone.has(at)),
        );
        return isBehind && isAhead;
      }),
    );
  }

  /** By a node that stayed before the position, or by none. */
  #isMadeBefore(id: TensorId, position: number): boolean {
    if (this.#makers.has(id)) return false;
    const maker = this.index.makerOf(id);
    return maker === undefined || maker < position;
  }

  #keptAt(position: number): Node | undefined {
    const { before, after } = this;
    return (before.nodes === after.nodes ? before.nodes : namedNodes(before))[position];
  }
}

/** By the list of nodes, which never changes. */
const KNOWN = new WeakMap<Graph["nodes"], GraphEdit>();

function everything({ nodes: before }: Graph, { nodes: after }: Pick<Graph, "nodes">): Runs<Node> {
  return { parts: [{ from: 0, to: 0, came: after }], gone: [...before.keys()] };
}
