import { ownEntry } from "../../../own-entry.ts";
import { isFloat, type DataType } from "../../../model/data-type.ts";
import { ABSENT, type Quantization, type TensorId } from "../../../model/model.ts";
import { newWeights, reshapedWeights, type Weights } from "../../../neutral/weights.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import type { WeightCoding } from "../../../neutral/weight-coding.ts";
import type { OperatorWriter } from "./operator-writer.ts";
import { plannedScheme, quantized, schemeFor } from "../../../neutral/quantize.ts";
import { unknownRange } from "./ranges.ts";
import { writeFewValues } from "./few-values.ts";
import { keepsOrder } from "./weight-layouts.ts";

/** What a layer's weights are to be stored as. */
export interface Kernel {
  readonly role: string;
  /** Axis of the stored weights that has the output channels. */
  readonly channelAxis: number;
  /** New integer weights get one scale for each channel, not one for all. */
  readonly isPerChannel: boolean;
}

/** Weights with their axes in the order of the file; nothing is copied where the elements stay in their order. */
export function inStoredOrder(weights: Weights, permutation: readonly number[]): Weights {
  if (!keepsOrder(weights.shape, permutation)) return permutedWeights(weights, permutation);
  if (weights.quantization?.granularity === "channel") return permutedWeights(weights, permutation);
  return reshapedWeights(
    weights,
    permutation.map((axis) => weights.shape[axis] ?? 1),
  );
}

/**
 * Weights in the order they have: those of the file where they stand there, else a new constant. Float16 ones, and integers in a
 * model that does not compute with these, stand behind a DEQUANTIZE.
 */
export async function writeWeights(writer: OperatorWriter, weights: Weights, kernel: Kernel): Promise<TensorId> {
  const stored = storedTensor(writer, weights);
  if (stored !== undefined) return stored;
  const as = `${writer.isQuantized ? "integers" : "floats"} ${kernel.channelAxis} ${kernel.isPerChannel ? "channel" : "tensor"}`;
  return writer.draft.once(weights, as, () => writeNewWeights(writer, weights, kernel));
}

async function writeNewWeights(writer: OperatorWriter, weights: Weights, kernel: Kernel): Promise<TensorId> {
  const { dataType, coding } = weights;
  if (coding?.kind === "product") return writeIntegers(writer, weights, kernel);
  if (coding) return writeCoded(writer, weights, coding, kernel);
  if (writer.isQuantized)
    return writeIntegers(writer, isFloat(dataType) ? asIntegers(weights, writer) : weights, kernel);
  if (dataType === "float32") return writeFloats(writer, weights, kernel.role);
  const isFloat16 = dataType === "float16";
  const narrow = isFloat16
    ? await writeFloats(writer, weights, kernel.role)
    : await writeIntegers(writer, weights, kernel);
  if (!isFloat16 && isHybrid(writer)) return narrow;
  const wide = writer.draft.addTensor(`${writer.layer.name}.${kernel.role}.wide`, {}, inputBefore(writer, kernel.role));
  writer.helper(`${kernel.role}.widen`, "DEQUANTIZE", [narrow], {}, wide);
  return wide;
}

/** 4 bits are two's complement, two a byte. */
const FEW_BITS = 4;

/**
 * Weights behind a DEQUANTIZE, with a scale for each output channel: computed with in float. Fewer than 4 bits take 4, since runtimes
 * have no kernels for less.
 * @param weights in the order of the file
 * @throws {LoweringError} for what TFLite has no operators for that run as fast
 */
