import { formatOf } from "../formats/formats.ts";
import type { DataType } from "../model/data-type.ts";
import type { Model, Quantization, TensorId } from "../model/model.ts";
import type { Range } from "../tensors/port.ts";
import { settingValues, type Compared } from "./setting-values.ts";
import { Uses } from "./uses.ts";

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
    const known = rows === undefined ? settingValues(comparedWith(uses, id), tensor.declared?.dataType) : [];
    const range = rows === undefined ? (settingAmong(known) ?? quantized) : { low: 0, high: rows - 1 };
    if (range !== undefined) ranges.set(tensor.name, range);
  });
  return ranges;
}

function settingAmong(values: readonly number[]): Range | undefined {
  return values.length === 0 ? undefined : { low: Math.min(...values), high: Math.max(...values), among: values };
}

/** Constants that a single number is compared with, a sampling rate or a mode. */
function comparedWith(uses: Uses, input: TensorId): Compared {
  const { declared } = uses.graph.tensors[input] ?? {};
  const found: Record<"equal" | "order", number[]> = { equal: [], order: [] };
  if (declared?.shape?.every((size) => size === 1) !== true) return { equal: [], ordered: [] };
  for (const { uses: own, node, rule, id } of uses.unchanged(input)) {
    if (rule.compares === undefined) continue;
    const other = node.inputs.find((operand) => operand !== id);
    const [value, another] = other === undefined ? [] : (own.constantValues(other) ?? []);
    if (value !== undefined && another === undefined) found[rule.compares].push(value);
  }
  return { equal: found.equal, ordered: found.order };
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
  for (const { uses: own, node, rule, id } of uses.unchanged(input)) {
    if (rule.looksUp === undefined || node.inputs[rule.looksUp.rows] !== id) continue;
    const rows = own.rowsOf(node, rule.looksUp.table);
    if (rows !== undefined && rows > 0) fewest = Math.min(fewest ?? rows, rows);
  }
  return fewest;
}
