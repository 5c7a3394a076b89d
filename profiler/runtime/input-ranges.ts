import { ownEntry } from "../own-entry.ts";
import { isConstant, type Graph, type Model, type Node, type Quantization, type TensorId } from "../model/model.ts";
import type { DataType } from "../model/data-type.ts";
import type { Range } from "./session.ts";

/** Operators that pick rows of a table: which of their inputs is the table and which says the rows. */
const LOOKUPS: Readonly<Record<string, { readonly table: number; readonly rows: number }>> = {
  Gather: { table: 0, rows: 1 },
  GATHER: { table: 0, rows: 1 },
  EMBEDDING_LOOKUP: { table: 1, rows: 0 },
};

/** Operators behind which an integer is still the same integer. */
const PASSING = new Set(["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"]);
const PASSING_TFLITE = new Set(["CAST", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE"]);

/** Operators through which a table of weights may come: it has as many rows before as behind. */
const DECODING = new Set(["DequantizeLinear", "DEQUANTIZE", "Cast", "CAST", "Identity"]);

const QUANTIZED: Partial<Record<DataType, Range>> = {
  int8: { low: -128, high: 127 },
  uint8: { low: 0, high: 255 },
  int16: { low: -32768, high: 32767 },
};

/** Values that make sense for the inputs of a model's main graph, by name, where it tells them. */
export function inputRanges(model: Model): ReadonlyMap<string, Range> {
  const { graph } = model.entries[0];
  const users = usersOf(graph);
  const ranges = new Map<string, Range>();
  graph.inputs.forEach((id) => {
    const tensor = graph.tensors[id];
    if (tensor === undefined) return;
    const rows = fewestRows(graph, users, id);
    const quantized = tensor.quantization && realRange(tensor.declared?.dataType, tensor.quantization);
    const known = rows === undefined ? comparedWith(graph, users, id) : [];
    const range = rows === undefined ? (settingAmong(known) ?? quantized) : { low: 0, high: rows - 1 };
    if (range !== undefined) ranges.set(tensor.name, range);
  });
  return ranges;
}

const COMPARISONS = new Set(["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]);
const COMPARISONS_TFLITE = new Set(["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]);

function settingAmong(values: readonly number[]): Range | undefined {
  return values.length === 0 ? undefined : { low: Math.min(...values), high: Math.max(...values), among: values };
}

/** Constants that a single number is compared with, a sampling rate or a mode: other values lead nowhere. */
function comparedWith(graph: Graph, users: ReadonlyMap<TensorId, readonly Node[]>, input: TensorId): readonly number[] {
  const { declared } = graph.tensors[input] ?? {};
  if (declared?.shape?.every((size) => size === 1) !== true) return [];
  const seen = new Set([input]);
  const found = new Set<number>();
  for (const id of seen) {
    for (const node of users.get(id) ?? []) {
      if (COMPARISONS.has(node.op) || COMPARISONS_TFLITE.has(node.op)) {
        const other = node.inputs.find((operand) => !seen.has(operand));
        const [value, another] = other === undefined ? [] : (constantValues(graph, other) ?? []);
        if (value !== undefined && another === undefined) found.add(value);
      }
      const passes = PASSING.has(node.op) || PASSING_TFLITE.has(node.op);
      if (passes && node.inputs[0] === id) for (const output of node.outputs) seen.add(output);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** Numbers of a constant of the file, or of a node that holds one. */
function constantValues({ tensors, nodes }: Graph, id: TensorId): readonly number[] | undefined {
  const stored = tensors[id]?.constant;
  if (stored) return stored.values;
  const held = nodes.find(({ op, outputs }) => op === "Constant" && outputs[0] === id)?.attributes;
  const value = held?.get("value") ?? held?.get("value_int") ?? held?.get("value_float");
  if (typeof value === "number") return [value];
  return value !== undefined && isConstant(value) ? value.values : undefined;
}

/** The real numbers that a quantized tensor can hold. */
function realRange(type: DataType | undefined, { scales, zeroPoints }: Quantization): Range | undefined {
  const stored = type && QUANTIZED[type];
  const [scale] = scales;
  if (stored === undefined || scale === undefined) return undefined;
  const zero = zeroPoints[0] ?? 0;
  return { low: (stored.low - zero) * scale, high: (stored.high - zero) * scale };
}

function usersOf({ nodes }: Graph): ReadonlyMap<TensorId, readonly Node[]> {
  const users = new Map<TensorId, Node[]>();
  for (const node of nodes) {
    for (const id of new Set(node.inputs)) {
      const known = users.get(id);
      if (known) known.push(node);
      else users.set(id, [node]);
    }
  }
  return users;
}

/** Rows of the smallest table that a tensor's elements are looked up in. */
function fewestRows(graph: Graph, users: ReadonlyMap<TensorId, readonly Node[]>, input: TensorId): number | undefined {
  const seen = new Set([input]);
  let fewest: number | undefined;
  for (const id of seen) {
    for (const node of users.get(id) ?? []) {
      const lookup = ownEntry(LOOKUPS, node.op);
      if (lookup !== undefined && node.inputs[lookup.rows] === id) {
        const rows = rowsOf(graph, node, lookup.table);
        if (rows !== undefined && rows > 0) fewest = Math.min(fewest ?? rows, rows);
      }
      const passes = PASSING.has(node.op) || PASSING_TFLITE.has(node.op);
      if (passes && node.inputs[0] === id) for (const output of node.outputs) seen.add(output);
    }
  }
  return fewest;
}

function rowsOf({ tensors, nodes }: Graph, lookup: Node, place: number): number | undefined {
  const table = lookup.inputs[place];
  const producer = nodes.find(({ op, outputs }) => DECODING.has(op) && outputs[0] === table);
  const constant = tensors[producer?.inputs[0] ?? table ?? -1]?.constant;
  const axis = lookup.attributes.get("axis");
  return constant?.shape.at(typeof axis === "number" ? axis : 0);
}
