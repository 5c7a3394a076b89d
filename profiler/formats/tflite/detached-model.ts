import { ByteBuffer } from "flatbuffers";
import { PresenceBuffer } from "./presence.ts";
import { bytesOfSegments, bytesSegment } from "../../bytes/byte-segments.ts";
import { layOut } from "./write/file-layout.ts";
import { Model, type Buffer, type ModelT } from "./schema/generated/schema_generated.ts";

/** The tables of a TFLite model as objects, and the data of its buffers as bytes. */
export interface DetachedModel {
  /** Its buffers hold no data. */
  readonly tables: ModelT;
  /** By buffer. Views of the file, not copies. */
  readonly data: readonly Uint8Array[];
}

const LENGTH_BYTES = 4;
/** What older writers put where an offset into the file could stand. */
const NO_OFFSET = 1n;

/**
 * Takes a model apart. The generated objects hold bytes as lists of numbers, at many times their size, so buffers are left out of them.
 * @param bytes a file that `readTflite` has read without complaint
 */
export function detachModel(bytes: Uint8Array): DetachedModel {
  const model = Model.getRootAsModel(new ByteBuffer(bytes));
  const count = model.buffersLength();
  const data = Array.from({ length: count }, (_, index) => dataOf(bytes, model.buffers(index)));
  // A copy in which every vector of data is empty, for the objects to be made of.
  const hollow = new PresenceBuffer(bytes.slice());
  for (let index = 0; index < count; index += 1) {
    const view = model.buffers(index)?.dataArray();
    if (view) hollow.writeUint32(view.byteOffset - bytes.byteOffset - LENGTH_BYTES, 0);
  }
  const tables = Model.getRootAsModel(hollow).unpack();
  for (const { operators } of tables.subgraphs) {
    for (const operator of operators) {
      if (operator.largeCustomOptionsOffset <= NO_OFFSET) continue;
      const start = Number(operator.largeCustomOptionsOffset);
      operator.customOptions = [...bytes.subarray(start, start + Number(operator.largeCustomOptionsSize))];
      operator.largeCustomOptionsOffset = 0n;
      operator.largeCustomOptionsSize = 0n;
    }
  }
  return { tables, data };
}

/** Data stands in the buffer's table or, in large models, behind the flatbuffer. */
function dataOf(bytes: Uint8Array, buffer: Buffer | null): Uint8Array {
  if (buffer === null) return new Uint8Array(0);
  if (buffer.offset() <= NO_OFFSET) return buffer.dataArray() ?? new Uint8Array(0);
  const start = Number(buffer.offset());
  return bytes.subarray(start, start + Number(buffer.size()));
}

/** Puts a model together: the tables first, all data behind them, aligned as TFLite asks. */
export async function attachModel({ tables, data }: DetachedModel): Promise<Uint8Array> {
  const segments = data.map((bytes) => (bytes.length === 0 ? undefined : bytesSegment(bytes)));
  return bytesOfSegments(layOut(tables, segments));
}
