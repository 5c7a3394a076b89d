import { ByteBuffer, type IGeneratedObject, type IUnpackableObject } from "flatbuffers";

/**
 * A list without elements that stands in a file all the same. To a flatbuffer that is another thing than a list that is left out, and to
 * some runtimes too (TFLite Micro refuses a built-in operator that has a list of custom options, empty or not), but the objects of the
 * generated code have the same empty list for both. This one tells when its length is asked for, as it is right before it is written.
 */
export function presentList<T>(): T[] {
  return new Proxy<T[]>([], {
    get(list, key) {
      if (key === "length") wasAsked = true;
      return Reflect.get(list, key) as unknown;
    },
  });
}

let wasAsked = false;

/** Whether the length that was asked for last was that of a list from `presentList`; false at a second call. */
export function takePresence(): boolean {
  const was = wasAsked;
  wasAsked = false;
  return was;
}

/** Reads tables so that lists which stand in the file without elements come as such. */
export class PresenceBuffer extends ByteBuffer {
  /** Whether the field that was looked at last is a list of the file: its length is read right before the list is made. */
  sawVector = false;

  override __offset(table: number, slot: number): number {
    this.sawVector = false;
    return super.__offset(table, slot);
  }

  override __vector_len(offset: number): number {
    this.sawVector = true;
    return super.__vector_len(offset);
  }

  override createScalarList<T>(element: (index: number) => T | null, length: number): T[] {
    return length === 0 && this.sawVector ? presentList() : super.createScalarList(element, length);
  }

  override createObjList<T extends IGeneratedObject>(
    element: (index: number) => IUnpackableObject<T> | null,
    length: number,
  ): T[] {
    return length === 0 && this.sawVector ? presentList() : super.createObjList(element, length);
  }
}
