import { ownEntry } from "../../../own-entry.ts";
import { readConstant } from "../../../model/constant-values.ts";
import { isFloat, isInteger, type DataType } from "../../../model/data-type.ts";
import {
  ABSENT,
  type Attribute,
  type Graph,
  type Node,
  type Quantization,
  type TensorId,
} from "../../../model/model.ts";
import type { LayerToLower } from "../../../neutral/adapter.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { plannedScheme, quantized, schemeFor } from "../../../neutral/quantize.ts";

/** Since then a DequantizeLinear takes a scale for each channel. */
const FIRST_PER_CHANNEL = 13;

/** Type of new weights between Q and DQ. Signed: symmetric, as every runtime takes them. */
const NEW_WEIGHTS: DataType = "int8";

/** Which input of a convolution or a product has the weights of a role. */
const PLACES: Readonly<Record<string, number>> = { weight: 1, bias: 2 };

/** What writes the nodes of the layer: see `NodeWriter`. */
interface QuantizedWriter {
  readonly layer: LayerToLower;
  readonly draft: GraphBuilder;
  readonly opset: number;
  readonly input: TensorId;
  helper(
    role: string,
    op: string,
    inputs: readonly TensorId[],
    attributes: Readonly<Record<string, Attribute>>,
    output: TensorId,
  ): void;
}

/** What weights of a role are to be stored as: integers where the layer's were, and where its input comes from a DequantizeLinear. */
export function storedTypeOf(writer: QuantizedWriter, weights: Weights): DataType {
  if (!isFloat(weights.dataType)) return weights.dataType;
  const before = weightBefore(writer);
  if (before) return isInteger(before.dataType) ? before.dataType : weights.dataType;
  return isDequantized(writer, writer.input) ? NEW_WEIGHTS : weights.dataType;
}

/** Whether a tensor stands for integers that the run brings. */
function isDequantized(writer: QuantizedWriter, tensor: TensorId): boolean {
  return dequantizerOf(writer, tensor) !== undefined;
}

/**
 * Integers behind a DequantizeLinear with an explicit zero point, without which ONNX Runtime 1.27.0 fails to load some graphs. By the
 * scheme that the weights have, else by the one that fits them best.
 * @param channelAxis of the output channels
 */
export async function writeQuantized(
  writer: QuantizedWriter,
  role: string,
  weights: Weights,
  { dataType, channelAxis }: { readonly dataType: DataType; readonly channelAxis: number },
): Promise<TensorId> {
  const { draft } = writer;
  const { shape } = weights;
  const axis = isPerChannel(writer) ? channelAxis : undefined;
  const given = weights.dataType === dataType ? weights.quantization : undefined;
  if (!draft.readsWeights) {
    const scheme = given ?? plannedScheme(shape, axis);
    return writeStored(writer, role, { shape, dataType, scheme, read: unread });
  }
  const elements = await weights.read();
  const scheme = given ?? schemeFor(elements, shape, dataType, axis);
  const integers = quantized(elements, shape, dataType, scheme);
  return writeStored(writer, role, { shape, dataType, scheme, read: () => Promise.resolve(integers) });
}

/**
 * A bias whose scales are those of input and weights multiplied, whatever it had: integer kernels add it to such sums. undefined where
 * they are not between Q and DQ: it is a float then.
 * @param weightTensor the weights as they are written
 */
export async function writeQuantizedBias(
  writer: QuantizedWriter,
  bias: Weights,
  weightTensor: TensorId,
): Promise<TensorId | undefined> {
  const [input, weight] = [dequantizerOf(writer, writer.input), dequantizerOf(writer, weightTensor)];
  if (input === undefined || weight === undefined) return undefined;
  const [outputs = 0] = bias.shape;
  const shape = [outputs];
  const isOne = (await scalesOf(writer, weight)).length === 1;
  const planned = plannedScheme(shape, isOne ? undefined : 0);
  if (!writer.draft.readsWeights)
    return writeStored(writer, "bias", { shape, dataType: "int32", scheme: planned, read: unread });
  const [inputScale = 1] = await scalesOf(writer, input);
  const scales = (await scalesOf(writer, weight)).map((scale) => Math.fround(scale * inputScale));
  const scheme = { ...planned, scales, zeroPoints: scales.map(() => 0) };
  const integers = quantized(await bias.read(), shape, "int32", scheme);
  return writeStored(writer, "bias", { shape, dataType: "int32", scheme, read: () => Promise.resolve(integers) });
}

