import type { Layer } from "../layers/layer.ts";
import type { ConvGeometry } from "../operators/operation.ts";

/** Channels that kernels compute at a time: MLAS's blocks with AVX-512 (`MlasNchwcGetBlockSize`); those of Arm divide them. */
export const CHANNEL_BLOCK = 16;
/** Blocks of filters that share what a kernel loads; one that is left over loads for itself. */
export const FILTER_BLOCKS = 4;
/** Input channels are padded to so many; a map of others is not taken in blocks. */
export const INPUT_BLOCK = 4;

/** Whether a convolution can run on blocks of channels (ONNX Runtime's `NchwcTransformer`). Maps with channels last, as TFLite's, need no blocks. */
export function takesBlocks(layer: Layer): boolean {
  const { operation } = layer;
  if (operation.kind !== "conv" || operation.geometry.isTransposed || !isChannelsFirst(layer, operation.geometry))
    return false;
  const { groups, inChannels, outChannels } = operation.geometry;
  if (groups === 1) return isOfFewChannels(operation.geometry) || isWhole(inChannels);
  return groups === inChannels && isWhole(outChannels);
}

/** A picture's: kernels of their own read them as they are. */
export function isOfFewChannels({ groups, inChannels }: ConvGeometry): boolean {
  return groups === 1 && typeof inChannels === "number" && inChannels < CHANNEL_BLOCK;
}

/** By the sizes of the map that is read. Where height and width are as many as the channels, both are the same to a kernel. */
export function isChannelsFirst({ inputs }: Layer, { inChannels, inSpatial }: ConvGeometry): boolean {
  const shape = inputs[0]?.shape;
  return shape?.[1] === inChannels && shape.at(-1) === inSpatial.at(-1);
}

function isWhole(channels: unknown): boolean {
  return typeof channels === "number" && channels % INPUT_BLOCK === 0;
}
