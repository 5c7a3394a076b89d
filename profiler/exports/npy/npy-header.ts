import { OptionError } from "../../errors.ts";
import type { DataType } from "../../model/data-type.ts";

/** NumPy's names of the types that it has; little-endian. */
const CODES: Partial<Record<DataType, string>> = {
  float64: "<f8",
  float32: "<f4",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint64: "<u8",
  uint32: "<u4",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
  complex64: "<c8",
  complex128: "<c16",
};

/** Types that NumPy does not have, and the narrowest one of its own that holds all their elements exactly. */
const HELD_BY: Partial<Record<DataType, DataType>> = {
  bfloat16: "float32",
  float8e4m3fn: "float32",
  float8e4m3fnuz: "float32",
  float8e5m2: "float32",
  float8e5m2fnuz: "float32",
  float8e8m0: "float32",
  float4e2m1: "float32",
  int4: "int8",
  int2: "int8",
  uint4: "uint8",
  uint2: "uint8",
};

/**
 * The type that a `.npy` file has elements of a type in: its own where NumPy has it.
 * @throws {OptionError} for what is no number
 */
export function npyType(type: DataType, name: string): DataType {
  const held = HELD_BY[type] ?? type;
  if (CODES[held] === undefined)
    throw new OptionError(`${name}: ${type} elements are not numbers that a .npy file can hold`);
  return held;
}

/** The elements behind the header begin at a multiple of it (NumPy Enhancement Proposal 1). */
const ALIGNMENT = 64;
const LONGEST_V1 = 65_535;
const PREAMBLE = 10;

/** The header of a `.npy` file of version 1.0, row-major. @param type one that `npyType` gave */
export function npyHeader(type: DataType, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `(${shape.join()},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${CODES[type] ?? ""}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const padding = ALIGNMENT - 1 - ((PREAMBLE + text.length) % ALIGNMENT);
  const header = `${text}${" ".repeat(padding)}\n`;
  if (header.length > LONGEST_V1) throw new RangeError("a shape has at most some dozens of axes");
  const bytes = new Uint8Array(PREAMBLE + header.length);
  bytes.set([0x93, ...Buffer.from("NUMPY", "latin1"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  bytes.set(Buffer.from(header, "latin1"), PREAMBLE);
  return bytes;
}
