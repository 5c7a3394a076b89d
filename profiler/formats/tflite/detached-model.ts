import { Builder, ByteBuffer, type Offset } from "flatbuffers";
import { Buffer, BufferT, Model, type ModelT } from "./schema/generated/schema_generated.ts";

/** The tables of a TFLite model as objects, and the data of its buffers as bytes. */
export interface DetachedModel {
  /** Its buffers hold no data. */
  readonly tables: ModelT;
  /** By buffer. Views of the file, not copies. */
  readonly data: readonly Uint8Array[];
}

/** Bytes that the schema's force_align asks for in front of a buffer's data. */
const DATA_ALIGNMENT = 16;
const LENGTH_BYTES = 4;
/** Buffer's first field in its vtable. */
const DATA_SLOT = 4;
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
  const hollow = new ByteBuffer(bytes.slice());
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
export function attachModel({ tables, data }: DetachedModel): Uint8Array {
  tables.buffers = data.map((bytes) => new DataSlot(bytes.length > 0));
  const builder = new Builder(2 ** 16);
  builder.finish(tables.pack(builder), "TFL3");
  const head = builder.asUint8Array();
  let end = head.length;
  const places = data.map((bytes) => {
    if (bytes.length === 0) return 0;
    const at = Math.ceil((end + LENGTH_BYTES) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
    end = at + bytes.length;
    return at;
  });
  const file = new Uint8Array(end);
  file.set(head);
  const view = new ByteBuffer(file);
  const model = Model.getRootAsModel(view);
  places.forEach((at, index) => {
    const bytes = data[index];
    const table = model.buffers(index);
    if (at === 0 || bytes === undefined || table === null) return;
    const field = table.bb_pos + view.__offset(table.bb_pos, DATA_SLOT);
    view.writeUint32(field, at - LENGTH_BYTES - field);
    view.writeUint32(at - LENGTH_BYTES, bytes.length);
    file.set(bytes, at);
  });
  return file;
}

/** A buffer whose data is laid behind the tables: an empty list holds its place. One without data must have no list at all. */
class DataSlot extends BufferT {
  constructor(private readonly hasData: boolean) {
    super();
  }

  override pack(builder: Builder): Offset {
    const list = this.hasData ? Buffer.createDataVector(builder, []) : undefined;
    Buffer.startBuffer(builder);
    if (list !== undefined) Buffer.addData(builder, list);
    return Buffer.endBuffer(builder);
  }
}