interface Stored {
  readonly shape: readonly number[];
  readonly dataType: DataType;
  readonly scheme: Quantization;
  readonly read: () => Promise<ArrayLike<number>>;
}

async function writeStored(writer: QuantizedWriter, role: string, { scheme, ...stored }: Stored): Promise<TensorId> {
  const { draft, layer } = writer;
  const name = `${layer.name}.${role}`;
  const before = dequantizerBefore(writer, role);
  const [integersBefore, scalesBefore, zerosBefore] = before?.inputs ?? [];
  // Of weights that were float numbers of the file the integers have the name now.
  const floatsBefore = before ? undefined : inputBefore(writer, role);
  const dims = scheme.granularity === "channel" ? [scheme.scales.length] : [];
  const constant = (part: string, dataType: DataType, values: readonly number[], instead: TensorId | undefined) =>
    draft.addConstant(`${name}.${part}`, { shape: dims, dataType, read: () => Promise.resolve(values) }, instead);
  const zeros = scheme.scales.map((_, channel) => scheme.zeroPoints[channel] ?? scheme.zeroPoints[0] ?? 0);
  const inputs = [
    await draft.addConstant(`${name}.quantized`, stored, integersBefore ?? floatsBefore),
    await constant("scale", "float32", scheme.scales, scalesBefore),
    await constant("zero-point", stored.dataType, zeros, zerosBefore),
  ];
  const output = draft.addTensor(name, {}, before && inputBefore(writer, role));
  const axis = scheme.granularity === "channel" ? { axis: scheme.axis ?? 0 } : {};
  writer.helper(`${role}.dequantize`, "DequantizeLinear", inputs, axis, output);
  return output;
}

function isPerChannel(writer: QuantizedWriter): boolean {
  if (writer.opset < FIRST_PER_CHANNEL) return false;
  if (weightBefore(writer) === undefined) return true;
  const before = dequantizerBefore(writer, "weight");
  const scale = writer.draft.lifted[before?.inputs[1] ?? ABSENT];
  return before === undefined || (scale?.shape?.length ?? 0) > 0;
}

function weightBefore({ layer: { before } }: QuantizedWriter): Weights | undefined {
  return before && "weight" in before.form ? before.form.weight : undefined;
}

function inputBefore({ layer: { before, form } }: QuantizedWriter, role: string): TensorId | undefined {
  return before?.form.kind === form.kind ? before.node.inputs[ownEntry(PLACES, role) ?? ABSENT] : undefined;
}

/** What the layer's weights of a role came from, in the file before the edit. */
function dequantizerBefore(writer: QuantizedWriter, role: string): Node | undefined {
  const tensor = inputBefore(writer, role);
  if (tensor === undefined) return undefined;
  return writer.draft.model.entries[0].graph.nodes.find((node) => dequantizes(node, tensor));
}

function dequantizerOf({ draft }: QuantizedWriter, tensor: TensorId): Node | undefined {
  const { graph } = draft.model.entries[0];
  const isPossible = tensor !== ABSENT && (!isFloatGraph(graph.nodes) || hasDequantizers(draft.added));
  return isPossible ? draft.nodes.find((node) => dequantizes(node, tensor)) : undefined;
}

const DEQUANTIZED = new WeakMap<Graph["nodes"], boolean>();

/** Whether a graph has no DequantizeLinear, told once for all its edits. */
export function isFloatGraph(nodes: Graph["nodes"]): boolean {
  const known = DEQUANTIZED.get(nodes) ?? hasDequantizers(nodes);
  DEQUANTIZED.set(nodes, known);
  return !known;
}

function hasDequantizers(nodes: readonly Node[]): boolean {
  return nodes.some(({ op }) => op === "DequantizeLinear");
}

function dequantizes({ op, outputs }: Node, tensor: TensorId): boolean {
  return op === "DequantizeLinear" && outputs[0] === tensor;
}

/** In a prediction new scales have no bytes: as many ones. */
async function scalesOf({ draft }: QuantizedWriter, { inputs: [, scale = ABSENT] }: Node): Promise<readonly number[]> {
  const { constant } = draft.tensors[scale] ?? {};
  if (constant === undefined) return [];
  if (constant.values) return constant.values;
  const read = constant.storage.kind === "none" ? undefined : await readConstant(constant);
  return read ? [...read] : new Array<number>(constant.shape[0] ?? 1).fill(1);
}

function unread(): Promise<never> {
  return Promise.reject(new Error("a prediction reads no weights"));
}
