import { readConstant } from "../../../model/constant-values.ts";
import type { DataType } from "../../../model/data-type.ts";
import { ABSENT, type Attribute, type Node, type Quantization, type TensorId } from "../../../model/model.ts";
import type { ConvForm, DenseForm, Form, FormKind } from "../../../neutral/forms.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { LoweringError } from "../../../neutral/lowering-error.ts";
import { plannedScheme, quantized, schemeFor } from "../../../neutral/quantize.ts";
import { permutedWeights } from "../../../neutral/stored-weights.ts";
import { padsAttribute } from "../operators/spatial.ts";
import type { NodeWriter } from "./node-writer.ts";

/** Integers that activations are quantized to. */
const ACTIVATIONS: ReadonlySet<DataType | undefined> = new Set<DataType>(["int8", "uint8", "int16", "uint16"]);

/** Forms that only move numbers: their operators take integers as they are. */
const MOVES: ReadonlySet<FormKind> = new Set<FormKind>([
  "reshape",
  "transpose",
  "slice",
  "split",
  "identity",
  "resize",
]);

/** Whether a layer reads integers themselves: its operators are those of ONNX Runtime's QOperator form. */
export function isOnIntegers(writer: NodeWriter): boolean {
  const { draft, input } = writer;
  // Of a new tensor nothing is known: it is what the layer read that this one takes the place of.
  const known = draft.lifted[input] ?? draft.lifted[draft.from?.inputs[0] ?? ABSENT];
  return ACTIVATIONS.has(known?.dataType);
}

/**
 * Writes a layer of the QOperator form with other weights, or one that moves numbers alone.
 * @returns whether the layer is written as any other, by its form
 * @throws {LoweringError} when it would be a new operator on integers, whose range nothing tells
 */
export async function lowerQuantized(form: Form, writer: NodeWriter): Promise<"written" | "by form"> {
  const { before } = writer.layer;
  if (MOVES.has(form.kind) || (form.kind === "pool" && form.mode === "max")) return "by form";
  if (before && form.kind === "conv" && before.op === "QLinearConv") await conv(form, before.node, writer);
  else if (before && form.kind === "dense" && before.op === "QGemm") await gemm(form, before.node, writer);
  else if (before && form.kind === "dense" && before.op === "QLinearMatMul") await matmul(form, before.node, writer);
  else {
    const reason = "it would compute on integers, and nothing tells the range of what it makes";
    throw new LoweringError(`${writer.layer.name}: ${reason}`, { hint: "Edit the float model, then quantize it." });
  }
  return "written";
}

/** Where an operator has what belongs to its weights, and its bias. */
const PLACES = { inputScale: 1, weight: 3 } as const;

async function conv(form: ConvForm, before: Node, writer: NodeWriter): Promise<void> {
  const { weight, bias, groups, strides, dilations } = form;
  const stored = await writeWeights(writer, before, weight, 0);
  const [, inputScale = ABSENT, inputZero = ABSENT, , , , outputScale = ABSENT, outputZero = ABSENT] = before.inputs;
  const inputs = [writer.input, inputScale, inputZero, ...stored.ids, outputScale, outputZero];
  if (bias) inputs.push(await writeBias(writer, before, bias, stored, before.inputs[8]));
  const kernel = weight.shape.slice(2);
  write(writer, before, inputs, { dilations, group: groups, kernel_shape: kernel, ...padsAttribute(form), strides });
}

async function gemm({ weight, bias }: DenseForm, before: Node, writer: NodeWriter): Promise<void> {
  const stored = await writeWeights(writer, before, weight, 0);
  const [, inputScale = ABSENT, inputZero = ABSENT] = before.inputs;
  const biasTensor = bias ? await writeBias(writer, before, bias, stored, before.inputs[6]) : ABSENT;
  const inputs = [writer.input, inputScale, inputZero, ...stored.ids, biasTensor, ...before.inputs.slice(7)];
  write(writer, before, inputs, { ...Object.fromEntries(before.attributes), transB: 1 });
}

