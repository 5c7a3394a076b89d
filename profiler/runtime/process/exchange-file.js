// How elements reach a runtime's process and come back: through a file that both have open and nobody can see. A pipe would copy them five
// times in pieces of 64 KiB. Plain JavaScript, so that a process loads it without a compiler.
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Any element may begin there. */
const ALIGNMENT = 8;
/** The operating system moves less than 2 GiB in one call. */
const LONGEST_MOVE = 2 ** 30;
/** A file that was larger gives its pages back when it was read. */
const KEPT_BYTES = 2 ** 26;

const ARRAYS = {
  Float64Array,
  Float32Array,
  BigInt64Array,
  BigUint64Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
};

/** Arrays of one message at a time. */
export class ExchangeFile {
  #descriptor;

  constructor(descriptor) {
    this.#descriptor = descriptor;
  }

  /** A new one, which only its descriptor leads to. */
  static create() {
    const path = join(tmpdir(), `edgewise-exchange-${randomUUID()}`);
    const descriptor = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return new ExchangeFile(descriptor);
  }

  /** To be inherited. */
  get descriptor() {
    return this.#descriptor;
  }

  /**
   * @param arrays or streams: {byteLength, writeTo(target)}
   * @returns where each is, as plain data
   */
  async put(arrays) {
    const places = [];
    let offset = 0;
    for (const array of arrays) {
      const { byteLength } = array;
      places.push({ type: typeOf(array), offset, bytes: byteLength });
      if ("writeTo" in array) await array.writeTo(this.#targetAt(offset));
      else this.#write(new Uint8Array(array.buffer, array.byteOffset, byteLength), offset);
      offset += Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
    }
    return places;
  }

  #targetAt(offset) {
    let next = offset;
    return {
      write: async (bytes) => {
        this.#write(bytes, next);
        next += bytes.length;
      },
    };
  }

  #write(bytes, offset) {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#descriptor, bytes, done, Math.min(LONGEST_MOVE, bytes.length - done), offset + done);
  }

  /**
   * Arrays that other messages leave alone.
   * @param targetFor (place's position, place) → an array of that type and length that is to take the elements; undefined: one of its own
   */
  take(places, targetFor = () => undefined) {
    const arrays = places.map((place, position) => {
      const { type, offset, bytes } = place;
      const array = targetFor(position, place) ?? new ARRAYS[type](new ArrayBuffer(bytes));
      const view = new Uint8Array(array.buffer, array.byteOffset, bytes);
      for (let done = 0; done < bytes;) {
        const count = readSync(this.#descriptor, view, done, Math.min(LONGEST_MOVE, bytes - done), offset + done);
        if (count === 0) throw new Error("elements are missing");
        done += count;
      }
      return array;
    });
    if (places.some(({ offset, bytes }) => offset + bytes > KEPT_BYTES)) ftruncateSync(this.#descriptor, 0);
    return arrays;
  }

  /** Whoever still writes fails: the number may be another file's by then. */
  close() {
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function typeOf(array) {
  // Of buffers the bytes are meant; half-precision floats travel as their bits.
  const { name } = array.constructor;
  return Object.hasOwn(ARRAYS, name) ? name : name === "Float16Array" ? "Uint16Array" : "Uint8Array";
}
