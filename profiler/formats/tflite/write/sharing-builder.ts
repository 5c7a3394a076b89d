import { Builder, type Offset } from "flatbuffers";

/**
 * Writes equal strings, and lists without elements, once for all that refer to them, as flatbuffers allows. Tables without an option
 * have an empty list for it in the generated code, and a model has thousands of these.
 */
export class SharingBuilder extends Builder {
  readonly #strings = new Map<string, Offset>();
  #emptyList: Offset | undefined;
  #isEmpty = false;
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
    this.#isEmpty = elements === 0 && !this.#isText;
    if (!this.#isEmpty || this.#emptyList === undefined) super.startVector(elementSize, elements, alignment);
  }

  override endVector(): Offset {
    if (!this.#isEmpty) return super.endVector();
    this.#emptyList ??= super.endVector();
    return this.#emptyList;
  }
}
