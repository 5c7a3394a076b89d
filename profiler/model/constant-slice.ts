import { bytesOf } from "./data-type.ts";
import type { Constant, Storage } from "./model.ts";

/** A constant each of whose elements has a place of its own in the file. */
export type Sliceable = Constant & { readonly storage: Extract<Storage, { kind: "bytes" | "range" }> };

/** Varints have no place of their own: where one begins is known only by reading those before it. */
export function isSliceable(constant: Constant): constant is Sliceable {
  const { storage } = constant;
  if (storage.kind === "sparse" || storage.kind === "none") return false;
  return storage.encoding === "raw" || storage.encoding === "packed-float" || storage.encoding === "packed-double";
}

/**
 * Some elements of a constant, as a constant.
 * @param first a multiple of 8, so that elements narrower than a byte start with one
 */
export function slice({ dataType, storage }: Sliceable, first: number, count: number): Sliceable {
  const offset = bytesOf(dataType, first) ?? 0;
  const length = bytesOf(dataType, count) ?? 0;
  const part: Sliceable["storage"] =
    storage.kind === "range"
      ? { ...storage, offset: storage.offset + offset, length }
      : { ...storage, bytes: storage.bytes.subarray(offset, offset + length) };
  return { dataType, shape: [count], storedBytes: length, storage: part };
}
