import { isUtf8 } from "node:buffer";

import type { ByteSource } from "../../../bytes/byte-source.ts";
import { LimitError, ModelFormatError } from "../../../errors.ts";
import { ByteWindow } from "./byte-window.ts";
import {
  BYTES,
  FIELDS,
  FIXED32,
  FIXED64,
  VARINT,
  WITH_SPAN,
  allowsWire,
  wiresOf,
  type FieldRule,
  type Fields,
  type MessageName,
} from "./fields.ts";
import { SkeletonWriter } from "./skeleton-writer.ts";

/**
 * Messages within messages. Protobuf's own decoders stop at 100; each If or Loop within another takes three, so this is thirty of
 * them, which no compiler writes.
 */
export const DEEPEST_MESSAGE = 96;
/** Ten thousand nodes take a few megabytes without their weights; past this the decoded graph would not fit in memory. */
const LARGEST_SKELETON = 2 ** 27;
/** Messages of two bytes are possible, and each becomes an object: ten times what the largest exported graphs have. */
const MOST_MESSAGES = 3_000_000;
/** Names are short; descriptions and metadata (vocabularies, licences) can be long. */
export const LONGEST_TEXT = 2 ** 22;
/** A longer string attribute holds a program or a compiled model, not a setting. */
export const LONGEST_BLOB = 2 ** 16;

/**
 * Elements up to this many bytes come along, so that a small constant costs no read of its own: SMALL_CONSTANT_ELEMENTS of 8 bytes
 * raw, or of at most 11 bytes as a tag and a varint.
 */
const LONGEST_RAW_COPY = 8 * 1024;
const LONGEST_TYPED_COPY = 11 * 1024;

/** A file that is larger than its skeleton is likely to be holds weights as well. */
const LONGEST_EXPECTED = 2 ** 22;

const RAW_DATA = 9;
const STRING_DATA = 6;
const DATA_LOCATION = 14;

const LONGEST_TAG = 5;
const LONGEST_VARINT = 10;
const LARGEST_FIELD_NUMBER = 2 ** 29 - 1;

/** A model without the elements of its tensors, as protobuf messages. */
export interface Scan {
  /** The whole model but for the two lists. */
  readonly model: Uint8Array;
  /** The main graph's nodes, to be decoded one at a time: all of them decoded take ten times their bytes. */
  readonly nodes: Uint8Array;
  /** The main graph's initializers, to be decoded one at a time as well. */
  readonly initializers: Uint8Array;
  /** Whether a tensor says where its elements are: in the file or in another one. */
  readonly hasDataLocations: boolean;
}

/** A message that the scanner is in. */
interface Frame {
  readonly name: MessageName;
  readonly fields: Fields;
  readonly end: number;
  readonly skeleton: SkeletonWriter;
  /** Where its content begins in the skeleton. */
  readonly begin: number;
}

/** A field's value, behind its tag and its length prefix if it has one. */
interface Value {
  readonly field: number;
  readonly wire: number;
  /** Of its tag. */
  readonly start: number;
  readonly offset: number;
  readonly length: number;
}

/** Elements with a tag each: as many fields of one number, one behind the other. */
interface Run {
  readonly field: number;
  readonly offset: number;
  fields: number;
}

/**
 * A protobuf message like the file's, without what is large: the elements of tensors are replaced by their place in the file, and
 * every message that somebody may want to find again says where it stands (`payload` and `span` in schema/onnx.proto). Reads the
 * graph's bytes once and, but for small constants, none of the weights'.
 *
 * @throws {ModelFormatError} where the bytes are not protobuf, or not the fields that ONNX has
 * @throws {LimitError} past one of the limits above
 */
export function scanModel(source: ByteSource): Promise<Scan> {
  return new Scanner(source).scan();
}

class Scanner {
  readonly #window: ByteWindow;
  readonly #model = new SkeletonWriter();
  /** Of the main graph's own messages that have a list. */
  readonly #lists: Partial<Record<MessageName, SkeletonWriter>>;
  readonly #nodes: SkeletonWriter;
  readonly #initializers: SkeletonWriter;
  #hasDataLocations = false;
  /** The messages around `#frame`. */
  readonly #outer: Frame[] = [];
  #frame: Frame;
  #run: Run | undefined;
  /** Where fields begin and end that stand side by side in the window and are not in the skeleton yet: they are copied in one go. */
  #pendingStart = 0;
  #pendingEnd = 0;
  /** Offset of the next byte. */
  #at = 0;
  #messages = 0;

  constructor(private readonly source: ByteSource) {
    this.#window = new ByteWindow(source);
    this.#nodes = new SkeletonWriter(Math.min(source.size, LONGEST_EXPECTED));
    this.#initializers = new SkeletonWriter(Math.min(source.size, LONGEST_EXPECTED));
    this.#lists = { NodeProto: this.#nodes, TensorProto: this.#initializers };
    this.#frame = { name: "ModelProto", fields: FIELDS.ModelProto, end: source.size, skeleton: this.#model, begin: 0 };
  }

