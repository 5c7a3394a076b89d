import type { Dimension } from "../model/shape.ts";
import { floorDivide, multiply } from "../shapes/dimension.ts";
import type {
  AttentionGeometry,
  ConvGeometry,
  EinsumGeometry,
  MatmulGeometry,
  RecurrentGeometry,
} from "../operators/operation.ts";

/** MACs as sums of products of named factors: what a reader can check against the paper is what is computed. */

/** What has spatial axes in a convolution. */
type Spatial = "input" | "output" | "kernel";

/** Names of spatial axes, by their number. Thousands of layers share these strings instead of each making its own. */
const SPATIAL_NAMES: Readonly<Record<Spatial, Readonly<Record<number, readonly string[]>>>> = {
  input: spatialNames("input"),
  output: spatialNames("output"),
  kernel: spatialNames("kernel"),
};

function spatialNames(of: Spatial): Readonly<Record<number, readonly string[]>> {
  const [depth, height, width] = [`${of} depth`, `${of} height`, `${of} width`];
  return { 1: [`${of} length`], 2: [height, width], 3: [depth, height, width] };
}

/** Names of the channels of the side that is walked over, and of the side that is summed over: of a group or of all. */
const CHANNELS = {
  output: { walked: "output channels", summed: "input channels", ofGroup: "input channels per group" },
  input: { walked: "input channels", summed: "output channels", ofGroup: "output channels per group" },
} as const;

/** Every output element (transposed: every input element) meets one kernel over the channels of its group. Padding is counted. */
export function convProducts(geometry: ConvGeometry): readonly Product[] {
  const { batch, inChannels, outChannels, groups, kernel, inSpatial, outSpatial } = geometry;
  const { isTransposed } = geometry;
  const side = isTransposed ? "input" : "output";
  const names = CHANNELS[side];
  const factors = [factor("batch", batch), factor(names.walked, isTransposed ? inChannels : outChannels)];
  addSpatial(factors, side, isTransposed ? inSpatial : outSpatial);
  const summed = floorDivide(isTransposed ? outChannels : inChannels, groups);
  factors.push(factor(groups === 1 ? names.summed : names.ofGroup, summed));
  addSpatial(factors, "kernel", kernel);
  return [factors];
}

export function matmulProducts({ batch, rows, inner, columns }: MatmulGeometry): readonly Product[] {
  return [[factor("batch", batch), factor("rows", rows), factor("inner", inner), factor("columns", columns)]];
}

/** Every combination of all indices is multiplied once for each operand but the first; one operand alone is never multiplied. */
export function einsumProducts({ indices, operands }: EinsumGeometry): readonly Product[] {
  if (operands < 2) return [];
  const overIndices = indices.map(({ label, size }) => factor(`index ${label}`, size));
  return [operands === 2 ? overIndices : [...overIndices, factor("operands − 1", operands - 1)]];
}

/** Gates see the input and what is fed back; an LSTM's projection comes on top, an SVDF's memory takes the place of the feedback. */
export function recurrentProducts(geometry: RecurrentGeometry): readonly Product[] {
  const { cell, gates, directions, steps, batch, inputSize, hiddenSize, projectionSize } = geometry;
  const runs = [factor("steps", steps), factor("batch", batch), factor("directions", directions)];
  const units = [...runs, factor("gates", gates), factor("hidden size", hiddenSize)];
  const fromInput = [...units, factor("input size", inputSize)];
  if (projectionSize === undefined) return [fromInput, [...units, factor("hidden size", hiddenSize)]];
  if (cell === "svdf") return [fromInput, [...units, factor("memory size", projectionSize)]];
  const projected = factor("projection size", projectionSize);
  return [fromInput, [...units, projected], [...runs, factor("hidden size", hiddenSize), projected]];
}

/** Scores of every query with every key, their product with the values, and the projections inside the operator. */
export function attentionProducts(geometry: AttentionGeometry): readonly Product[] {
  const { queryLength, keyLength, batch, heads, querySize, valueSize, projections } = geometry;
  const scores = [
    factor("batch", batch),
    factor("heads", heads),
    factor("query length", queryLength),
    factor("key length", keyLength),
  ];
  return [
    [...scores, factor("query size", querySize)],
    [...scores, factor("value size", valueSize)],
    ...projections.flatMap(matmulProducts),
  ];
}

/** One product of named factors, its value and its formula in one. */
export type Product = readonly Factor[];

export interface Factor {
  readonly name: string;
  readonly value: Dimension;
}

/** Value of a sum of products; symbolic as soon as one factor that matters is. */
export function valueOf(products: readonly Product[]): Dimension {
  let sum = 0;
  for (const product of products) {
    let value: Dimension = 1;
    for (const factor of product) value = multiply(value, factor.value);
    if (typeof value !== "number") return value;
    sum += value;
  }
  return sum;
}

export function factor(name: string, value: Dimension): Factor {
  return { name, value };
}

function addSpatial(factors: Factor[], of: Spatial, sizes: readonly Dimension[]): void {
  const names = SPATIAL_NAMES[of][sizes.length];
  sizes.forEach((size, axis) => factors.push(factor(names?.[axis] ?? `${of} axis ${axis}`, size)));
}
