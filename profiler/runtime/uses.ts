import { ownEntry } from "../own-entry.ts";
import { ABSENT, isConstant, type Graph, type Node, type TensorId } from "../model/model.ts";
import type { OperatorRule, OperatorTable } from "../operators/operator-rule.ts";

interface Use {
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

  /** What takes a tensor, as it is or under another type or shape. */
  *unchanged(tensor: TensorId): Iterable<Use> {
    const same = new Set([tensor]);
    for (const id of same) {
      for (const node of this.#users.get(id) ?? []) {
        const rule = this.ruleOf(node);
        if (rule === undefined) continue;
        if (rule.carries !== undefined && node.inputs[rule.carries] === id)
          for (const output of node.outputs) same.add(output);
        yield { node, rule, id };
      }
    }
  }

  /** Numbers of a constant of the file, or of a node that holds one. */
  constantValues(id: TensorId): readonly number[] | undefined {
    const stored = this.graph.tensors[id]?.constant;
    if (stored) return stored.values;
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
    return this.graph.tensors[stored]?.constant?.shape.at(typeof axis === "number" ? axis : 0);
  }

  ruleOf({ domain, op }: Node): OperatorRule | undefined {
    const rules = this.operators.get(domain);
    return rules && ownEntry(rules, op);
  }
}
