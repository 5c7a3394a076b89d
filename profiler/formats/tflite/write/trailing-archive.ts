import type { ByteSource } from "../../../bytes/byte-source.ts";
import { bytesSegment, type ByteSegment } from "../../../bytes/byte-segments.ts";

/**
 * TFLite Metadata keeps labels and vocabularies in a zip archive behind the flatbuffer: one file is both. Offsets in an archive count
 * from the start of the file, so they move with it. Source: PKWARE, APPNOTE.TXT 4.3.
 */
const END = { signature: 0x06054b50, length: 22, directoryLength: 12, directoryOffset: 16, commentLength: 20 };
const ENTRY = { signature: 0x02014b50, length: 46, nameLength: 28, localOffset: 42 };
const LONGEST_COMMENT = 0xffff;

/** An archive of labels is small; its directory is smaller. */
const LARGEST_DIRECTORY = 2 ** 22;

/** The archive at the end of a file. */
export interface TrailingArchive {
  /** Of its first byte in the file. */
  readonly offset: number;
  /** Its bytes for another place in a file. */
  movedTo(offset: number): readonly ByteSegment[];
}

/** undefined where there is none, or none that these rules understand. */
export async function trailingArchive(source: ByteSource): Promise<TrailingArchive | undefined> {
  const end = await findEnd(source);
  if (end === undefined) return undefined;
  const { at, view } = end;
  const length = view.getUint32(END.directoryLength, true);
  const start = at - length;
  // What stands in front of an archive that was appended without its offsets being set.
  const shift = start - view.getUint32(END.directoryOffset, true);
  if (length > LARGEST_DIRECTORY || start < 0 || shift < 0) return undefined;
  const directory = (await source.read(start, length)).slice();
  const entries = entriesOf(new DataView(directory.buffer));
  if (entries === undefined) return undefined;
  const table = new DataView(directory.buffer);
  const offset = entries.reduce((least, field) => Math.min(least, table.getUint32(field, true) + shift), start);
  const movedTo = (place: number): readonly ByteSegment[] => {
    const moved = directory.slice();
    const movedTable = new DataView(moved.buffer);
    const by = place - offset + shift;
    for (const field of entries) movedTable.setUint32(field, movedTable.getUint32(field, true) + by, true);
    const tail = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
    new DataView(tail.buffer).setUint32(END.directoryOffset, place + start - offset, true);
    return [{ source, offset, length: start - offset }, bytesSegment(moved), bytesSegment(tail)];
  };
  return { offset, movedTo };
}

async function findEnd(source: ByteSource): Promise<{ readonly at: number; readonly view: DataView } | undefined> {
  const length = Math.min(source.size, END.length + LONGEST_COMMENT);
  const bytes = await source.read(source.size - length, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = length - END.length; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END.signature) continue;
    if (at + END.length + view.getUint16(at + END.commentLength, true) !== length) continue;
    return { at: source.size - length + at, view: new DataView(bytes.buffer, bytes.byteOffset + at, length - at) };
  }
  return undefined;
}

/** Where each entry has the offset of its file; undefined for what is no directory. */
function entriesOf(directory: DataView): readonly number[] | undefined {
  const fields: number[] = [];
  let at = 0;
  while (at < directory.byteLength) {
    if (at + ENTRY.length > directory.byteLength || directory.getUint32(at, true) !== ENTRY.signature) return undefined;
    fields.push(at + ENTRY.localOffset);
    // Name, extra field and comment follow each other.
    const lengths = [0, 2, 4].map((field) => directory.getUint16(at + ENTRY.nameLength + field, true));
    at += ENTRY.length + lengths.reduce((sum, each) => sum + each, 0);
  }
  return fields;
}
