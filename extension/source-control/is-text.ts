import { closeSync, openSync, readSync } from "node:fs";

/** Enough of a file to tell a model from text. */
const TOLD_BY_BYTES = 4096;

/** By its beginning. @returns false for a file that cannot be read */
export function isTextFile(file: string): boolean {
  try {
    const descriptor = openSync(file, "r");
    try {
      const buffer = Buffer.alloc(TOLD_BY_BYTES);
      return isText(buffer.subarray(0, readSync(descriptor, buffer, 0, TOLD_BY_BYTES, 0)));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/** Whether bytes are UTF-8 without the control characters that no text holds; a character that the end cuts off is no fault. */
export function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return false;
  }
  return bytes.every((byte) => byte >= 0x20 || byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN);
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
