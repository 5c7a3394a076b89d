import { Builder, type Offset } from "flatbuffers";
import { takePresence } from "../presence.ts";

/** A field with this offset is not written. */
const LEFT_OUT = 0;

/**
 * Writes equal strings, and lists without elements, once for all that refer to them, as flatbuffers allows. Of these it writes only what
 * `presentList` made: the generated code would write an empty list for everything that a table leaves out.
 */
export class SharingBuilder extends Builder {
  readonly #strings = new Map<string, Offset>();
  #emptyList: Offset | undefined;
  #isEmpty = false;
  #isLeftOut = false;
  /** A text is a list with a zero behind it, an empty one too. */
  #isText = false;

  override createString(text: string | Uint8Array | null | undefined): Offset {
    this.#isText = true;
    try {
      return this.#sharedString(text);
    } finally {
      this.#isText = false;
    }
  }

  #sharedString(text: string | Uint8Array | null | undefined): Offset {
    if (typeof text !== "string") return super.createString(text);
    const offset = this.#strings.get(text) ?? super.createString(text);
    this.#strings.set(text, offset);
    return offset;
  }

  override startVector(elementSize: number, elements: number, alignment: number): void {
    const isPresent = takePresence();
    this.#isEmpty = elements === 0 && !this.#isText;
    this.#isLeftOut = this.#isEmpty && !isPresent;
    if (!this.#isLeftOut && (!this.#isEmpty || this.#emptyList === undefined))
      super.startVector(elementSize, elements, alignment);
  }

  override endVector(): Offset {
    if (this.#isLeftOut) return LEFT_OUT;
    if (!this.#isEmpty) return super.endVector();
    this.#emptyList ??= super.endVector();
    return this.#emptyList;
  }
}