  /** Waits only where bytes are not in memory: a promise for each of a million fields would cost more than the fields. */
  async scan(): Promise<Scan> {
    const header = LONGEST_TAG + LONGEST_VARINT;
    for (;;) {
      if (this.#at < this.#frame.end) {
        if (!this.#window.holds(this.#at, header)) await this.#load(this.#at, header);
        const reading = this.#readField();
        if (reading !== undefined) await reading;
        continue;
      }
      if (this.#run !== undefined) await this.#endRun(this.#run);
      this.#copyPending();
      const parent = this.#outer.pop();
      if (parent === undefined) return this.#finish();
      this.#frame.skeleton.endMessage(this.#frame.begin);
      this.#frame = parent;
    }
  }

  #finish(): Scan {
    return {
      model: this.#model.finish(),
      nodes: this.#nodes.finish(),
      initializers: this.#initializers.finish(),
      hasDataLocations: this.#hasDataLocations,
    };
  }

  #readField(): Promise<void> | undefined {
    const start = this.#at;
    const tag = this.#readVarint(LONGEST_TAG, "a field's tag");
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field === 0 || field > LARGEST_FIELD_NUMBER) throw this.#malformed(start, `a field number, not ${field}`);
    const rule = this.#frame.fields[field];
    const isElement = rule?.kind === "payload" && wire === rule.element;
    const run = this.#run;
    if (run !== undefined && !(isElement && run.field === field)) {
      this.#at = start;
      return this.#endRun(run);
    }
    if (rule !== undefined && !allowsWire(rule, wire)) {
      throw this.#malformed(start, `wire type ${wiresOf(rule).join(" or ")} for field ${field}, not ${wire}`);
    }
    const length = this.#readLength(start, wire);
    const value: Value = { field, wire, start, offset: this.#at, length };
    if (rule?.kind === "message") {
      this.#enter(rule.message, value);
      return undefined;
    }
    this.#at += length;
    if (rule === undefined) return undefined;
    if (isElement) {
      this.#run ??= { field, offset: start, fields: 0 };
      this.#run.fields += 1;
      return undefined;
    }
    return this.#keep(rule, value);
  }

