import type { ConstantType, LiftScope } from "../../../neutral/adapter.ts";
import type { Weights } from "../../../neutral/forms.ts";
import { permuted } from "../../../neutral/stored-weights.ts";
import type { AffineCoding } from "../../../neutral/weight-coding.ts";
import type { InferredNode } from "../../../operators/infer.ts";

/** Of int4. */
const BITS = 4;
const MIDDLE = 2 ** (BITS - 1);

/** Weights of 4 bits behind a DEQUANTIZE, as `weight-writer.ts` writes them, with their coding; fewer bits are stored as 4. */
export function decodedWeights(
  { node }: InferredNode,
  scope: LiftScope,
  { shape, dataType }: ConstantType,
): Weights | undefined {
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
  const coding: AffineCoding = { kind: "affine", bits: BITS, hasZeroPoints: false, zeroPoint: MIDDLE, numbers };
  return { shape, dataType, coding, read: () => stored.read() };
}