async function writeCoded(
  writer: OperatorWriter,
  weights: Weights,
  coding: WeightCoding,
  { role, channelAxis }: Kernel,
): Promise<TensorId> {
  const { draft } = writer;
  if (writer.isQuantized) throw writer.error("it computes in integers already");
  const wide = draft.addTensor(`${writer.layer.name}.${role}.wide`, {}, inputBefore(writer, role));
  const name = `${writer.layer.name}.${role}`;
  const { shape } = weights;
  if (coding.kind === "float16") {
    const half = await draft.addConstant(name, { shape, dataType: "float16", read: () => weights.read() });
    writer.helper(`${role}.widen`, "DEQUANTIZE", [half], {}, wide);
    return wide;
  }
  if (coding.kind === "palette" || coding.kind === "sparse") return writeFewValues(writer, weights, coding, role, wide);
  if (coding.kind !== "affine") throw writer.error("TFLite has no operators that decode integers of few bits");
  if (coding.blockSize !== undefined)
    throw writer.error("TFLite has one scale for each output channel, not for blocks");
  if (coding.bits === 1) throw writer.error("TFLite has no weights of one bit");
  const dataType = coding.bits <= FEW_BITS ? "int4" : "int8";
  const channels = shape[channelAxis] ?? 1;
  const scheme = (scales: ArrayLike<number>): Quantization => ({
    granularity: "channel",
    axis: channelAxis,
    scales: Array.from(scales, Math.abs),
    zeroPoints: Array.from({ length: channels }, () => 0),
  });
  let quantization = scheme({ length: channels });
  let integers: ArrayLike<number> = [];
  if (draft.readsWeights) {
    const { scales } = await coding.numbers();
    quantization = scheme(scales);
    const elements = await weights.read();
    const stride = shape.slice(channelAxis + 1).reduce((all, size) => all * size, 1);
    integers = Int8Array.from(elements, (value, at) =>
      Math.round(value / (quantization.scales[Math.floor(at / stride) % channels] ?? 1)),
    );
  }
  const stored = await draft.addConstant(name, {
    shape,
    dataType,
    quantization,
    read: () => Promise.resolve(integers),
  });
  writer.helper(`${role}.widen`, "DEQUANTIZE", [stored], {}, wide);
  return wide;
}

/** The tensor of the file that holds these very weights. */
function storedTensor({ draft }: OperatorWriter, weights: Weights): TensorId | undefined {
  const stored = draft.lifted.find(({ constant }) => constant === weights);
  return stored && draft.tensors[stored.id] ? stored.id : undefined;
}

/** Which input of a convolution or a dense layer has the weights of a role. */
const PLACES: Readonly<Record<string, number>> = { weight: 1, bias: 2 };
const TRANSPOSED_BIAS = 3;

/** What the layer had its weights of a role in. */
function inputBefore({ layer: { before, form } }: OperatorWriter, role: string): TensorId | undefined {
  if (before?.form.kind !== form.kind) return undefined;
  const place = form.kind === "conv-transpose" && role === "bias" ? TRANSPOSED_BIAS : ownEntry(PLACES, role);
  return before.node.inputs[place ?? ABSENT];
}

/** The numbers that the layer had for a role, behind a DEQUANTIZE of the same type too: new ones go under their name. */
function constantBefore(writer: OperatorWriter, role: string, dataType: DataType): TensorId | undefined {
  const input = inputBefore(writer, role);
  if (input === undefined || input === ABSENT) return undefined;
  const { nodes, tensors } = writer.draft.model.entries[0].graph;
  const stored =
    tensors[input]?.constant === undefined ? nodes.find(({ outputs }) => outputs.includes(input))?.inputs[0] : input;
  return stored !== undefined && tensors[stored]?.constant?.dataType === dataType ? stored : undefined;
}

function writeFloats(writer: OperatorWriter, weights: Weights, role: string): Promise<TensorId> {
  const { shape, dataType, constant, quantization } = weights;
  const name = `${writer.layer.name}.${role}`;
  const instead = constantBefore(writer, role, dataType);
  if (constant && quantization === undefined)
    return Promise.resolve(writer.draft.addTensor(name, { constant }, instead));
  return writer.draft.addConstant(name, { shape, dataType, read: () => weights.read() }, instead);
}

/** Restructurings make numbers; a layer that computes in integers takes them as such. */
function asIntegers(weights: Weights, writer: OperatorWriter): Weights {
  const { dataType } = writer.inferredType(writer.input);
  return { shape: weights.shape, dataType: dataType === "uint8" ? "uint8" : "int8", read: () => weights.read() };
}

