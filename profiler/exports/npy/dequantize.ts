import { OptionError } from "../../errors.ts";
import { readConstant } from "../../model/constant-values.ts";
import type { Constant, Quantization } from "../../model/model.ts";
import { stridesOf } from "../../neutral/stored-weights.ts";

/** scale × (stored − zero point) of the element at a position of a row-major tensor. */
export type Dequantize = (stored: number, position: number) => number;

/** One scale for each block of elements, in a grid of as many axes as the tensor has. */
interface ScaleGrid {
  readonly shape: readonly number[];
  readonly scales: ArrayLike<number>;
  readonly zeroPoints: ArrayLike<number>;
}

/**
 * @param shape of the quantized tensor
 * @throws {OptionError} when the scales do not fit the tensor
 */
export async function dequantizer(
  quantization: Quantization,
  shape: readonly number[],
  name: string,
): Promise<Dequantize> {
  const { shape: grid, scales, zeroPoints } = await gridOf(quantization, shape);
  const count = grid.reduce((product, size) => product * size, 1);
  if (scales.length < count || grid.length !== shape.length)
    throw new OptionError(`${name}: ${scales.length} scales do not fit its shape ${shape.join("×")}`);
  const blockOf = blockFinder(shape, grid, quantization);
  return (stored, position) => {
    const block = blockOf(position);
    return (stored - (zeroPoints[block] ?? zeroPoints[0] ?? 0)) * (scales[block] ?? 1);
  };
}

async function gridOf(quantization: Quantization, shape: readonly number[]): Promise<ScaleGrid> {
  const { granularity, axis = 0, blockSize = 1, stored } = quantization;
  const { scales, zeroPoints } = await numbersOf(quantization);
  const along = (size: number): readonly number[] =>
    shape.map((whole, place) => (place === axis ? size : granularity === "block" ? whole : 1));
  if (granularity === "tensor") return { shape: shape.map(() => 1), scales, zeroPoints };
  if (granularity === "channel") return { shape: along(shape[axis] ?? 1), scales, zeroPoints };
  const own = stored?.scales.shape;
  const grid = own?.length === shape.length ? own : along(Math.ceil((shape[axis] ?? 1) / blockSize));
  return { shape: grid, scales, zeroPoints };
}

/** Those at hand; where they are many, they are read. */
async function numbersOf({ scales, zeroPoints, stored }: Quantization): Promise<Omit<ScaleGrid, "shape">> {
  if (scales.length > 0 || !stored) return { scales, zeroPoints };
  const read = async (constant: Constant | undefined): Promise<ArrayLike<number>> =>
    (constant && (await readConstant(constant))) ?? [];
  return { scales: await read(stored.scales), zeroPoints: await read(stored.zeroPoints) };
}

/** Which block an element lies in: each axis in pieces of equal size. */
function blockFinder(
  shape: readonly number[],
  grid: readonly number[],
  { axis, blockSize = 1 }: Quantization,
): (position: number) => number {
  const strides = stridesOf(shape);
  const steps = stridesOf(grid);
  const split = shape.flatMap((size, place) => {
    const blocks = grid[place] ?? 1;
    if (blocks === 1) return [];
    const extent = blocks === size ? 1 : place === axis ? blockSize : Math.ceil(size / blocks);
    return [{ stride: strides[place] ?? 1, size, extent, step: steps[place] ?? 1 }];
  });
  return (position) => {
    let block = 0;
    for (const { stride, size, extent, step } of split)
      block += Math.floor((Math.floor(position / stride) % size) / extent) * step;
    return block;
  };
}
