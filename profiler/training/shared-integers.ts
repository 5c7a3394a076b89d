import type { Weights } from "../neutral/weights.ts";
import { sizeOf } from "./onnx-graph.ts";

/** Values at most, of 6 bits, and how often each occurs at least on average: fewer weights have few values anyway. */
const MOST_VALUES = 64;
const LEAST_OCCURRENCES = 4;

/** Which of few values each weight has. */
export interface SharedIntegers {
  readonly indices: Uint8Array;
  /** Ascending. */
  readonly codebook: Float32Array;
}

/**
 * The values that 8-bit weights of one scale share, as `share-weights` leaves them in TFLite files, which have no table of them. Weights that were only
 * rounded have most integers around zero, one beside the other; shared values lie apart.
 * @returns undefined where they share none
 */
export async function sharedIntegersOf(weights: Weights): Promise<SharedIntegers | undefined> {
  const { quantization, shape } = weights;
  const [scale = 0] = quantization?.scales ?? [];
  if (quantization?.granularity !== "tensor" || !(scale > 0)) return undefined;
  const elements = await weights.read();
  const values = new Set<number>();
  for (const value of elements) {
    values.add(value);
    if (values.size > MOST_VALUES) return undefined;
  }
  const codebook = Float32Array.from(values).sort();
  if (codebook.length < 2 || sizeOf(shape) < LEAST_OCCURRENCES * codebook.length) return undefined;
  const gaps = codebook.slice(1).map((value, at) => Math.round((value - (codebook[at] ?? 0)) / scale));
  if ((gaps.sort()[gaps.length >> 1] ?? 0) < 2) return undefined;
  const indexOf = new Map(Array.from(codebook, (value, index) => [value, index]));
  return { indices: Uint8Array.from(elements, (value) => indexOf.get(value) ?? 0), codebook };
}