/** By the scheme that the weights have, else by the one that fits the numbers best; a prediction only knows how many scales that has. */
async function writeIntegers(
  writer: OperatorWriter,
  weights: Weights,
  { role, channelAxis, isPerChannel }: Kernel,
): Promise<TensorId> {
  const { draft, layer } = writer;
  const name = `${layer.name}.${role}`;
  const { shape, dataType, quantization, constant } = weights;
  const instead = constantBefore(writer, role, dataType);
  if (constant && quantization) return draft.addTensor(name, { constant, quantization }, instead);
  const axis = isPerChannel ? channelAxis : undefined;
  if (!draft.readsWeights) {
    const planned = quantization ?? plannedScheme(shape, axis);
    return draft.addConstant(name, { shape, dataType, quantization: planned, read: unread }, instead);
  }
  const elements = await weights.read();
  const scheme = quantization ?? schemeFor(elements, shape, dataType, axis);
  const integers = quantized(elements, shape, dataType, scheme);
  return draft.addConstant(
    name,
    { shape, dataType, quantization: scheme, read: () => Promise.resolve(integers) },
    instead,
  );
}

function unread(): Promise<never> {
  return Promise.reject(new Error("a prediction reads no weights"));
}

/**
 * A bias of `outputs` numbers, zeros where the layer has none. That of a layer in integers has the scales of input and weights
 * multiplied: so do the sums that it is added to.
 * @param weightTensor the weights as they are written
 */
export async function writeBias(
  writer: OperatorWriter,
  given: Weights | undefined,
  outputs: number,
  weightTensor: TensorId,
): Promise<TensorId> {
  const bias = given ?? newWeights([outputs], new Float32Array(outputs));
  // Of a layer that is about to compute in integers.
  if (!writer.isQuantized && bias.dataType === "int32" && bias.quantization && bias.constant === undefined)
    return writeIntegers(writer, bias, BIAS);
  if (!writer.isQuantized) return writeWeights(writer, isFloat(bias.dataType) ? bias : asFloats(bias), BIAS);
  const { draft, layer, input } = writer;
  const dataType = writer.inferredType(input).dataType === "int16" ? "int64" : "int32";
  const name = `${layer.name}.bias`;
  const scheme = biasScheme(draft.tensors[input]?.quantization, draft.tensors[weightTensor]?.quantization);
  if (scheme === undefined) throw unknownRange(layer.name);
  const instead = constantBefore(writer, "bias", dataType);
  if (!draft.readsWeights)
    return draft.addConstant(name, { shape: [outputs], dataType, quantization: scheme, read: unread }, instead);
  const integers = quantized(await bias.read(), [outputs], dataType, scheme);
  const read = (): Promise<ArrayLike<number>> => Promise.resolve(integers);
  return draft.addConstant(name, { shape: [outputs], dataType, quantization: scheme, read }, instead);
}

const BIAS: Kernel = { role: "bias", channelAxis: 0, isPerChannel: false };

function asFloats(weights: Weights): Weights {
  return { shape: weights.shape, dataType: "float32", read: () => weights.read() };
}

function biasScheme(input: Quantization | undefined, weights: Quantization | undefined): Quantization | undefined {
  const [scale] = input?.scales ?? [];
  if (scale === undefined || weights === undefined) return undefined;
  const scales = weights.scales.map((weightScale) => Math.fround(scale * weightScale));
  const zeroPoints = scales.map(() => 0);
  return weights.granularity === "channel"
    ? { granularity: "channel", axis: 0, scales, zeroPoints }
    : { granularity: "tensor", scales, zeroPoints };
}

/** Whether convolutions and dense layers of the model take float data and integer weights as they are. */
function isHybrid({ draft }: OperatorWriter): boolean {
  const { nodes, tensors } = draft.model.entries[0].graph;
  return nodes.some(({ op, inputs: [data = ABSENT, weights = ABSENT] }) => {
    const takesWeights = op === "CONV_2D" || op === "DEPTHWISE_CONV_2D" || op === "FULLY_CONNECTED";
    const isFloatData = tensors[data]?.declared?.dataType === "float32";
    return takesWeights && isFloatData && tensors[weights]?.constant?.dataType === "int8";
  });
}
