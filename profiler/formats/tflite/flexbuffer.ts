import type { Attribute } from "../../model/model.ts";

/**
 * FlexBuffers, the self-describing bytes that custom operators keep their options in: https://flatbuffers.dev/internals/
 * The flatbuffers library has a reader too, but damaged bytes can keep it busy for ever; this one reads a flat map, each byte a
 * bounded number of times.
 */

/** Value types, the upper six bits of a packed type; the lower two are the width's logarithm. */
const TYPE = {
  int: 1,
  uint: 2,
  float: 3,
  key: 4,
  string: 5,
  indirectInt: 6,
  indirectUint: 7,
  indirectFloat: 8,
  map: 9,
  vector: 10,
  intVector: 11,
  uintVector: 12,
  floatVector: 13,
  bool: 26,
  boolVector: 36,
};

/** Types of the elements of vectors that have one type for all. */
const ELEMENT_TYPES: Readonly<Record<number, number>> = {
  [TYPE.intVector]: TYPE.int,
  [TYPE.uintVector]: TYPE.uint,
  [TYPE.floatVector]: TYPE.float,
  [TYPE.boolVector]: TYPE.bool,
};

/** A value: where it stands, and how wide the values beside it are. */
interface Slot {
  readonly offset: number;
  readonly parentWidth: number;
  readonly type: number;
  /** Of what the value refers to. */
  readonly width: number;
}

/**
 * Numbers, texts, flags and vectors of numbers in the map that a flexbuffer holds; anything deeper is left out, as no operator has it.
 * Empty for bytes that are no such map: custom operators may store what they like.
 * @param charge told of numbers and characters before they are made: entries may share one vector or text. What it throws goes through.
 */
export function flexMap(bytes: Uint8Array, charge: ChargeValues = limited()): ReadonlyMap<string, Attribute> {
  try {
    return new FlexReader(bytes, charge).map();
  } catch (error) {
    if (error instanceof RangeError) return new Map();
    throw error;
  }
}

/** Where nobody else counts: more values than any operator has options. */
const MOST_VALUES = 2 ** 16;

function limited(): ChargeValues {
  let made = 0;
  return (values) => {
    made += values;
    if (made > MOST_VALUES) throw new RangeError("more values than options of an operator");
  };
}

export type ChargeValues = (values: number) => void;

/** Every access goes through a DataView, so that damaged offsets end in a RangeError. */
class FlexReader {
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly charge: ChargeValues,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  map(): ReadonlyMap<string, Attribute> {
    const end = this.bytes.length;
    const rootWidth = this.#view.getUint8(end - 1);
    const root = slot(end - 2 - rootWidth, rootWidth, this.#view.getUint8(end - 2));
    const entries = new Map<string, Attribute>();
    if (root.type !== TYPE.map) return entries;
    const { width } = root;
    const values = this.#target(root);
    const length = this.#length(values, width);
    const keysAt = values - 3 * width;
    const keys = keysAt - this.#uint(keysAt, width);
    const keyWidth = this.#uint(values - 2 * width, width);
    this.charge(length);
    for (let index = 0; index < length; index++) {
      const keyAt = keys + index * keyWidth;
      const value = this.#value(this.#element(values, width, length, index));
      if (value !== undefined) entries.set(this.#key(keyAt - this.#uint(keyAt, keyWidth)), value);
    }
    return entries;
  }

  #value(value: Slot): Attribute | undefined {
    const number = this.#number(value);
    if (number !== undefined) return value.type === TYPE.bool ? number !== 0 : number;
    const target = this.#target(value);
    if (value.type === TYPE.key) return this.#key(target);
    if (value.type === TYPE.string) return this.#text(target, this.#length(target, value.width));
    const elementType = ELEMENT_TYPES[value.type];
    if (elementType === undefined && value.type !== TYPE.vector) return undefined;
    const { width } = value;
    const length = this.#length(target, width);
    this.charge(length);
    const numbers = Array.from({ length }, (_, index) =>
      this.#number(
        elementType === undefined
          ? this.#element(target, width, length, index)
          : { offset: target + index * width, parentWidth: width, type: elementType, width },
      ),
    );
    return numbers.every((element) => element !== undefined) ? numbers : undefined;
  }

  /** undefined for what is no number. */
  #number(value: Slot): number | undefined {
    const { offset, parentWidth, width } = value;
    switch (value.type) {
      case TYPE.int:
        return this.#int(offset, parentWidth);
      case TYPE.uint:
      case TYPE.bool:
        return this.#uint(offset, parentWidth);
      case TYPE.float:
        return this.#float(offset, parentWidth);
      case TYPE.indirectInt:
        return this.#int(this.#target(value), width);
      case TYPE.indirectUint:
        return this.#uint(this.#target(value), width);
      case TYPE.indirectFloat:
        return this.#float(this.#target(value), width);
      default:
        return undefined;
    }
  }

  /** Element of a vector or map whose types stand behind its values. */
  #element(values: number, width: number, length: number, index: number): Slot {
    return slot(values + index * width, width, this.#view.getUint8(values + length * width + index));
  }

  #target({ offset, parentWidth }: Slot): number {
    return offset - this.#uint(offset, parentWidth);
  }

  /** Stands in front of the elements; more than there are bytes cannot be. */
  #length(target: number, width: number): number {
    const length = this.#uint(target - width, width);
    if (length > this.bytes.length) throw new RangeError("longer than the buffer");
    return length;
  }

  #key(offset: number): string {
    const end = this.bytes.indexOf(0, offset);
    if (offset < 0 || end < 0) throw new RangeError("a key without an end");
    return this.#text(offset, end - offset);
  }

  #text(offset: number, length: number): string {
    this.charge(length);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + offset, length));
  }

  #int(offset: number, width: number): number {
    return Number(BigInt.asIntN(8 * width, BigInt(this.#uint(offset, width))));
  }

  #uint(offset: number, width: number): number {
    switch (width) {
      case 1:
        return this.#view.getUint8(offset);
      case 2:
        return this.#view.getUint16(offset, true);
      case 4:
        return this.#view.getUint32(offset, true);
      case 8:
        return Number(this.#view.getBigUint64(offset, true));
      default:
        throw new RangeError(`no value is ${width} bytes wide`);
    }
  }

  #float(offset: number, width: number): number {
    if (width === 4) return this.#view.getFloat32(offset, true);
    if (width === 8) return this.#view.getFloat64(offset, true);
    throw new RangeError(`no float of ${width} bytes is known`);
  }
}

function slot(offset: number, parentWidth: number, packedType: number): Slot {
  return { offset, parentWidth, type: packedType >> 2, width: 1 << (packedType & 3) };
}
