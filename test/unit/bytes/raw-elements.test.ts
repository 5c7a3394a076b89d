import assert from "node:assert/strict";
import { bytesOf, type DataType } from "../../../profiler/model/data-type.ts";
import { decodeRaw, decodeRawInto } from "../../../profiler/model/raw-elements.ts";

const ELEMENTS = 6;
const TYPES = [
  ...["float64", "float32", "float16", "bfloat16", "int64", "int32", "uint32", "int16", "uint16", "int8"],
  ...["uint8", "bool", "float8e4m3fn", "float8e8m0", "float4e2m1", "int4", "uint2"],
] as readonly DataType[];

describe("Raw elements", () => {
  for (const type of TYPES) {
    it(`are the same many at a time as one by one, wherever they lie: ${type}`, () => {
      const length = bytesOf(type, ELEMENTS) ?? 0;
      const stored = Uint8Array.from({ length: length + 1 }, (_, index) => (index * 37 + 11) % 251);
      for (const start of [0, 1]) {
        const bytes = stored.subarray(start, start + length);
        const values = new Float64Array(ELEMENTS);
        decodeRawInto(type, bytes, values);
        assert.deepEqual([...values], decodeRaw(type, bytes, ELEMENTS));
      }
    });
  }

  it("of a type that nobody computes with are left alone", () => {
    const values = new Float64Array(1);
    decodeRawInto("complex64", new Uint8Array(8).fill(1), values);
    assert.deepEqual([...values], [0]);
  });
});
