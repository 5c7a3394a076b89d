import { roundToGrid, roundToOneScale, type GridSpec } from "../../../compression/scales.ts";
import type { AffineCoding } from "../../../neutral/weight-coding.ts";
import { plannedScheme } from "../../../neutral/quantize.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { affineCoding, plannedAffine } from "./codings.ts";
import type { CompressedWeights, PlannedWeights } from "./compressed-form.ts";
import type { WeightProblem } from "./weight-problem.ts";
import { blockSizeFor } from "./weighted-layers.ts";

type Layout = NeutralGraph["layout"];

/** At so few bits the side that has a level more is worth choosing. */
const FEW_BITS = 4;

/** How a layer's weights of so many bits are stored. @param block weights that share a scale at most; 0: those of an output */
export function plannedQuantized({ form }: WeightedLayer, bits: number, block = 0): AffineCoding {
  const blockSize = blockSizeFor(form, block);
  return plannedAffine(bits === 7 ? 8 : bits, blockSize, blockSize !== undefined);
}

/** How weights are quantized. */
export interface QuantizedWeights {
  readonly bits: number;
  /** Weights that share a scale at most; 0: those of an output. */
  readonly block: number;
  /** Products read integers where the format's runtime has kernels for it. */
  readonly inProducts: boolean;
}

/** Bits of integers that products read. */
const BITS_OF_PRODUCTS = 7;

/** Blocks that ONNX Runtime's MatMulNBits takes: it refuses files with others (1.27.0), though its specification takes any power of two from 16 on. */
const PRODUCT_BLOCKS = [256, 128, 64, 32, 16];
const USUAL_BLOCK = 128;
const BITS_OF_BLOCKS: ReadonlySet<number> = new Set([4, 7, 8]);

/** Weights that share a scale where an ONNX product reads them as they are stored; undefined where it decodes them before. */
function productBlock(
  { form }: WeightedLayer,
  { bits, block, inProducts }: QuantizedWeights,
  layout: Layout,
): number | undefined {
  if (!inProducts || layout === "channels-last" || form.kind !== "dense" || !BITS_OF_BLOCKS.has(bits)) return undefined;
  const [, columns = 1] = form.weight.shape;
  return PRODUCT_BLOCKS.find((size) => size <= (block || USUAL_BLOCK) && columns % size === 0);
}

function plannedBlocks(bits: number, blockSize: number): AffineCoding {
  return { ...plannedAffine(bits === 7 ? 8 : bits, blockSize, false), isOfProducts: true };
}

/**
 * Whether the runtimes multiply float activations with 8-bit weights of a layer: TFLite's those of convolutions and fully connected layers, but not
 * of depthwise ones, which are slower than floats then. ONNX Runtime's do it in blocks: see `productBlock`.
 */
function isOfProducts({ form }: WeightedLayer, { bits, block, inProducts }: QuantizedWeights, layout: Layout): boolean {
  if (!inProducts || block > 0 || bits < BITS_OF_PRODUCTS || layout === "channels-first") return false;
  return form.kind === "dense" || (form.kind === "conv" && form.groups === 1);
}

/** Kernels of fully connected layers of TFLite take one scale everywhere, several in the newest runtimes alone. */
function hasOneScale({ form }: WeightedLayer, layout: Layout): boolean {
  return layout === "channels-last" && form.kind === "dense";
}

export function plannedStorage(layer: WeightedLayer, how: QuantizedWeights, layout: Layout): PlannedWeights {
  const { shape } = layer.form.weight;
  const block = productBlock(layer, how, layout);
  if (block !== undefined) return { coding: plannedBlocks(how.bits, block) };
  if (!isOfProducts(layer, how, layout)) return { coding: plannedQuantized(layer, how.bits, how.block) };
  return { coding: { kind: "product" }, scheme: plannedScheme(shape, hasOneScale(layer, layout) ? undefined : 0) };
}

/** A layer's weights as they are stored then. */
export async function quantizedStorage(
  problem: WeightProblem,
  layer: WeightedLayer,
  how: QuantizedWeights,
  layout: Layout,
): Promise<CompressedWeights> {
  const block = productBlock(layer, how, layout);
  if (block !== undefined) {
    const planned = plannedBlocks(how.bits, block);
    const { weights, grid } = await roundToGrid(problem.target, problem.error, gridSpec(how.bits, planned, layout));
    return { weights, coding: affineCoding(planned, weights, grid) };
  }
  if (!isOfProducts(layer, how, layout)) return quantized(problem, layer, how.bits, how.block, layout);
  const isOne = hasOneScale(layer, layout);
  const spec = gridSpec(how.bits, plannedQuantized(layer, how.bits), layout);
  const { weights, grid } = await (isOne ? roundToOneScale : roundToGrid)(problem.target, problem.error, spec);
  const scales = isOne ? [grid.scales[0] ?? 1] : Array.from(grid.scales);
  const planned = plannedScheme(layer.form.weight.shape, isOne ? undefined : 0);
  return { weights, coding: { kind: "product" }, scheme: { ...planned, scales } };
}

/** A layer's weights in so many bits, errors passed on. */
export async function quantized(
  { target, error }: WeightProblem,
  layer: WeightedLayer,
  bits: number,
  block: number,
  layout: NeutralGraph["layout"],
): Promise<CompressedWeights> {
  const planned = plannedQuantized(layer, bits, block);
  const { weights, grid } = await roundToGrid(target, error, gridSpec(bits, planned, layout));
  return { weights, coding: affineCoding(planned, weights, grid) };
}

/** 8 bits are symmetric, as TFLite asks; 7 bits leave a bit of the byte. */
function gridSpec(bits: number, { blockSize, hasZeroPoints }: AffineCoding, layout: NeutralGraph["layout"]): GridSpec {
  const half = 2 ** (bits - 1);
  return {
    lowest: bits === 8 ? -127 : -half,
    highest: half - 1,
    hasZeroPoint: hasZeroPoints,
    // Scales of TFLite, whose channels come last, are positive.
    maySwapSides: bits <= FEW_BITS && layout === "channels-first",
    ...(blockSize !== undefined && { blockSize }),
  };
}
