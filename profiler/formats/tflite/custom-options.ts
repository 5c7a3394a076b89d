import type { Attribute } from "../../model/model.ts";
import { flexMap } from "./flexbuffer.ts";

/** Structs that MediaPipe's custom operators store as they stand in memory: 32-bit fields in this order. */
const STRUCTS: Readonly<Record<string, readonly string[]>> = {
  Convolution2DTransposeBias: ["padding", "stride_w", "stride_h"],
  TransposeConvBias: ["padding", "stride_w", "stride_h"],
  MaxPoolingWithArgmax2D: ["padding", "stride_w", "stride_h", "filter_width", "filter_height"],
  MaxUnpooling2D: ["padding", "stride_w", "stride_h", "filter_width", "filter_height"],
};

/** TfLitePadding, which unlike the schema's enum has an unknown one first. */
const STRUCT_PADDING: Readonly<Record<number, string>> = { 1: "SAME", 2: "VALID" };

const FIELD_BYTES = 4;

/** Options of a custom operator: a known struct, or the entries of a flexbuffer map; empty for any other bytes. */
export function customAttributes(code: string, bytes: Uint8Array): ReadonlyMap<string, Attribute> {
  const fields = STRUCTS[code];
  if (fields === undefined) return flexMap(bytes);
  if (bytes.length < fields.length * FIELD_BYTES) return new Map();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Map(
    fields.map((name, index): [string, Attribute] => {
      const value = view.getInt32(index * FIELD_BYTES, true);
      return [name, name === "padding" ? (STRUCT_PADDING[value] ?? value) : value];
    }),
  );
}
