import { ABSENT, type Attribute, type TensorId } from "../../../model/model.ts";
import type { Lifted } from "../../../neutral/adapter.ts";
import type { DenseForm } from "../../../neutral/forms.ts";
import { NotLiftable, type NativeLayer } from "../../../neutral/native-layer.ts";
import type { AffineCoding } from "../../../neutral/weight-coding.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type { NodeWriter } from "./node-writer.ts";

/** Domain of ONNX Runtime's own operators. */
const RUNTIME_DOMAIN = "com.microsoft";

/** Activations are rounded to 8 bits, block by block: the products of floats take longer than those of decoded weights do. */
const INTEGER_ACTIVATIONS = 4;

/** Coding of weights that a product reads as they are stored; undefined for others, and where it computes in another type than float32. */
export function blockCoding({ weight }: DenseForm, writer: NodeWriter): AffineCoding | undefined {
  const { coding } = weight;
  const { dataType = "float32" } = writer.draft.lifted[writer.input] ?? {};
  return coding?.kind === "affine" && coding.isOfProducts && dataType === "float32" ? coding : undefined;
}

/** A MatMulNBits: outputs × blocks × bytes of a block, the first level in the lowest bits, zero in the middle of them. */
export async function writeBlockProduct(
  { weight, bias }: DenseForm,
  coding: AffineCoding,
  writer: NodeWriter,
): Promise<void> {
  const { draft, layer } = writer;
  const [outputs = 1, inputs = 1] = weight.shape;
  const { bits, blockSize = inputs } = coding;
  const blocks = inputs / blockSize;
  const read = async (): Promise<Uint8Array> => packed((await coding.numbers()).levels, coding);
  const scales = async (): Promise<Float32Array> => (await coding.numbers()).scales;
  const name = `${layer.name}.weight`;
  const [stored, scale] = [
    await draft.once(weight, "blocks", () =>
      draft.addConstant(name, { shape: [outputs, blocks, (blockSize * bits) / 8], dataType: "uint8", read }),
    ),
    await draft.once(weight, "scales of blocks", () =>
      draft.addConstant(`${name}.scales`, { shape: [outputs, blocks], dataType: "float32", read: scales }),
    ),
  ];
  const given: TensorId[] = [writer.input, stored, scale];
  if (bias) given.push(ABSENT, ABSENT, await writer.weights("bias", bias));
  const attributes: Readonly<Record<string, Attribute>> = {
    K: inputs,
    N: outputs,
    bits,
    block_size: blockSize,
    accuracy_level: INTEGER_ACTIVATIONS,
  };
  writer.node("MatMulNBits", given, attributes, layer.outputs, RUNTIME_DOMAIN);
}

function packed(levels: Uint8Array, { bits, zeroPoint }: AffineCoding): Uint8Array {
  const [each, shift] = [8 / bits, 2 ** (bits - 1) - zeroPoint];
  const bytes = new Uint8Array(levels.length / each);
  levels.forEach((level, at) => {
    const place = Math.floor(at / each);
    bytes[place] = (bytes[place] ?? 0) | ((level + shift) << (bits * (at % each)));
  });
  return bytes;
}

const INPUTS = { weights: 1, scales: 2, zeroPoints: 3, groups: 4, bias: 5 } as const;

/** @throws {NotLiftable} for another form than `writeBlockProduct` gives it, and where weights that the file decodes are not asked for */
export function liftBlockProduct(layer: NativeLayer): Lifted {
  const { view } = layer;
  const [inputs = 0, outputs = 0, blockSize = 0] = ["K", "N", "block_size"].map((name) => view.int(name));
  const bits = view.int("bits", 4);
  if (!layer.decodesWeights) throw new NotLiftable("its weights are packed in blocks");
  const [stored, scales] = [layer.constant(INPUTS.weights), layer.constant(INPUTS.scales)];
  const isWritten = (bits === 4 || bits === 8) && blockSize > 0 && inputs % blockSize === 0;
  if (!isWritten || view.has(INPUTS.zeroPoints) || view.has(INPUTS.groups))
    throw new NotLiftable("its weights are packed in another way than Edgewise writes it");
  if (stored?.dataType !== "uint8" || scales?.dataType !== "float32")
    throw new NotLiftable("its weights are not constants");
  const zeroPoint = 2 ** (bits - 1);
  const numbers: AffineCoding["numbers"] = async () => ({
    levels: unpacked(await stored.read(), bits),
    scales: await scales.read(),
    zeroPoints: new Float32Array(0),
  });
  const coding: AffineCoding = {
    kind: "affine",
    bits,
    blockSize,
    hasZeroPoints: false,
    zeroPoint,
    isOfProducts: true,
    numbers,
  };
  const read = async (): Promise<Float32Array> => {
    const { levels, scales: steps } = await numbers();
    return Float32Array.from(levels, (level, at) => (level - zeroPoint) * (steps[Math.floor(at / blockSize)] ?? 0));
  };
  const weight: Weights = { shape: [outputs, inputs], dataType: "float32", coding, read };
  return layer.lifted({ kind: "dense", weight, bias: layer.optionalWeights(INPUTS.bias), activation: undefined });
}

function unpacked(bytes: Float32Array, bits: number): Uint8Array {
  const [each, mask] = [8 / bits, 2 ** bits - 1];
  return Uint8Array.from({ length: bytes.length * each }, (_, at) => {
    return ((bytes[Math.floor(at / each)] ?? 0) >> (bits * (at % each))) & mask;
  });
}
