import type { Attribute } from "../../model/model.ts";
import type { UnfoldingBudget } from "../unfolding-budget.ts";
import { flexMap, type ChargeValues } from "./flexbuffer.ts";

/** Structs that MediaPipe's custom operators store as they stand in memory: 32-bit fields in this order. */
const STRUCTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["Convolution2DTransposeBias", ["padding", "stride_w", "stride_h"]],
  ["TransposeConvBias", ["padding", "stride_w", "stride_h"]],
  ["MaxPoolingWithArgmax2D", ["padding", "stride_w", "stride_h", "filter_width", "filter_height"]],
  ["MaxUnpooling2D", ["padding", "stride_w", "stride_h", "filter_width", "filter_height"]],
]);

/** TfLitePadding, which unlike the schema's enum has an unknown one first. */
const STRUCT_PADDING: Readonly<Record<number, string>> = { 1: "SAME", 2: "VALID" };

const FIELD_BYTES = 4;

/** Options of custom operators. Operators may share the bytes of theirs: each is read once. */
export class CustomOptions {
  readonly #known = new Map<string, ReadonlyMap<string, Attribute>>();

  constructor(private readonly budget: UnfoldingBudget) {}

  /**
   * @param place where the bytes stand in the file
   * @throws {LimitError} when entries that share what they hold unfold into too much
   */
  attributes(code: string, place: ByteRange, bytes: Uint8Array): ReadonlyMap<string, Attribute> {
    const key = `${place.offset} ${place.length} ${code}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const attributes = read(code, bytes, (values) => this.budget.charge(0, values));
    this.#known.set(key, attributes);
    return attributes;
  }
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A known struct, or the entries of a flexbuffer map; empty for any other bytes. */
function read(code: string, bytes: Uint8Array, charge: ChargeValues): ReadonlyMap<string, Attribute> {
  const fields = STRUCTS.get(code);
  if (fields === undefined) return flexMap(bytes, charge);
  if (bytes.length < fields.length * FIELD_BYTES) return new Map();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Map(
    fields.map((name, index): [string, Attribute] => {
      const value = view.getInt32(index * FIELD_BYTES, true);
      return [name, name === "padding" ? (STRUCT_PADDING[value] ?? value) : value];
    }),
  );
}
