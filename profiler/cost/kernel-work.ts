import { computeType, type HardwareProfile } from "../hardware/hardware-profile.ts";
import type { ByPart, KernelPart } from "../hardware/kernel-parts.ts";
import type { Layer } from "../layers/layer.ts";
import { neighboursOf } from "../layers/neighbours.ts";
import type { Dimension } from "../model/shape.ts";
import type { ConvGeometry, Operation } from "../operators/operation.ts";
import { absorbedRows, type Absorbed } from "./absorbed-layers.ts";
import {
  CHANNEL_BLOCK,
  FILTER_BLOCKS,
  INPUT_BLOCK,
  isChannelsFirst,
  isOfFewChannels,
  takesBlocks,
} from "./channel-blocks.ts";
import type { Work } from "./energy.ts";
import { layoutChanges, type LayoutChange } from "./layout-changes.ts";

/** How a layer stands among the others: what its time takes from them. */
export interface KernelContext {
  readonly absorbed: Absorbed | undefined;
  /** Part of the weights that the caches of a core do not keep from one inference to the next: 0 to 1. */
  readonly farShare: number;
  readonly layout: LayoutChange;
}

/** Second-level cache of a big core, of 2024's phones and servers alike. */
const CACHE_BYTES = 2 * 2 ** 20;

/** @param weightBytes of the whole model; null: unknown */
export function kernelContexts(layers: readonly Layer[], weightBytes: number | null): (row: number) => KernelContext {
  const neighbours = neighboursOf(layers);
  const absorbed = absorbedRows(layers, neighbours);
  const farShare = weightBytes === null ? 1 : Math.max(0, 1 - CACHE_BYTES / Math.max(weightBytes, 1));
  const layoutOf = layoutChanges(layers, neighbours);
  return (row) => ({ absorbed: absorbed.get(row), farShare, layout: layoutOf(row) });
}

/** Runs of operators that a row adds to a model's. */
export function operatorsOf({ repeats, operation }: Layer, { absorbed, layout }: KernelContext): number {
  const own = absorbed === undefined ? (isTwoSteps(operation) ? 2 : 1) : 0;
  return (own + layout.operators) * repeats;
}

/** A layer's work by parts that kernels spend time on: seconds of each at the profile's full rates. */
export function kernelWork(
  layer: Layer,
  work: Work,
  context: KernelContext,
  hardware: Pick<HardwareProfile, "peakMacsPerSecond" | "bandwidthBytesPerSecond">,
): ByPart {
  const layout = (context.layout.bytes * layer.repeats) / hardware.bandwidthBytesPerSecond;
  return { ...ownWork(layer, work, context, hardware), layout };
}

function ownWork(
  layer: Layer,
  work: Work,
  { absorbed, farShare }: KernelContext,
  hardware: Pick<HardwareProfile, "peakMacsPerSecond" | "bandwidthBytesPerSecond">,
): ByPart {
  if (absorbed === "free") return {};
  const { operation } = layer;
  const compute = work.macs / hardware.peakMacsPerSecond[computeType(work.type ?? "float32")];
  const bytes = (count: number): number => count / hardware.bandwidthBytesPerSecond;
  const maps = bytes(work.activationBytes);
  const weights = bytes(work.weightBytes);
  const far = weights * farShare;
  switch (operation.kind) {
    case "conv":
      return { ...convolution(layer, operation.geometry, compute, maps), "far-weights": far };
    case "dense":
      return { dense: weights, product: compute, "far-weights": far };
    case "matmul":
    case "einsum":
    case "attention":
    case "recurrent":
      return { [operation.kind]: maps + weights, product: compute, "far-weights": far };
    case "activation":
      // Absorbed, it goes in place over what was just written.
      return { activation: absorbed === "pass" ? maps / 2 : maps };
    default:
      return { [operation.kind]: maps + weights };
  }
}

/** ONNX Runtime's CPU has no kernel for it: it runs as a HardSigmoid and a product. */
function isTwoSteps(operation: Operation): boolean {
  return operation.kind === "activation" && operation.geometry.activation?.fn === "hardSwish";
}

function convolution(layer: Layer, geometry: ConvGeometry, compute: number, maps: number): ByPart {
  const { groups, inChannels, outChannels, kernel, isTransposed } = geometry;
  const [filters, channels] = [sizeOf(outChannels), sizeOf(inChannels)];
  if (isTransposed) return { transposed: compute, "conv-maps": maps };
  if (groups !== 1) {
    if (groups !== inChannels) return { grouped: compute, "conv-maps": maps };
    const isUnaligned = isChannelsFirst(layer, geometry) && !takesBlocks(layer);
    return isUnaligned ? { "depthwise-unaligned": compute } : { depthwise: compute, "depthwise-maps": maps };
  }
  const isFew = isOfFewChannels(geometry);
  const part: KernelPart = isFew ? "few-channels" : kernel.every((size) => size === 1) ? "pointwise" : "conv";
  const blocks = Math.ceil(filters / CHANNEL_BLOCK);
  const padded = isFew ? channels : Math.ceil(channels / INPUT_BLOCK) * INPUT_BLOCK;
  /** Of one block of filters, its padding counted. */
  const block = (compute / filters / channels) * CHANNEL_BLOCK * padded;
  const lone = blocks % FILTER_BLOCKS === 1 ? block : 0;
  return {
    [part]: block * blocks,
    ...(part === "pointwise" && { "pointwise-lone-block": lone }),
    ...(part === "conv" && { "conv-lone-block": lone, "conv-padded": block * blocks * paddedColumns(geometry) }),
    "conv-maps": maps,
  };
}

/** Part of the output's columns whose windows reach into the padding: kernels compute them one by one. */
function paddedColumns({ kernel, strides, padding, outSpatial }: ConvGeometry): number {
  const [size, stride, pads, columns] = [kernel.at(-1), strides.at(-1) ?? 1, padding.at(-1), outSpatial.at(-1)];
  if (pads === undefined || pads === "valid") return 0;
  const reached = typeof pads === "object" ? pads.begin + pads.end : sizeOf(size) - 1;
  return Math.min(1, Math.max(0, reached) / stride / sizeOf(columns));
}

/** Work is known only where sizes are: others never come here. */
function sizeOf(dimension: Dimension | undefined): number {
  return typeof dimension === "number" ? Math.max(1, dimension) : 1;
}
