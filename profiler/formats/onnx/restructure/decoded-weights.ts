import type { TensorId } from "../../../model/model.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type {
  AffineCoding,
  IntegerCoding,
  PaletteCoding,
  SparseCoding,
  WeightCoding,
} from "../../../neutral/weight-coding.ts";
import type { InferredNode } from "../../../operators/infer.ts";
import { DecodingChain } from "./decoding-chain.ts";

/**
 * Weights that the file decodes itself, in the forms that `coded-weights.ts` writes: with their coding, so that others can be stored in
 * the same form. Which form it is the operators tell; nothing is read before it is asked for.
 * @returns undefined for another form
 */
export function decodedWeights(inferred: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined {
  const [output = -1] = inferred.node.outputs;
  const chain = new DecodingChain(scope);
  if (type.dataType === "int8") return packedIntegers(output, chain, type.shape);
  if (type.dataType !== "float32") return undefined;
  const coding = codingOf(output, chain, type.shape);
  return coding && { shape: type.shape, dataType: "float32", coding, read: () => chain.floats(output) };
}

function codingOf(output: TensorId, chain: DecodingChain, shape: readonly number[]): WeightCoding | undefined {
  const whole = chain.through(output, "Reshape");
  const isReshaped = whole !== output;
  const [first = -1, second = -1] = chain.inputs(whole);
  switch (chain.op(whole)) {
    case "Cast":
      return chain.typeOf(first) === "float16" && !isReshaped ? { kind: "float16" } : undefined;
    case "Mul":
      return affine(first, second, chain, shape, isReshaped);
    case "Gather":
      return palette(first, second, chain);
    case "ScatterElements":
      return sparse(chain.inputs(whole), chain);
    default:
      return undefined;
  }
}

/** scale × (level − zero point); 8 bits without zero points are signed integers already. */
function affine(
  value: TensorId,
  scales: TensorId,
  chain: DecodingChain,
  shape: readonly number[],
  isReshaped: boolean,
): AffineCoding | undefined {
  const [rows = 1] = shape;
  const scaleCount = chain.count(scales);
  const elements = elementsOf(shape);
  if (scaleCount === undefined || elements === undefined || !chain.isStored(scales)) return undefined;
  if (scaleCount % rows !== 0 || elements % scaleCount !== 0 || (!isReshaped && scaleCount !== rows)) return undefined;
  const blocks = isReshaped ? { blockSize: elements / scaleCount } : {};
  const scaled = async (
    levels: Promise<Float32Array>,
    zeros: Promise<Float32Array>,
    offset = 0,
  ): ReturnType<AffineCoding["numbers"]> => ({
    levels: Uint8Array.from(await levels, (level) => level + offset),
    scales: await chain.floats(scales),
    zeroPoints: await zeros,
  });
  const none = (): Promise<Float32Array> => Promise.resolve(new Float32Array(0));
  const [placed = -1, zeros = -1] = chain.inputs(value);
  if (chain.op(value) === "Cast" && chain.typeOf(placed) === "int8" && chain.isStored(placed)) {
    const numbers = (): ReturnType<AffineCoding["numbers"]> => scaled(chain.floats(placed), none(), MIDDLE);
    return { kind: "affine", bits: 8, hasZeroPoints: false, zeroPoint: MIDDLE, ...blocks, numbers };
  }
  const bits = chain.op(value) === "Sub" ? chain.bits(placed) : undefined;
  if (bits === undefined || !chain.isStored(zeros)) return undefined;
  const [zeroPoint] = chain.settings(zeros) ?? [];
  const hasZeroPoints = chain.count(zeros) === scaleCount && scaleCount > 1;
  if (hasZeroPoints) {
    const numbers = (): ReturnType<AffineCoding["numbers"]> => scaled(chain.floats(placed), chain.floats(zeros));
    return { kind: "affine", bits, hasZeroPoints, zeroPoint: 2 ** (bits - 1), ...blocks, numbers };
  }
  if (zeroPoint === undefined || chain.count(zeros) !== 1) return undefined;
  const numbers = (): ReturnType<AffineCoding["numbers"]> => scaled(chain.floats(placed), none());
  // Numbers of 7 bits are stored in bytes: their zero point tells them from those of 8.
  const own = zeroPoint < 1 ? 1 : Math.min(bits, Math.ceil(Math.log2(zeroPoint)) + 1);
  return { kind: "affine", bits: own, hasZeroPoints, zeroPoint, ...blocks, numbers };
}

/** Integers of few bits that are unpacked into int8: what a DequantizeLinear behind them makes of them has their coding too. */
function packedIntegers(output: TensorId, chain: DecodingChain, shape: readonly number[]): Weights | undefined {
  const [signed = -1] = chain.inputs(output);
  const [levels = -1, middle = -1] = chain.inputs(signed);
  if (chain.op(output) !== "Cast" || chain.op(signed) !== "Sub") return undefined;
  const bits = chain.bits(levels);
  if (bits === undefined || chain.settings(middle)?.[0] !== 2 ** (bits - 1)) return undefined;
  const coding: IntegerCoding = {
    kind: "integers",
    bits,
    levels: async () => Uint8Array.from(await chain.floats(levels)),
  };
  return { shape, dataType: "int8", coding, read: () => chain.floats(output) };
}

/** Zero among levels of 8 bits. */
const MIDDLE = 128;

function palette(codebook: TensorId, indices: TensorId, chain: DecodingChain): PaletteCoding | undefined {
  const bits = bitsOfTable(codebook, chain);
  if (bits === undefined || chain.bits(indices) === undefined) return undefined;
  const numbers = async (): ReturnType<PaletteCoding["numbers"]> => ({
    indices: Uint8Array.from(await chain.floats(indices)),
    codebook: await chain.floats(codebook),
  });
  return { kind: "palette", bits, numbers };
}

function sparse(inputs: readonly TensorId[], chain: DecodingChain): SparseCoding | undefined {
  const [zeros = -1, positions = -1, updates = -1] = inputs;
  if (chain.op(zeros) !== "ConstantOfShape" || chain.op(positions) !== "CumSum") return undefined;
  const [codebook = -1] = chain.op(updates) === "Gather" ? chain.inputs(updates) : [];
  const paletteBits = bitsOfTable(codebook, chain);
  if (paletteBits === undefined && !chain.isStored(updates)) return undefined;
  const numbers = async (): ReturnType<SparseCoding["numbers"]> => {
    const [all, values] = [await chain.floats(positions), await chain.floats(updates)];
    // A stored zero only makes a gap longer.
    const kept = [...all.keys()].filter((at) => values[at] !== 0);
    return {
      places: Uint32Array.from(kept, (at) => all[at] ?? 0),
      values: Float32Array.from(kept, (at) => values[at] ?? 0),
      codebook: paletteBits === undefined ? new Float32Array(0) : await chain.floats(codebook),
    };
  };
  return { kind: "sparse", ...(paletteBits !== undefined && { paletteBits }), numbers };
}

/** Of a table of 2^bits values; undefined for another. */
function bitsOfTable(codebook: TensorId, chain: DecodingChain): number | undefined {
  const bits = Math.log2(chain.count(codebook) ?? 0);
  return Number.isInteger(bits) && bits >= 1 && bits <= 8 && chain.isStored(codebook) ? bits : undefined;
}
