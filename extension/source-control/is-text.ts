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
