import { ModelFormatError } from "../../errors.ts";
import { ABSENT, type Body, type Graph, type Node, type Tensor } from "../../model/model.ts";
import type { UnfoldingBudget } from "../unfolding-budget.ts";
import type { OperatorRead } from "./nodes.ts";

export interface SubgraphRead {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  readonly operators: readonly OperatorRead[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Bodies in bodies: converters write two or three levels. */
const DEEPEST_NESTING = 64;

const CUSTOM_DOMAIN = "custom";

/** Operators that keep state in tensors; converters before 2019 did not mark these as variable. */
const STATEFUL = /LSTM|RNN|SVDF/;

/** Turns subgraphs into graphs, each once, with the graphs of their control-flow operators inside. */
export class GraphBuilder {
  readonly #graphs = new Map<number, Graph>();
  /** Nodes of a graph with those of its bodies, each as often as it is run from there. */
  readonly #sizes = new Map<Graph, number>();
  readonly #open: number[] = [];

  constructor(
    readonly file: string,
    readonly subgraphs: readonly SubgraphRead[],
    readonly warn: (warning: string) => void,
    readonly budget: UnfoldingBudget,
  ) {}

  /**
   * @throws {ModelFormatError} when tensors and operators do not make an ordered graph, or subgraphs run each other in a circle
   * @throws {LimitError} when it unfolds into more nodes than can be shown
   */
  graph(index: number): Graph {
    const known = this.#graphs.get(index);
    if (known !== undefined) return known;
    const subgraph = this.subgraphs[index];
    const place = this.#place(this.#open.at(-1) ?? index);
    if (subgraph === undefined) {
      throw this.#error(place, `subgraph ${index} does not exist: the model has ${this.subgraphs.length}`);
    }
    if (this.#open.includes(index)) {
      throw this.#error(place, `recursion: subgraphs ${[...this.#open, index].join(" → ")} run each other`);
    }
    if (this.#open.length >= DEEPEST_NESTING) throw this.#error(place, `nested deeper than ${DEEPEST_NESTING} levels`);
    this.#open.push(index);
    const graph = this.#connect(subgraph, this.#place(index));
    this.#open.pop();
    this.#graphs.set(index, graph);
    this.#chargeBodies(graph);
    return graph;
  }

  /** Whether a subgraph is part of a graph that was asked for. */
  has(index: number): boolean {
    return this.#graphs.has(index);
  }

  #connect(subgraph: SubgraphRead, place: string): Graph {
    const tensors = new TensorTable(subgraph, (expected) => this.#error(place, expected));
    const nodes = subgraph.operators.map((operator, index): Node => {
      const bodies = operator.bodies.map(({ role, label, subgraph: body }): Body => ({
        role,
        label,
        graph: this.graph(body),
      }));
      tensors.use(operator, index);
      // Tables, listings and exports name each operator and its tensors, which the file numbers.
      for (const id of [...operator.inputs, ...operator.outputs])
        this.budget.chargeName(subgraph.tensors[id]?.name.length ?? 0);
      const { domain, op, version, inputs, outputs, attributes } = operator;
      this.budget.chargeName(op.length);
      return { index, name: "", domain, op, version, inputs, outputs, attributes, bodies, origin: index };
    });
    for (const id of subgraph.outputs) tensors.give(id);
    tensors.overruled.forEach((id) =>
      this.warn(`${place}: tensor ${id} has stored data, but is given when the model runs`),
    );
    const { name, inputs, outputs } = subgraph;
    return { name, tensors: tensors.finished(), nodes, inputs, outputs };
  }

  /** A body is a graph of its own wherever it runs: few subgraphs that run each other twice at each level would make billions of rows. */
  #chargeBodies(graph: Graph): void {
    let bodies = 0;
    for (const node of graph.nodes) for (const body of node.bodies) bodies += this.#sizes.get(body.graph) ?? 0;
    this.#sizes.set(graph, graph.nodes.length + bodies);
    this.budget.charge(bodies);
  }

  #place(index: number): string {
    return placeOf(index, this.subgraphs[index]?.name ?? "");
  }

  #error(place: string, expected: string): ModelFormatError {
    return new ModelFormatError(this.file, place, expected);
  }
}

export function placeOf(index: number, name: string): string {
  return name === "" ? `subgraph ${index}` : `subgraph ${index} ${name}`;
}

