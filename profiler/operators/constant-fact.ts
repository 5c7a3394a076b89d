import type { ByteSource } from "../bytes/byte-source.ts";
import { elementsOf } from "../model/shape.ts";
import { bytesOf } from "../model/data-type.ts";
import type { Constant } from "../model/model.ts";
import type { ConstantOrigin, TensorFact } from "./tensor-fact.ts";

const originOfConstant = new WeakMap<Constant, ConstantOrigin>();
const originOfRange = new WeakMap<ByteSource, Map<string, ConstantOrigin>>();

/**
 * What a stored constant tells. The same bytes give the same origin object, however many tensors, nodes or inlined calls name them:
 * that is how shared weights are found.
 */
export function constantFact(constant: Constant, name: string): TensorFact {
  const fact = { dataType: constant.dataType, shape: constant.shape, constant: storedOrigin(constant, name) };
  return constant.values === undefined ? fact : { ...fact, value: constant.values };
}

/** Origin of a tensor that folding makes from constants: numbers of its own, which the file does not hold. */
export function foldedOrigin(fact: TensorFact, name: string): ConstantOrigin | undefined {
  if (fact.dataType === undefined) return undefined;
  const elements = fact.shape && elementsOf(fact.shape);
  const storedBytes = elements === undefined ? undefined : bytesOf(fact.dataType, elements);
  return { name, elements, dataType: fact.dataType, storedBytes };
}

function storedOrigin(constant: Constant, name: string): ConstantOrigin {
  const known = originOfConstant.get(constant);
  if (known) return known;
  const origin = sameRange(constant) ?? makeOrigin(constant, name);
  originOfConstant.set(constant, origin);
  return origin;
}

function sameRange(constant: Constant): ConstantOrigin | undefined {
  const key = rangeKey(constant);
  return key && originOfRange.get(key.source)?.get(key.text);
}

function makeOrigin(constant: Constant, name: string): ConstantOrigin {
  const elements = elementsOf(constant.shape);
  const origin = { name, elements, dataType: constant.dataType, storedBytes: constant.storedBytes };
  const key = rangeKey(constant);
  if (key) {
    const ranges = originOfRange.get(key.source) ?? new Map<string, ConstantOrigin>();
    originOfRange.set(key.source, ranges.set(key.text, origin));
  }
  return origin;
}

function rangeKey({ storage, shape }: Constant): { source: ByteSource; text: string } | undefined {
  if (storage.kind !== "range" || storage.length === 0) return undefined;
  return { source: storage.source, text: `${storage.offset}+${storage.length}:${shape.join("x")}` };
}
