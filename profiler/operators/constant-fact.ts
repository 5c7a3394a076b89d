import type { ByteSource } from "../bytes/byte-source.ts";
import { elementsOf } from "../model/shape.ts";
import { bytesOf } from "../model/data-type.ts";
import type { Constant, Storage } from "../model/model.ts";
import type { ConstantOrigin, TensorFact } from "./tensor-fact.ts";

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
export function constantFact(constant: Constant, name: string): TensorFact {
  const { dataType, shape, values } = constant;
  const origin = storedOrigin(constant, name);
  return values === undefined
    ? { dataType, shape, constant: origin }
    : { dataType, shape, value: values, constant: origin };
}

/** Origin of a tensor that folding makes from constants: numbers of its own, which the file does not hold. */
export function foldedOrigin(fact: TensorFact, name: string): ConstantOrigin | undefined {
  if (fact.dataType === undefined) return undefined;
  const elements = fact.shape && elementsOf(fact.shape);
  const storedBytes = elements === undefined ? undefined : bytesOf(fact.dataType, elements);
  return { name, elements, dataType: fact.dataType, storedBytes };
}

function storedOrigin(constant: Constant, name: string): ConstantOrigin {
  const { storage } = constant;
  if (storage.kind === "range" && storage.length > 0) return originOfRange(constant, storage, name);
  const origin = originOfConstant.get(constant) ?? makeOrigin(constant, name);
  originOfConstant.set(constant, origin);
  return origin;
}

function originOfRange(
  constant: Constant,
  { source, offset, length }: Extract<Storage, { kind: "range" }>,
  name: string,
): ConstantOrigin {
  const { shape } = constant;
  const ranges = originsOfRange.get(source) ?? new Map<number, StoredOrigin>();
  originsOfRange.set(source, ranges);
  const first = ranges.get(offset);
  for (let stored = first; stored !== undefined; stored = stored.other) {
    if (stored.length === length && isSameShape(stored.shape, shape)) return stored.origin;
  }
  const origin = makeOrigin(constant, name);
  ranges.set(offset, { length, shape, origin, other: first });
  return origin;
}

function makeOrigin({ shape, dataType, storedBytes }: Constant, name: string): ConstantOrigin {
  return { name, elements: elementsOf(shape), dataType, storedBytes };
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
