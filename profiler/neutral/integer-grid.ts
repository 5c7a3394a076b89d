import type { DataType } from "../model/data-type.ts";

/** Integers that an activation is stored in: value = scale · (integer − zero point). */
export interface IntegerGrid {
  readonly dataType: DataType & ("int8" | "uint8");
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Least and greatest integer. */
export const INTEGER_LIMITS: Readonly<Record<IntegerGrid["dataType"], readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
};

/** Smallest scale: a runtime computes with ratios of scales, which are to stay numbers. */
const SMALLEST_SCALE = 1e-7;

/**
 * Integers that reach from one number to another. Zero is one of them: pads are zeros.
 * Source: TensorFlow Lite 8-bit quantization specification; ONNX, QuantizeLinear.
 */
export function gridOver(dataType: IntegerGrid["dataType"], least: number, most: number): IntegerGrid {
  const [lowest, highest] = INTEGER_LIMITS[dataType];
  const [low, high] = [Math.min(least, 0), Math.max(most, 0)];
  const scale = Math.fround(Math.max((high - low) / (highest - lowest), SMALLEST_SCALE));
  const zeroPoint = Math.min(highest, Math.max(lowest, Math.round(lowest - low / scale)));
  return { dataType, scale, zeroPoint };
}

/** The nearest number on a grid for each number. */
export function roundedTo({ dataType, scale, zeroPoint }: IntegerGrid, data: Float32Array): Float32Array {
  const [lowest, highest] = INTEGER_LIMITS[dataType];
  const [least, most] = [lowest - zeroPoint, highest - zeroPoint];
  const inverse = 1 / scale;
  const rounded = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 1) {
    const level = Math.round((data[at] ?? 0) * inverse);
    rounded[at] = (level < least ? least : level > most ? most : level) * scale;
  }
  return rounded;
}
