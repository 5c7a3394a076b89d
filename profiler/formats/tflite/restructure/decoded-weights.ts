import { ABSENT } from "../../../model/model.ts";
import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { permuted } from "../../../neutral/stored-weights.ts";
import type { AffineCoding, SparseCoding } from "../../../neutral/weight-coding.ts";
import type { InferredNode } from "../../../operators/infer.ts";

/** Of int4. */
const BITS = 4;
const MIDDLE = 2 ** (BITS - 1);

/** Of shared values. */
const BITS_OF_VALUES = 8;

/**
 * Weights of 4 bits behind a DEQUANTIZE, as `weight-writer.ts` writes them, with their coding; fewer bits are stored as 4. Sparse ones behind
 * a DENSIFY, as `few-values.ts` writes them.
 */
export function decodedWeights(inferred: InferredNode, scope: LiftScope, type: ConstantType): Weights | undefined {
  return fewBits(inferred, scope, type) ?? sparse(inferred, scope, type);
}

function fewBits({ node }: InferredNode, scope: LiftScope, { shape, dataType }: ConstantType): Weights | undefined {
  const stored = node.op === "DEQUANTIZE" ? scope.constant(node.inputs[0]) : undefined;
  const { quantization } = stored ?? {};
  if (stored?.dataType !== "int4" || quantization === undefined || dataType !== "float32") return undefined;
  const { axis = 0, granularity, scales, zeroPoints } = quantization;
  if (granularity !== "channel" || zeroPoints.some((point) => point !== 0)) return undefined;
  const numbers: AffineCoding["numbers"] = async () => {
    const others = shape.flatMap((_, each) => (each === axis ? [] : [each]));
    const rows = permuted(await stored.read(), shape, [axis, ...others]);
    const size = rows.length / Math.max(1, scales.length);
    const levels = Uint8Array.from(
      rows,
      (value, at) => Math.round(value / (scales[Math.floor(at / size)] ?? 1)) + MIDDLE,
    );
    return { levels, scales: Float32Array.from(scales), zeroPoints: new Float32Array(0) };
  };
  const coding: AffineCoding = {
    kind: "affine",
    bits: BITS,
    hasZeroPoints: false,
    rowAxis: axis,
    zeroPoint: MIDDLE,
    numbers,
  };
  return { shape, dataType, coding, read: () => stored.read() };
}

/** Of shared values the table is what occurs, and its bits those of the integers that hold them. */
function sparse({ node }: InferredNode, scope: LiftScope, { shape, dataType }: ConstantType): Weights | undefined {
  const above = node.op === "DEQUANTIZE" ? scope.producer(node.inputs[0] ?? ABSENT)?.node : node;
  if (above?.op !== "DENSIFY" || dataType !== "float32") return undefined;
  const stored = scope.constant(above.inputs[0]);
  if (stored === undefined || stored.constant !== undefined) return undefined;
  const { quantization } = stored;
  const isShared = quantization !== undefined;
  if (isShared && (stored.dataType !== "int8" || quantization.granularity !== "tensor")) return undefined;
  if (isShared ? quantization.zeroPoints.some((point) => point !== 0) : stored.dataType !== "float32") return undefined;
  const numbers: SparseCoding["numbers"] = async () => {
    const elements = await stored.read();
    const places = new Uint32Array(elements.length).map((_, at) => at).filter((at) => elements[at] !== 0);
    const values = Float32Array.from(places, (at) => elements[at] ?? 0);
    const codebook = isShared ? Float32Array.from(new Set(values).add(0)).sort() : new Float32Array(0);
    return { places, values, codebook };
  };
  const coding: SparseCoding = { kind: "sparse", ...(isShared && { paletteBits: BITS_OF_VALUES }), numbers };
  return { shape, dataType, coding, read: () => stored.read() };
}
