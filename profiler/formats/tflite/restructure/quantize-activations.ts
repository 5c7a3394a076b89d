import { ownEntry } from "../../../own-entry.ts";
import { ABSENT, isConstant, type Attribute, type Node, type TensorId } from "../../../model/model.ts";
import type { FormatAdapter } from "../../../neutral/adapter.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import type { IntegerGrid } from "../../../neutral/integer-grid.ts";
import { INTEGER_OPERATORS } from "./integer-support.ts";
import { versionOf } from "./versions.ts";

/**
 * Operators whose activations are all integers read and make them; QUANTIZE and DEQUANTIZE stand where floats meet integers, at the
 * ends of the graph too. Weights that stood behind a DEQUANTIZE are read as they are stored.
 */
export const quantizeActivations: NonNullable<FormatAdapter["quantizeActivations"]> = (draft, integers) => {
  const made = new Map<TensorId, TensorId>();
  for (const [id, grid] of integers) made.set(id, integerTensor(draft, id, grid));
  const widened = widenedConstants(draft);
  const makers = new Set<TensorId>();
  const nodes = draft.nodes.splice(0, draft.nodes.length);
  const isRead = new Set<TensorId>(draft.model.entries[0].graph.outputs);
  for (const node of nodes) {
    const isInteger = Object.hasOwn(INTEGER_OPERATORS, node.op) && ofIntegers(draft, node, made, widened);
    if (!isInteger) {
      for (const id of node.inputs) isRead.add(id);
      draft.nodes.push({ ...node, index: draft.nodes.length });
      continue;
    }
    for (const id of node.outputs) makers.add(id);
    const inputs = node.inputs.map((id) => made.get(id) ?? widened.get(id) ?? id);
    const outputs = node.outputs.map((id) => made.get(id) ?? id);
    const { origin: _, version: __, ...rest } = node;
    const version = integerVersion(draft, node, inputs, outputs);
    draft.nodes.push({ ...rest, version, inputs, outputs, index: draft.nodes.length });
  }
  for (const [id, integer] of made) {
    const name = draft.tensors[integer]?.name ?? "";
    draft.from = undefined;
    if (!makers.has(id)) draft.addNode({ op: "QUANTIZE", version: 1, inputs: [id], outputs: [integer] }, name);
    else if (isRead.has(id))
      draft.addNode({ op: "DEQUANTIZE", version: 2, inputs: [integer], outputs: [id] }, `${name}.float`);
  }
};

function integerTensor(draft: GraphBuilder, id: TensorId, { dataType, scale, zeroPoint }: IntegerGrid): TensorId {
  const { name = "", declared } = draft.tensors[id] ?? {};
  const shape = declared?.shape;
  return draft.addTensor(`${name}.q`, {
    declared: { dataType, shape },
    quantization: { granularity: "tensor", scales: [scale], zeroPoints: [zeroPoint] },
  });
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
