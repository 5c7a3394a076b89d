import { ByteBuffer, type Builder, type Offset } from "flatbuffers";
import type { ByteSource } from "../../../bytes/byte-source.ts";
import { bytesSegment, type ByteSegment } from "../../../bytes/byte-segments.ts";
import { presentList } from "../presence.ts";
import { Buffer, BufferT, Model, type ModelT } from "../schema/generated/schema_generated.ts";
import { SharingBuilder } from "./sharing-builder.ts";

/** Bytes that the schema's force_align asks for in front of a buffer's data. */
const DATA_ALIGNMENT = 16;
const LENGTH_BYTES = 4;

/** Offsets within a flatbuffer reach no farther; larger models have their data behind it, found by offsets into the file. */
const LARGEST_FLATBUFFER = 2 ** 31 - 1;

/** Fields in their tables' vtables. */
const BUFFER = { data: 4, offset: 6, size: 8 };
const OPERATOR = { largeCustomOptionsOffset: 22 };

/** What older writers put where an offset into the file could stand. */
const NO_OFFSET = 1n;
/** Stands where the offset is written once it is known. */
const PLACEHOLDER = 2n;

type Place = "inside" | "outside";

/** Data of a buffer or of a custom operator, and where it will be in the file. */
interface Placed {
  readonly segment: ByteSegment;
  readonly at: number;
  readonly place: Place;
}

/**
 * The segments of a TFLite file: its tables, then all data, aligned as TFLite asks. No data is read here.
 * @param data of each buffer; undefined for one that has none
 * @param source of the options that custom operators have outside of their tables
 * @param largest bytes that a file may have with its data inside the flatbuffer
 */
export function layOut(
  tables: ModelT,
  data: readonly (ByteSegment | undefined)[],
  source?: ByteSource,
  largest = LARGEST_FLATBUFFER,
): readonly ByteSegment[] {
  for (const place of ["inside", "outside"] as const) {
    tables.buffers = data.map((segment) => new DataSlot(segment && place));
    const builder = new SharingBuilder(2 ** 16);
    builder.finish(tables.pack(builder), "TFL3");
    const head = builder.asUint8Array();
    const placed = fill(head, data, source, place);
    const end = placed.reduce((last, { at, segment }) => Math.max(last, at + segment.length), head.length);
    if (end <= largest || place === "outside") return [bytesSegment(head), ...withGaps(head.length, placed)];
  }
  return [];
}

/** Writes into the tables where the data will be. */
function fill(
  head: Uint8Array,
  data: readonly (ByteSegment | undefined)[],
  source: ByteSource | undefined,
  place: Place,
): readonly Placed[] {
  const view = new ByteBuffer(head);
  const model = Model.getRootAsModel(view);
  const placed: Placed[] = [];
  let end = head.length;
  const put = (segment: ByteSegment, where: Place): number => {
    const at = Math.ceil((end + LENGTH_BYTES) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
    placed.push({ segment, at, place: where });
    end = at + segment.length;
    return at;
  };
  data.forEach((segment, index) => {
    const table = model.buffers(index);
    if (segment === undefined || table === null) return;
    const field = (slot: number): number => table.bb_pos + view.__offset(table.bb_pos, slot);
    const at = put(segment, place);
    if (place === "inside") {
      view.writeUint32(field(BUFFER.data), at - LENGTH_BYTES - field(BUFFER.data));
      return;
    }
    view.writeUint64(field(BUFFER.offset), BigInt(at));
    view.writeUint64(field(BUFFER.size), BigInt(segment.length));
  });
  if (source === undefined) return placed;
  for (const operator of outsideOptions(model)) {
    const length = Number(operator.largeCustomOptionsSize());
    const at = put({ source, offset: Number(operator.largeCustomOptionsOffset()), length }, "outside");
    const field = operator.bb_pos + view.__offset(operator.bb_pos, OPERATOR.largeCustomOptionsOffset);
    view.writeUint64(field, BigInt(at));
  }
  return placed;
}

function outsideOptions(
  model: Model,
): readonly NonNullable<ReturnType<NonNullable<ReturnType<Model["subgraphs"]>>["operators"]>>[] {
  return range(model.subgraphsLength()).flatMap((index) => {
    const subgraph = model.subgraphs(index);
    const operators = range(subgraph?.operatorsLength() ?? 0).flatMap(
      (position) => subgraph?.operators(position) ?? [],
    );
    return operators.filter((operator) => operator.largeCustomOptionsOffset() > NO_OFFSET);
  });
}

/** Zeros between the data; the length of a vector stands in front of it. */
function withGaps(start: number, placed: readonly Placed[]): readonly ByteSegment[] {
  let position = start;
  return placed.flatMap(({ segment, at, place }) => {
    const gap = new Uint8Array(at - position);
    if (place === "inside") new DataView(gap.buffer).setUint32(gap.length - LENGTH_BYTES, segment.length, true);
    position = at + segment.length;
    return [bytesSegment(gap), segment];
  });
}

/** A buffer whose data is laid behind the tables: an empty list holds its place, or offset and size do. */
class DataSlot extends BufferT {
  constructor(private readonly place: Place | undefined) {
    super();
  }

  override pack(builder: Builder): Offset {
    const list = this.place === "inside" ? Buffer.createDataVector(builder, presentList()) : undefined;
    Buffer.startBuffer(builder);
    if (list !== undefined) Buffer.addData(builder, list);
    if (this.place === "outside") {
      Buffer.addOffset(builder, PLACEHOLDER);
      Buffer.addSize(builder, PLACEHOLDER);
    }
    return Buffer.endBuffer(builder);
  }
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
