import type { Dimension, Shape } from "../model/shape.ts";
import { normalizeAxis } from "./axes.ts";
import { multiply, quotient } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

export interface DepthSpaceOptions {
  readonly blockSize: number;
  /** 1 for NCHW, 3 (or −1) for NHWC; the first axis is the batch. */
  readonly channelAxis: number;
}

/**
 * Channels moved into blocks of `blockSize` × `blockSize` pixels.
 * @throws ShapeError when the channels do not divide by the block
 */
export function depthToSpaceShape(shape: Shape, options: DepthSpaceOptions): Shape {
  return mapAxes(shape, options, {
    channels: (size) => exactQuotient(size, options.blockSize ** 2),
    spatial: (size) => multiply(options.blockSize, size),
  });
}

/**
 * Blocks of `blockSize` × `blockSize` pixels moved into channels.
 * @throws ShapeError when the image does not divide by the block
 */
export function spaceToDepthShape(shape: Shape, options: DepthSpaceOptions): Shape {
  return mapAxes(shape, options, {
    channels: (size) => multiply(options.blockSize ** 2, size),
    spatial: (size) => exactQuotient(size, options.blockSize),
  });
}

interface AxisMaps {
  readonly channels: (size: Dimension) => Dimension;
  readonly spatial: (size: Dimension) => Dimension;
}

function mapAxes(shape: Shape, { blockSize, channelAxis }: DepthSpaceOptions, maps: AxisMaps): Shape {
  if (shape.length !== 4) throw new ShapeError(`blocks need a tensor of rank 4, not ${shape.length}`);
  if (!Number.isInteger(blockSize) || blockSize < 1) throw new ShapeError(`a block of ${blockSize} pixels`);
  const channels = normalizeAxis(channelAxis, shape.length);
  return shape.map((size, axis) => {
    if (axis === 0) return size;
    return axis === channels ? maps.channels(size) : maps.spatial(size);
  });
}

function exactQuotient(size: Dimension, divisor: number): Dimension {
  const result = quotient([size], [divisor]);
  if (typeof result === "number" && !Number.isInteger(result)) {
    throw new ShapeError(`${String(size)} does not divide into blocks of ${divisor}`);
  }
  return result;
}
