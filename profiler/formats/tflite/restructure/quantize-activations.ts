import { ownEntry } from "../../../own-entry.ts";
import {
  ABSENT,
  isConstant,
  type Attribute,
  type Node,
  type Quantization,
  type TensorId,
} from "../../../model/model.ts";
import type { FormatAdapter } from "../../../neutral/adapter.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import { INTEGER_LIMITS, type IntegerGrid } from "../../../neutral/integer-grid.ts";
import { INTEGER_OPERATORS } from "./integer-support.ts";
import { versionOf } from "./versions.ts";

/**
 * Operators whose activations are all integers read and make them; QUANTIZE and DEQUANTIZE stand where floats meet integers, at the
 * graph's inputs and outputs too, unless these are int8 themselves. Those of uint8 meet int8 in a QUANTIZE, as kernels compute in int8 alone.
 * Weights that stood behind a DEQUANTIZE are read as they are stored.
 */
export const quantizeActivations: NonNullable<FormatAdapter["quantizeActivations"]> = (draft, integers, ioType) => {
  const { inputs: given, outputs: handedOut } = draft.model.entries[0].graph;
  const io = new Set(ioType === undefined ? [] : [...given, ...handedOut].filter((id) => integers.has(id)));
  const made = new Map<TensorId, TensorId>();
  for (const [id, grid] of integers)
    made.set(id, ioType === "int8" && io.has(id) ? id : integerTensor(draft, id, grid));
  for (const id of io) retype(draft, id, integers.get(id), ioType);
  const floats = new Map<TensorId, TensorId>();
  const floatOf = (id: TensorId): TensorId => {
    if (!io.has(id)) return id;
    const float = floats.get(id) ?? floatTensor(draft, id);
    floats.set(id, float);
    return float;
  };
  const widened = widenedConstants(draft);
  const makers = new Set<TensorId>();
  const nodes = draft.nodes.splice(0, draft.nodes.length);
  const isRead = new Set<TensorId>(handedOut);
  for (const node of nodes) {
    const isInteger = Object.hasOwn(INTEGER_OPERATORS, node.op) && ofIntegers(draft, node, made, widened);
    if (!isInteger) {
      for (const id of node.inputs) isRead.add(id);
      const [inputs, outputs] = [node.inputs.map(floatOf), node.outputs.map(floatOf)];
      draft.nodes.push({ ...node, inputs, outputs, index: draft.nodes.length });
      continue;
    }
    for (const id of node.outputs) makers.add(id);
    const inputs = node.inputs.map((id) => made.get(id) ?? widened.get(id) ?? id);
    const outputs = node.outputs.map((id) => made.get(id) ?? id);
    const { origin: _, version: __, ...rest } = node;
    const version = integerVersion(draft, node, inputs, outputs);
    draft.nodes.push({ ...rest, version, inputs, outputs, index: draft.nodes.length });
  }
  draft.from = undefined;
  const convert = (op: keyof typeof CONVERSIONS, from: TensorId, to: TensorId, name: string): void => {
    draft.addNode({ op, version: CONVERSIONS[op], inputs: [from], outputs: [to] }, name);
  };
  for (const [id, integer] of made) {
    const name = `${draft.tensors[id]?.name ?? ""}.q`;
    const isGiven = io.has(id) && given.includes(id);
    const float = io.has(id) ? floats.get(id) : id;
    if (isGiven && integer !== id) convert("QUANTIZE", id, integer, name);
    if (!isGiven && !makers.has(id) && float !== undefined) convert("QUANTIZE", float, integer, name);
    else if (float !== undefined && (io.has(id) || isRead.has(id)))
      convert("DEQUANTIZE", integer, float, `${name}.float`);
    if (io.has(id) && !isGiven && integer !== id) convert("QUANTIZE", integer, id, `${name}.io`);
  }
};

/** Versions of operators between floats and int8. */
const CONVERSIONS = { QUANTIZE: 1, DEQUANTIZE: 2 } as const;

function integerTensor(draft: GraphBuilder, id: TensorId, grid: IntegerGrid): TensorId {
  const { name = "", declared } = draft.tensors[id] ?? {};
  return draft.addTensor(`${name}.q`, {
    declared: { dataType: grid.dataType, shape: declared?.shape },
    quantization: schemeOf(grid),
  });
}