/** Who makes each tensor of a subgraph; operators stand in the order in which they run. */
class TensorTable {
  /** Index of the operator that writes a tensor. */
  readonly #producers = new Map<number, number>();
  readonly #given: ReadonlySet<number>;
  readonly #states = new Set<number>();
  /** What custom operators ask of the runtime as memory to work in: an NPU's command stream has its scratch among its inputs. */
  readonly #scratch = new Set<number>();

  constructor(
    readonly subgraph: SubgraphRead,
    readonly error: (expected: string) => ModelFormatError,
  ) {
    this.#given = new Set(subgraph.inputs);
    for (const id of subgraph.inputs) this.#tensor(id, "an input of the subgraph is");
    subgraph.operators.forEach((operator, index) => {
      const user = this.#user(operator, index);
      for (const id of operator.outputs) if (id !== ABSENT) this.#produce(id, index, user);
    });
  }

  /** Tensors with data that something else gives them: that wins, as it does in the runtime. */
  get overruled(): readonly number[] {
    return this.subgraph.tensors.filter(({ id, constant }) => constant && this.#isMade(id)).map(({ id }) => id);
  }

  use(operator: OperatorRead, index: number): void {
    const user = this.#user(operator, index);
    for (const id of operator.inputs) {
      if (id === ABSENT) continue;
      const tensor = this.#tensor(id, `${user} reads`);
      const producer = this.#producers.get(id);
      if (producer !== undefined && producer >= index) {
        throw this.error(
          `${user} reads ${named(tensor)}, which operator ${producer} writes only then: a cycle or wrong order`,
        );
      }
      if (producer !== undefined || this.#isKnown(tensor)) continue;
      if (operator.domain === CUSTOM_DOMAIN) {
        this.#scratch.add(id);
        continue;
      }
      if (!STATEFUL.test(operator.op)) throw this.error(`${user} reads ${named(tensor)}, which nothing produces`);
      this.#states.add(id);
    }
  }

  give(id: number): void {
    const tensor = this.#tensor(id, "an output of the subgraph is");
    if (!this.#producers.has(id) && !this.#isKnown(tensor))
      throw this.error(`nothing produces its output, ${named(tensor)}`);
  }

  finished(): readonly Tensor[] {
    return this.subgraph.tensors.map((tensor) => {
      if (this.#scratch.has(tensor.id)) return { ...tensor, isScratch: true };
      if (this.#states.has(tensor.id)) return { ...tensor, isVariable: true };
      if (this.#isMade(tensor.id)) {
        const { constant: _, ...made } = tensor;
        return made;
      }
      return withEmptyConstant(tensor);
    });
  }

  #produce(id: number, index: number, user: string): void {
    const tensor = this.#tensor(id, `${user} writes`);
    const other = this.#producers.get(id);
    if (other !== undefined)
      throw this.error(`${user} writes ${named(tensor)}, which operator ${other} writes already`);
    if (this.#given.has(id)) throw this.error(`${user} writes ${named(tensor)}, which is an input of the subgraph`);
    this.#producers.set(id, index);
  }

  #isMade(id: number): boolean {
    return this.#given.has(id) || this.#producers.has(id);
  }

  #isKnown(tensor: Tensor): boolean {
    return tensor.constant !== undefined || tensor.isVariable === true || this.#given.has(tensor.id) || isEmpty(tensor);
  }

  #tensor(id: number, use: string): Tensor {
    const tensor = this.subgraph.tensors[id];
    if (tensor === undefined) {
      throw this.error(`${use} tensor ${id}, which does not exist: there are ${this.subgraph.tensors.length}`);
    }
    return tensor;
  }

  #user({ op }: OperatorRead, index: number): string {
    return `operator ${index} (${op})`;
  }
}

function named({ id, name }: Tensor): string {
  return name === "" ? `tensor ${id}` : `tensor ${id} ${name}`;
}

function isEmpty({ declared }: Tensor): boolean {
  return declared?.shape?.includes(0) === true;
}

/** A tensor of no elements needs no data to be a constant. */
function withEmptyConstant(tensor: Tensor): Tensor {
  const { declared, constant } = tensor;
  if (constant !== undefined || !isEmpty(tensor) || declared?.dataType === undefined) return tensor;
  const shape = (declared.shape ?? []).filter((size) => typeof size === "number");
  if (shape.length !== declared.shape?.length) return tensor;
  return {
    ...tensor,
    constant: { dataType: declared.dataType, shape, storedBytes: 0, values: [], storage: { kind: "none" } },
  };
}
