import { inflateSync } from "fflate";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { MemorySource } from "../../bytes/memory-source.ts";
import { LimitError, ModelFormatError } from "../../errors.ts";
import type { BundledFile } from "./bundled-file.ts";
import { SliceSource } from "./slice-source.ts";

/** Signatures and sizes of the records. Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. */
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const END = { signature: 0x06054b50, bytes: 22 };
const STORED = 0;
const DEFLATED = 8;
/** Of the comment behind the end record. */
const LONGEST_COMMENT = 0xffff;
/** Stands for a size in the records of ZIP64, which no bundle of less than 4 GiB has. */
const BEYOND = 0xffffffff;

/** Bundles hold a few models and what belongs to them. */
const MOST_ENTRIES = 10_000;
/** Packed models are unpacked in memory; runtimes want them stored, so that they can map them. */
const LARGEST_UNPACKED = 2 ** 30;

/**
 * The files of a zip archive. Nothing is unpacked before it is opened.
 * @throws {ModelFormatError} for a broken archive, or one of 4 GiB and more
 */
export async function zipFiles(source: ByteSource): Promise<readonly BundledFile[]> {
  const fault = (expected: string, offset?: number): ModelFormatError =>
    new ModelFormatError(source.name, "the archive", expected, offset === undefined ? {} : { offset });
  const { offset, length, count } = await endRecord(source, fault);
  if (count > MOST_ENTRIES) throw new LimitError(`${source.name}: more than ${MOST_ENTRIES} files in an archive`);
  if (offset === BEYOND || offset + length > source.size) throw fault("a directory inside of the file expected");
  const directory = viewOf(await source.read(offset, length));
  const files: BundledFile[] = [];
  for (let at = 0; files.length < count;) {
    if (at + ENTRY.bytes > length || directory.getUint32(at, true) !== ENTRY.signature)
      throw fault("an entry of its directory expected", offset + at);
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    const nameAt = at + ENTRY.bytes;
    const end = nameAt + (nameLength ?? 0);
    if (end > length) throw fault("a file name expected", offset + at);
    const name = new TextDecoder().decode(
      new Uint8Array(directory.buffer, directory.byteOffset + nameAt, end - nameAt),
    );
    const entry = {
      name,
      method: directory.getUint16(at + 10, true),
      packed: directory.getUint32(at + 20, true),
      size: directory.getUint32(at + 24, true),
      local: directory.getUint32(at + 42, true),
    };
    files.push({ name, size: entry.size, open: () => opened(source, entry, fault) });
    at = end + (extra ?? 0) + (comment ?? 0);
  }
  return files;
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

type Fault = (expected: string, offset?: number) => ModelFormatError;

async function endRecord(
  source: ByteSource,
  fault: Fault,
): Promise<{ readonly offset: number; readonly length: number; readonly count: number }> {
  const start = Math.max(0, source.size - END.bytes - LONGEST_COMMENT);
  const tail = viewOf(await source.read(start, source.size - start));
  for (let at = tail.byteLength - END.bytes; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== END.signature) continue;
    const [count, length, offset] = [
      tail.getUint16(at + 10, true),
      tail.getUint32(at + 12, true),
      tail.getUint32(at + 16, true),
    ];
    return { offset, length, count };
  }
  throw fault("the end record of a zip archive expected: the file is cut off");
}

async function opened(
  source: ByteSource,
  { name, method, packed, size, local }: Entry,
  fault: Fault,
): Promise<ByteSource> {
  if (local + LOCAL.bytes > source.size) throw fault(`the head of ${name} expected`, local);
  const head = viewOf(await source.read(local, LOCAL.bytes));
  if (head.getUint32(0, true) !== LOCAL.signature) throw fault(`the head of ${name} expected`, local);
  const start = local + LOCAL.bytes + head.getUint16(26, true) + head.getUint16(28, true);
  if (start + packed > source.size) throw fault(`${packed} bytes of ${name} expected`, start);
  const title = `${source.name}#${name}`;
  if (method === STORED) return new SliceSource(title, source, start, packed);
  if (method !== DEFLATED) throw fault(`${name} stored or deflated expected, not by method ${method}`, local);
  if (size > LARGEST_UNPACKED)
    throw new LimitError(`${title}: it is packed, and larger than ${LARGEST_UNPACKED} bytes: unpack it first`);
  return new MemorySource(
    title,
    unpacked(await source.read(start, packed), size, () => fault(`${name} cannot be unpacked`, start)),
  );
}

function unpacked(bytes: Uint8Array, size: number, fault: () => ModelFormatError): Uint8Array {
  try {
    return inflateSync(bytes, { out: new Uint8Array(size) });
  } catch {
    throw fault();
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