async function matmul({ weight, bias }: DenseForm, before: Node, writer: NodeWriter): Promise<void> {
  if (bias) throw new LoweringError(`${writer.layer.name}: ${before.op} takes no bias`);
  const stored = await writeWeights(writer, before, permutedWeights(weight, [1, 0]), 1);
  write(writer, before, [writer.input, ...before.inputs.slice(1, 3), ...stored.ids, ...before.inputs.slice(6)], {});
}

function write(
  { draft, layer }: NodeWriter,
  { op, domain, name }: Node,
  inputs: readonly TensorId[],
  attributes: Readonly<Record<string, Attribute>>,
): void {
  draft.addNode(
    { op, domain, name, inputs, outputs: layer.outputs, attributes: new Map(Object.entries(attributes)) },
    layer.name,
  );
}

interface StoredWeights {
  readonly ids: readonly [integers: TensorId, scales: TensorId, zeroPoints: TensorId];
  readonly scales: readonly number[];
}

async function writeWeights(
  { draft, layer }: NodeWriter,
  before: Node,
  weights: Weights,
  channelAxis: number,
): Promise<StoredWeights> {
  const [integersBefore = ABSENT, scalesBefore = ABSENT, zerosBefore = ABSENT] = before.inputs.slice(PLACES.weight);
  const dataType = draft.lifted[integersBefore]?.dataType ?? weights.dataType;
  const isPerChannel = (draft.lifted[scalesBefore]?.shape?.length ?? 0) > 0;
  const { shape, quantization } = weights;
  const axis = isPerChannel ? channelAxis : undefined;
  const elements = draft.readsWeights ? await weights.read() : undefined;
  const scheme: Quantization =
    quantization ?? (elements ? schemeFor(elements, shape, dataType, axis) : plannedScheme(shape, axis));
  const read = (): Promise<ArrayLike<number>> =>
    elements
      ? Promise.resolve(quantized(elements, shape, dataType, scheme))
      : Promise.reject(new Error("a prediction"));
  const dims = isPerChannel ? [scheme.scales.length] : [];
  const zeros = scheme.scales.map((_, channel) => scheme.zeroPoints[channel] ?? scheme.zeroPoints[0] ?? 0);
  const constant = (part: string, type: DataType, values: readonly number[], instead: TensorId) =>
    draft.addConstant(
      `${layer.name}.weight.${part}`,
      { shape: dims, dataType: type, read: () => Promise.resolve(values) },
      instead,
    );
  const ids = [
    await draft.addConstant(`${layer.name}.weight`, { shape, dataType, read }, integersBefore),
    await constant("scale", "float32", scheme.scales, scalesBefore),
    await constant("zero-point", dataType, zeros, zerosBefore),
  ] as const;
  return { ids, scales: scheme.scales };
}

/** In the scales of input and weights multiplied: so are the sums that it is added to. */
async function writeBias(
  { draft, layer }: NodeWriter,
  before: Node,
  bias: Weights,
  { scales }: StoredWeights,
  instead: TensorId | undefined,
): Promise<TensorId> {
  const { shape } = bias;
  const read = async (): Promise<ArrayLike<number>> => {
    const { constant } = draft.tensors[before.inputs[PLACES.inputScale] ?? ABSENT] ?? {};
    const [inputScale = 1] = (constant && (await readConstant(constant))) ?? [];
    const products = scales.map((scale) => Math.fround(scale * inputScale));
    const axis = products.length > 1 ? 0 : undefined;
    const scheme = { ...plannedScheme(shape, axis), scales: products, zeroPoints: products.map(() => 0) };
    return quantized(await bias.read(), shape, "int32", scheme);
  };
  return draft.addConstant(`${layer.name}.bias`, { shape, dataType: "int32", read }, instead);
}
