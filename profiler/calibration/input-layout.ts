import type { PortShape } from "../model/shape.ts";
import type { NumericType } from "../tensors/numeric-tensor.ts";
import type { Port, Range } from "../tensors/port.ts";
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
 * of a batch, take sample by sample. So do those with the batch at another place too (a state of layers × batch × channels): there it is 1.
 */
export function layoutOf(ports: readonly Port[], dimensions: Readonly<Record<string, number>>): SampleLayout {
  const sizes = new PortSizes(ports);
  const batches = new BatchNames(ports, sizes);
  const known = { ...dimensions, ...batches.single };
  const inputs = ports.map((port): SampledInput => {
    const { name, dataType, shape, range, defaults } = port;
    const isStacked = shape[0] === 1 || batches.isStacked(port);
    const rest = sizes.at(isStacked ? shape.slice(1) : shape, known);
    return { name, dataType, shape: rest, isStacked, ...(defaults && { defaults }), ...(range && { range }) };
  });
  return { inputs, mostPerRun: takesBatches({ inputs: ports }) ? Number.POSITIVE_INFINITY : 1 };
}

/** Whether several samples can be given at once. */
export function takesBatches({ inputs }: { readonly inputs: readonly Port[] }): boolean {
  const batches = new BatchNames(inputs, new PortSizes(inputs));
  const isFree = Object.keys(batches.single).length === 0;
  return inputs.length > 0 && isFree && inputs.every((port) => port.sampling === undefined && batches.isStacked(port));
}

/** Names of the first dimensions along which samples lie side by side. */
class BatchNames {
  /** Those that other dimensions have, or are computed from, too: one sample makes them 1. */
  readonly single: Readonly<Record<string, number>>;
  readonly #names: ReadonlySet<string>;

  /** Of first dimensions whose names stand elsewhere too, one is the batch; the others are sizes of a sample, as rows of a table are. */
  constructor(ports: readonly Port[], sizes: PortSizes) {
    const firsts = ports.flatMap((port) => firstName(port) ?? []).filter((name) => sizes.names.has(name));
    const own = (port: Port): readonly string[] => {
      const first = firstName(port);
      const rest = first !== undefined && sizes.names.has(first) ? port.shape.slice(1) : port.shape;
      return [...sizes.namesOf(rest)];
    };
    const elsewhere = new Set(ports.flatMap(own));
    const isTwice = (name: string): boolean =>
      ports.some((port) => firstName(port) === name && own(port).includes(name));
    const shared = firsts.filter((name) => elsewhere.has(name));
    const able = shared.filter((name) => !isTwice(name));
    const batch = able.find((name) => BATCH_NAME.test(name)) ?? able.find((name) => name === firsts[0]);
    this.#names = new Set(firsts.filter((name) => name === batch || !elsewhere.has(name)));
    this.single = batch === undefined ? {} : { [batch]: 1 };
  }

  isStacked(port: Port): boolean {
    const name = firstName(port);
    return name !== undefined && this.#names.has(name);
  }
}

/** How dimensions are called that samples lie along. */
export const BATCH_NAME = /^(n|bs|b|.*batch.*)$/i;

/** Of an open first dimension that belongs to no sample. */
function firstName({ shape, sampling }: Port): string | undefined {
  return typeof shape[0] === "string" && sampling !== "whole" ? shape[0] : undefined;
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
