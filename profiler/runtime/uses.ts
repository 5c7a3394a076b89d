import { ownEntry } from "../own-entry.ts";
import { ABSENT, isConstant, type Body, type Constant, type Graph, type Node, type TensorId } from "../model/model.ts";
import type { OperatorRule, OperatorTable } from "../operators/operator-rule.ts";

interface Use {
  /** Of the graph that the node stands in. */
  readonly uses: Uses;
  readonly node: Node;
  readonly rule: OperatorRule;
  /** What the node takes. */
  readonly id: TensorId;
}

/** Who takes what in a graph, and what is known of who makes it. */
export class Uses {
  readonly #users = new Map<TensorId, Node[]>();
  readonly #producers = new Map<TensorId, Node>();

  constructor(
    readonly graph: Graph,
    private readonly operators: OperatorTable,
    /** Of the graph around it, where it is a body. */
    private readonly outer?: Uses,
  ) {
    for (const node of graph.nodes) {
      for (const id of node.outputs) this.#producers.set(id, node);
      for (const id of new Set(node.inputs)) {
        const known = this.#users.get(id);
        if (known) known.push(node);
        else this.#users.set(id, [node]);
      }
    }
  }

  /** What takes a tensor, as it is or under another type or shape; nodes of branches and of functions that are called too. */
  *unchanged(tensor: TensorId): Iterable<Use> {
    const same = new Set([tensor]);
    for (const id of same) {
      for (const node of this.#users.get(id) ?? []) {
        const rule = this.ruleOf(node);
        if (rule === undefined) continue;
        if (rule.carries !== undefined && node.inputs[rule.carries] === id)
          for (const output of node.outputs) same.add(output);
        yield { uses: this, node, rule, id };
      }
    }
    for (const node of this.graph.nodes) {
      for (const body of node.bodies) {
        const within = namesWithin(node, body, same);
        const inner = within.length === 0 ? undefined : new Uses(body.graph, this.operators, this);
        for (const id of within) if (inner) yield* inner.unchanged(id);
      }
    }
  }

  /** Numbers of a constant of the file, or of a node that holds one. */
  constantValues(id: TensorId): readonly number[] | undefined {
    const stored = this.#stored(id);
    if (stored) return stored.values;
    const around = this.graph.tensors[id]?.outer;
    if (around !== undefined) return this.outer?.constantValues(around);
    const producer = this.#producers.get(id);
    if (producer === undefined || this.ruleOf(producer)?.kind !== "constant") return undefined;
    // ONNX's operator that holds its numbers itself; no other that makes constants has an attribute of these names and no input.
    if (producer.inputs.length > 0) return undefined;
    const { attributes } = producer;
    const value = attributes.get("value") ?? attributes.get("value_int") ?? attributes.get("value_float");
    if (typeof value === "number") return [value];
    return value !== undefined && isConstant(value) ? value.values : undefined;
  }

  /** Rows of a table, which may be decoded first: it has as many before as behind. */
  rowsOf(lookup: Node, place: number): number | undefined {
    const table = lookup.inputs[place] ?? ABSENT;
    const producer = this.#producers.get(table);
    const carried = producer && this.ruleOf(producer)?.carries;
    const stored = carried === undefined ? table : (producer?.inputs[carried] ?? table);
    const axis = lookup.attributes.get("axis");
    return this.#stored(stored)?.shape.at(typeof axis === "number" ? axis : 0);
  }

  #stored(id: TensorId): Constant | undefined {
    const { constant, outer } = this.graph.tensors[id] ?? {};
    return constant ?? (outer === undefined || !this.outer ? undefined : this.outer.#stored(outer));
  }

  ruleOf({ domain, op }: Node): OperatorRule | undefined {
    const rules = this.operators.get(domain);
    return rules && ownEntry(rules, op);
  }
}

/** What tensors of a graph are in a body that one of its nodes runs: those that it reads from around it, and what it is given to begin with. */
function namesWithin(node: Node, { role, graph }: Body, tensors: ReadonlySet<TensorId>): readonly TensorId[] {
  const captured = graph.tensors.flatMap(({ id, outer }) => (outer !== undefined && tensors.has(outer) ? id : []));
  if (!ENDS_WITH_INPUTS.has(role)) return captured;
  const given = node.inputs.slice(Math.max(0, node.inputs.length - graph.inputs.length));
  return [...captured, ...graph.inputs.filter((_, place) => tensors.has(given[place] ?? ABSENT))];
}

/** Bodies that take the last of their node's inputs as they are: a branch's condition comes before them. */
const ENDS_WITH_INPUTS: ReadonlySet<Body["role"]> = new Set(["call", "then", "else"]);
