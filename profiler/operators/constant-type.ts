import type { ByteSource } from "../bytes/byte-source.ts";
import { elementsOf } from "../model/shape.ts";
import type { Constant, Quantization, Storage } from "../model/model.ts";
import { affine, DENSE, type WeightEncoding } from "../model/weight-encoding.ts";
import type { ConstantOrigin, InferredType } from "./inferred-type.ts";

const originOfConstant = new WeakMap<Constant, ConstantOrigin>();
/** By where the range begins. */
const originsOfRange = new WeakMap<ByteSource, Map<number, StoredOrigin>>();

interface StoredOrigin {
  readonly length: number;
  readonly shape: readonly number[];
  readonly origin: ConstantOrigin;
  /** Another one that begins there: only where the bytes of a constant are also another's, or in another shape. */
  readonly other: StoredOrigin | undefined;
}

/**
 * What a stored constant tells. The same bytes give the same origin object, however many tensors, nodes or inlined calls name them:
 * that is how shared weights are found.
 */
export function constantType(
  constant: Constant,
  { name, quantization }: { readonly name: string; readonly quantization?: Quantization },
): InferredType {
  const { dataType, shape, values } = constant;
  const origin = storedOrigin(constant, name, quantization);
  return values === undefined
    ? { dataType, shape, constant: origin }
    : { dataType, shape, value: values, constant: origin };
}

function storedOrigin(constant: Constant, name: string, quantization: Quantization | undefined): ConstantOrigin {
  const { storage } = constant;
  const make = (): ConstantOrigin => makeOrigin(constant, name, quantization);
  if (storage.kind === "range" && storage.length > 0) return originOfRange(constant, storage, make);
  const origin = originOfConstant.get(constant) ?? make();
  originOfConstant.set(constant, origin);
  return origin;
}

function originOfRange(
  { shape }: Constant,
  { source, offset, length }: Extract<Storage, { kind: "range" }>,
  make: () => ConstantOrigin,
): ConstantOrigin {
  const ranges = originsOfRange.get(source) ?? new Map<number, StoredOrigin>();
  originsOfRange.set(source, ranges);
  const first = ranges.get(offset);
  for (let stored = first; stored !== undefined; stored = stored.other) {
    if (stored.length === length && isSameShape(stored.shape, shape)) return stored.origin;
  }
  const origin = make();
  ranges.set(offset, { length, shape, origin, other: first });
  return origin;
}

function makeOrigin(constant: Constant, name: string, quantization: Quantization | undefined): ConstantOrigin {
  const { shape, dataType, storedBytes, isSparse } = constant;
  const encoding = storedEncoding(isSparse === true, quantization);
  const origin = { name, elements: elementsOf(shape), dataType, storedBytes };
  return encoding ? { ...origin, encoding } : origin;
}

function storedEncoding(isSparse: boolean, quantization: Quantization | undefined): WeightEncoding | undefined {
  const values = quantization && affine(quantization);
  return isSparse ? { kind: "sparse", values: values ?? DENSE } : values;
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