  /** Bytes of the value at `#at`, and `#at` behind the length prefix. */
  #readLength(start: number, wire: number): number {
    const value = this.#at;
    switch (wire) {
      case VARINT: {
        this.#readVarint(LONGEST_VARINT, "a number");
        const length = this.#at - value;
        this.#at = value;
        return length;
      }
      case FIXED64:
        return this.#checkInside(start, 8);
      case FIXED32:
        return this.#checkInside(start, 4);
      case BYTES:
        return this.#checkInside(start, this.#readVarint(LONGEST_VARINT, "a length"));
      default:
        throw this.#malformed(start, `a field of wire type 0, 1, 2 or 5, not ${wire}`);
    }
  }

  #checkInside(start: number, length: number): number {
    const end = this.#at + length;
    if (end <= this.#frame.end) return length;
    if (end > this.source.size)
      throw this.#truncated(start, `its ${length} bytes do not fit into the file's ${this.source.size}`);
    throw this.#malformed(start, `a field that ends inside its message, not ${end - this.#frame.end} bytes behind it`);
  }

  /** Rounded beyond 2^53, which no valid length reaches. */
  #readVarint(longest: number, what: string): number {
    const { bytes, start } = this.#window;
    const first = this.#at;
    // Nearly all tags and lengths are of one byte.
    const only = first < this.#frame.end ? (bytes[first - start] ?? 0) : 0x80;
    if (only < 0x80) {
      this.#at = first + 1;
      return only;
    }
    let value = 0;
    let scale = 1;
    for (let index = 0; index < longest; index += 1) {
      if (this.#at >= this.#frame.end) {
        if (this.#at >= this.source.size) throw this.#truncated(first, `${what} is cut off`);
        throw this.#malformed(first, `${what} that ends inside its message`);
      }
      const byte = bytes[this.#at - start] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw this.#malformed(first, `${what} of at most ${longest} bytes`);
  }

  #enter(name: MessageName, { field, offset, length }: Value): void {
    if (this.#outer.length >= DEEPEST_MESSAGE) {
      throw this.#tooMuch(
        `messages nest deeper than ${DEEPEST_MESSAGE} levels (DEEPEST_MESSAGE: where protobuf decoders stop)`,
      );
    }
    this.#messages += 1;
    if (this.#messages > MOST_MESSAGES) {
      throw this.#tooMuch(`more than ${MOST_MESSAGES} messages (MOST_MESSAGES: what fits in memory)`);
    }
    this.#checkRoom(0);
    this.#copyPending();
    const isInMainGraph = this.#outer.length === 1 && this.#frame.name === "GraphProto";
    const skeleton = (isInMainGraph ? this.#lists[name] : undefined) ?? this.#frame.skeleton;
    this.#outer.push(this.#frame);
    this.#frame = { name, fields: FIELDS[name], end: offset + length, skeleton, begin: skeleton.beginMessage(field) };
    if (WITH_SPAN.has(name)) skeleton.span(offset, length);
  }

  #keep(rule: FieldRule, value: Value): Promise<void> | undefined {
    if (rule.kind === "payload") return this.#writePayload(value, 0);
    if (value.field === DATA_LOCATION && this.#frame.name === "TensorProto") this.#hasDataLocations = true;
    if (rule.kind === "blob" && value.length > LONGEST_BLOB) return undefined;
    if (rule.kind === "text" && value.length > LONGEST_TEXT) {
      throw this.#tooMuch(
        `a name or text of ${value.length} bytes at byte ${value.offset} (LONGEST_TEXT: ${LONGEST_TEXT})`,
      );
    }
    this.#checkRoom(value.length);
    const length = value.offset + value.length - value.start;
    if (this.#window.holds(value.start, length)) {
      this.#copy(rule, value);
      return undefined;
    }
    return this.#load(value.start, length).then(() => this.#copy(rule, value));
  }

  /** Brings bytes into memory; what is in memory now may leave it. */
  #load(offset: number, length: number): Promise<void> {
    this.#copyPending();
    return this.#window.load(offset, length);
  }

  #copy(rule: FieldRule, { wire, start: tag, offset, length }: Value): void {
    const { bytes, start } = this.#window;
    const begin = offset - start;
    if (rule.kind === "text" && !isAscii(bytes, begin, begin + length) && !isUtf8(this.#window.slice(offset, length))) {
      throw this.#malformed(offset, "text in UTF-8");
    }
    if (rule.kind === "copy" && wire === BYTES && length > 0) {
      const isWhole = rule.wires.includes(FIXED32) ? length % 4 === 0 : (bytes[begin + length - 1] ?? 0) < 0x80;
      if (!isWhole) throw this.#malformed(offset, "a list whose last element is whole");
    }
    if (this.#pendingEnd !== tag) {
      this.#copyPending();
      this.#pendingStart = tag;
    }
    this.#pendingEnd = offset + length;
  }

  #copyPending(): void {
    const length = this.#pendingEnd - this.#pendingStart;
    const { bytes, start } = this.#window;
    if (length > 0) this.#frame.skeleton.copy(bytes, this.#pendingStart - start, length);
    this.#pendingStart = this.#pendingEnd;
  }

  #endRun({ field, offset, fields }: Run): Promise<void> | undefined {
    this.#run = undefined;
    return this.#writePayload({ field, offset, length: this.#at - offset }, fields);
  }

  #writePayload(
    { field, offset, length }: Omit<Run, "fields"> & { readonly length: number },
    fields: number,
  ): Promise<void> | undefined {
    const isShort = field !== STRING_DATA && length <= (field === RAW_DATA ? LONGEST_RAW_COPY : LONGEST_TYPED_COPY);
    this.#checkRoom(isShort ? length : 0);
    if (!isShort) this.#window.skip(length);
    this.#copyPending();
    const write = (): void => {
      this.#frame.skeleton.payload(
        field,
        offset,
        length,
        fields,
        isShort ? this.#window.slice(offset, length) : undefined,
      );
    };
    if (isShort && !this.#window.holds(offset, length)) return this.#window.load(offset, length).then(write);
    write();
    return undefined;
  }

  #checkRoom(length: number): void {
    const pending = this.#pendingEnd - this.#pendingStart;
    const written = this.#model.length + this.#nodes.length + this.#initializers.length;
    if (written + pending + length <= LARGEST_SKELETON) return;
    throw this.#tooMuch(
      `the graph without its weights takes more than ${LARGEST_SKELETON} bytes (LARGEST_SKELETON: what fits in memory)`,
    );
  }

  #malformed(offset: number, expected: string): ModelFormatError {
    return new ModelFormatError(this.source.name, this.#frame.name, `expected ${expected}`, { offset });
  }

  #truncated(offset: number, what: string): ModelFormatError {
    return new ModelFormatError(this.source.name, this.#frame.name, `the file ends too early: ${what}`, {
      offset,
      hint: "The file is not complete: download or export it again.",
    });
  }

  #tooMuch(what: string): LimitError {
    return new LimitError(`${this.source.name}: ${what}`);
  }
}

/** Most names are short and plain: looking at their bytes here is faster than asking Node. */
function isAscii(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let at = begin; at < end; at += 1) if ((bytes[at] ?? 0) >= 0x80) return false;
  return true;
}
