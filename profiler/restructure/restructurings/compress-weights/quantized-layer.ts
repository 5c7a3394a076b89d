import { roundToGrid, type GridSpec } from "../../../compression/scales.ts";
import type { AffineCoding } from "../../../neutral/weight-coding.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { affineCoding, plannedAffine } from "./codings.ts";
import type { CompressedWeights } from "./compressed-form.ts";
import type { WeightProblem } from "./weight-problem.ts";
import { blockSizeFor } from "./weighted-layers.ts";

/** At so few bits the side that has a level more is worth choosing. */
const FEW_BITS = 4;

/** How a layer's weights of so many bits are stored. @param block weights that share a scale at most; 0: those of an output */
export function plannedQuantized({ form }: WeightedLayer, bits: number, block = 0): AffineCoding {
  const blockSize = blockSizeFor(form, block);
  return plannedAffine(bits === 7 ? 8 : bits, blockSize, blockSize !== undefined);
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
