import { ownEntry } from "../own-entry.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { CalibrationError } from "../errors.ts";
import type { NumericType } from "../tensors/numeric-tensor.ts";

/** An array in a file: where its elements are, row-major and little-endian. */
export interface StoredArray {
  readonly dataType: NumericType;
  readonly shape: readonly number[];
  /** Of the first element. */
  readonly offset: number;
}

const MAGIC = "\x93NUMPY";
/** A header names one type and one shape; NumPy's own limit is 10,000. */
const LONGEST_HEADER = 65_536;

/** NumPy's type codes, byte order left out. */
const TYPES: Readonly<Record<string, NumericType>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u8: "uint64",
  u4: "uint32",
  u2: "uint16",
  u1: "uint8",
  b1: "bool",
};

/**
 * Reads the header of a `.npy` file (NumPy Enhancement Proposal 1, versions 1 to 3).
 * @throws {CalibrationError} when it is none, or holds what no model takes
 */
export async function readNpyHeader(source: ByteSource): Promise<StoredArray> {
  const fail = (expected: string, hint?: string): CalibrationError =>
    new CalibrationError(`${source.name}: expected ${expected}`, { hint });
  const head = await source.read(0, Math.min(12, source.size));
  if (head.length < 10 || latin1(head.subarray(0, 6)) !== MAGIC) throw fail("a NumPy array (.npy)");
  const version = head[6] ?? 0;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = version === 1 ? 10 : 12;
  if (version < 1 || version > 3 || head.length < start) throw fail("a NumPy array of version 1 to 3");
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER || start + length > source.size) throw fail("a whole header of a NumPy array");
  const header = latin1(await source.read(start, length));
  const [, order, code] = /'descr': *'([<>|=]?)([a-zA-Z]\d+)'/.exec(header) ?? [];
  const [, dimensions] = /'shape': *\(([\d, ]*)\)/.exec(header) ?? [];
  const dataType = code === undefined ? undefined : ownEntry(TYPES, code);
  if (dimensions === undefined || code === undefined)
    throw fail("an array of plain numbers, not of records or objects");
  if (dataType === undefined) throw fail(`an array of numbers, not of NumPy's type ${code}`);
  if (order === ">" && !code.endsWith("1"))
    throw fail("little-endian numbers", `Convert it: array.astype("<${code}").`);
  if (header.includes("'fortran_order': True"))
    throw fail("an array in C order", "Convert it: numpy.ascontiguousarray(array).");
  const shape = dimensions.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  return { dataType, shape, offset: start + length };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
