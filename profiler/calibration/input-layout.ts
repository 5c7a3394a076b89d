import type { PortShape } from "../model/shape.ts";
import type { NumericType } from "../tensors/numeric-tensor.ts";
import { takesBatches, type Port, type Range } from "../tensors/port.ts";
import { PortSizes } from "./port-sizes.ts";

/** What one sample is for an input. */
export interface SampledInput {
  readonly name: string;
  readonly dataType: NumericType;
  /** Of one sample, without the batch's dimension. */
  readonly shape: PortShape;
  /** Samples stand one behind the other along a first dimension of their own. */
  readonly isStacked: boolean;
  readonly defaults?: Readonly<Record<string, number>>;
  readonly range?: Range;
}

export interface SampleLayout {
  readonly inputs: readonly SampledInput[];
  /** Samples that one run can take: 1, or as many as memory allows. */
  readonly mostPerRun: number;
}

/**
 * The batch is the first dimension where that is dynamic or 1. A fixed one of another size belongs to the sample, as do scalars and the
 * length of a sequence that stands first; models with such inputs, with a fixed batch of 1, or whose answers depend on the other samples
 * of a batch, take sample by sample.
 */
export function layoutOf(ports: readonly Port[], dimensions: Readonly<Record<string, number>>): SampleLayout {
  const sizes = new PortSizes(ports);
  const inputs = ports.map(({ name, dataType, shape, range, sampling, defaults }): SampledInput => {
    const isStacked = shape[0] === 1 || (typeof shape[0] === "string" && sampling !== "whole");
    const rest = sizes.at(isStacked ? shape.slice(1) : shape, dimensions);
    return { name, dataType, shape: rest, isStacked, ...(defaults && { defaults }), ...(range && { range }) };
  });
  return { inputs, mostPerRun: takesBatches({ inputs: ports }) ? Number.POSITIVE_INFINITY : 1 };
}

/** Which axis of a sample has the channels of a picture: three of colour, else one of grey, at either end; undefined when it is none. */
export function channelAxis(shape: PortShape): 0 | 2 | undefined {
  if (shape.length !== 3) return undefined;
  for (const channels of [3, 1]) {
    if (shape[0] === channels) return 0;
    if (shape[2] === channels) return 2;
  }
  return undefined;
}
