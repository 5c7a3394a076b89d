import { ownEntry } from "../own-entry.ts";
import { formatOf } from "../formats/formats.ts";
import type { DataType } from "../model/data-type.ts";
import {
  ABSENT,
  isConstant,
  type Graph,
  type Model,
  type Node,
  type Quantization,
  type TensorId,
} from "../model/model.ts";
import type { OperatorRule, OperatorTable } from "../operators/operator-rule.ts";
import type { Range } from "./session.ts";

const QUANTIZED: Partial<Record<DataType, Range>> = {
  int8: { low: -128, high: 127 },
  uint8: { low: 0, high: 255 },
  int16: { low: -32768, high: 32767 },
};

/** Values that make sense for the inputs of a model's main graph, by name, where it tells them. */
export function inputRanges(model: Model): ReadonlyMap<string, Range> {
  const { graph } = model.entries[0];
  const uses = new Uses(graph, formatOf(model).operators);
  const ranges = new Map<string, Range>();
  graph.inputs.forEach((id) => {
    const tensor = graph.tensors[id];
    if (tensor === undefined) return;
    const rows = fewestRows(uses, id);
    const quantized = tensor.quantization && realRange(tensor.declared?.dataType, tensor.quantization);
    const known = rows === undefined ? comparedWith(uses, id) : [];
    const range = rows === undefined ? (settingAmong(known) ?? quantized) : { low: 0, high: rows - 1 };
    if (range !== undefined) ranges.set(tensor.name, range);
  });
  return ranges;
}

function settingAmong(values: readonly number[]): Range | undefined {
  return values.length === 0 ? undefined : { low: Math.min(...values), high: Math.max(...values), among: values };
}

/** Constants that a single number is compared with, a sampling rate or a mode: other values lead nowhere. */
function comparedWith(uses: Uses, input: TensorId): readonly number[] {
  const { declared } = uses.graph.tensors[input] ?? {};
  if (declared?.shape?.every((size) => size === 1) !== true) return [];
  const found = new Set<number>();
  for (const { node, rule, id } of uses.unchanged(input)) {
    if (rule.compares !== true) continue;
    const other = node.inputs.find((operand) => operand !== id);
    const [value, another] = other === undefined ? [] : (uses.constantValues(other) ?? []);
    if (value !== undefined && another === undefined) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

/** The real numbers that a quantized tensor can hold. */
function realRange(type: DataType | undefined, { scales, zeroPoints }: Quantization): Range | undefined {
  const stored = type && QUANTIZED[type];
  const [scale] = scales;
  if (stored === undefined || scale === undefined) return undefined;
  const zero = zeroPoints[0] ?? 0;
  return { low: (stored.low - zero) * scale, high: (stored.high - zero) * scale };
}

/** Rows of the smallest table that a tensor's elements are looked up in. */
function fewestRows(uses: Uses, input: TensorId): number | undefined {
  let fewest: number | undefined;
  for (const { node, rule, id } of uses.unchanged(input)) {
    if (rule.looksUp === undefined || node.inputs[rule.looksUp.rows] !== id) continue;
    const rows = uses.rowsOf(node, rule.looksUp.table);
    if (rows !== undefined && rows > 0) fewest = Math.min(fewest ?? rows, rows);
  }
  return fewest;
}

interface Use {
  readonly node: Node;
  readonly rule: OperatorRule;
  /** What the node takes. */
  readonly id: TensorId;
}

/** Who takes what in a graph, and what is known of who makes it. */
class Uses {
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
        const rule = this.#ruleOf(node);
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
    if (producer === undefined || this.#ruleOf(producer)?.kind !== "constant") return undefined;
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
    const carried = producer && this.#ruleOf(producer)?.carries;
    const stored = carried === undefined ? table : (producer?.inputs[carried] ?? table);
    const axis = lookup.attributes.get("axis");
    return this.graph.tensors[stored]?.constant?.shape.at(typeof axis === "number" ? axis : 0);
  }

  #ruleOf({ domain, op }: Node): OperatorRule | undefined {
    const rules = this.operators.get(domain);
    return rules && ownEntry(rules, op);
  }
}