/** What an end was, for operators that go on computing in float. */
function floatTensor(draft: GraphBuilder, id: TensorId): TensorId {
  const { name = "", declared } = draft.tensors[id] ?? {};
  return draft.addTensor(`${name}.float`, { declared: { dataType: "float32", shape: declared?.shape } });
}

/** An end of the graph stays the tensor that signatures name, of another type. uint8 is int8 moved by 128. */
function retype(
  { tensors }: GraphBuilder,
  id: TensorId,
  grid: IntegerGrid | undefined,
  dataType: IntegerGrid["dataType"] | undefined,
): void {
  const tensor = tensors[id];
  if (tensor === undefined || grid === undefined || dataType === undefined) return;
  const shift = INTEGER_LIMITS[dataType][0] - INTEGER_LIMITS[grid.dataType][0];
  tensors[id] = {
    ...tensor,
    isRetyped: true,
    declared: { shape: undefined, ...tensor.declared, dataType },
    quantization: schemeOf({ ...grid, zeroPoint: grid.zeroPoint + shift }),
  };
}

function schemeOf({ scale, zeroPoint }: Pick<IntegerGrid, "scale" | "zeroPoint">): Quantization {
  return { granularity: "tensor", scales: [scale], zeroPoints: [zeroPoint] };
}

/** Constants by what a DEQUANTIZE makes of them. */
function widenedConstants({ nodes, tensors }: GraphBuilder): ReadonlyMap<TensorId, TensorId> {
  const widened = new Map<TensorId, TensorId>();
  for (const { op, inputs, outputs } of nodes) {
    const [stored = ABSENT] = inputs;
    const constant = op === "DEQUANTIZE" ? tensors[stored]?.constant : undefined;
    if (constant !== undefined && constant.dataType !== "float16") widened.set(outputs[0] ?? ABSENT, stored);
  }
  return widened;
}

function ofIntegers(
  { tensors }: GraphBuilder,
  { inputs, outputs }: Node,
  made: ReadonlyMap<TensorId, TensorId>,
  widened: ReadonlyMap<TensorId, TensorId>,
): boolean {
  const isIn = (id: TensorId): boolean =>
    id === ABSENT || made.has(id) || widened.has(id) || isStoredInteger(tensors[id]);
  return outputs.every((id) => made.has(id)) && inputs.every(isIn);
}

/** Weights, biases and settings; numbers of floats would be read as integers. */
function isStoredInteger(tensor: GraphBuilder["tensors"][number] | undefined): boolean {
  return tensor?.constant !== undefined && tensor.constant.dataType !== "float32";
}

/** Where operators have their data, when it is not the first input. */
const DATA_INPUT: Readonly<Record<string, number>> = { SPLIT: 1 };

function integerVersion(
  { tensors, lifted }: GraphBuilder,
  { op, attributes, inputs: before }: Node,
  inputs: readonly TensorId[],
  [output = ABSENT]: readonly TensorId[],
): number {
  const place = ownEntry(DATA_INPUT, op) ?? 0;
  const shapes = before.map((id) => lifted[id]?.shape ?? tensors[id]?.constant?.shape);
  const [, weights = ABSENT] = inputs;
  const scaleOf = (id: TensorId | undefined): number => tensors[id ?? ABSENT]?.quantization?.scales[0] ?? 0;
  const plain = [...attributes].filter((entry): entry is [string, Exclude<Attribute, object>] => !isConstant(entry[1]));
  const { quantization, constant } = tensors[weights] ?? {};
  return versionOf(op, {
    attributes: Object.fromEntries(plain),
    dataType: "int8",
    rank: shapes[place]?.length ?? 0,
    mostAxes: Math.max(0, ...shapes.map((one) => one?.length ?? 0)),
    isBroadcast: shapes[0]?.join() !== shapes[1]?.join(),
    isScaledUp: scaleOf(output) > 0 && scaleOf(inputs[0]) * scaleOf(weights) >= scaleOf(output),
    inputs: inputs.length,
    isPerChannelData: false,
    weightType: constant?.dataType,
    isPerChannel: quantization?.granularity === "channel",
    isGrouped: op === "CONV_2D" && constant?.shape.at(-1) !== shapes[0]?.at(-1),
  });
}
