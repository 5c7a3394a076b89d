import type { ReadableStream } from "@yume-chan/stream-extra";
import { DeviceError, RUN_AGAIN } from "../device-error.ts";

/**
 * All of a stream as text; what is no UTF-8 is replaced.
 * @throws {DeviceError} for more than `mostBytes`
 */
export function readText(stream: ReadableStream<Uint8Array>, mostBytes: number): Promise<string> {
  return readLines(stream, mostBytes, () => undefined);
}

/** The same, and tells each line as soon as it is there, without its end. */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  mostBytes: number,
  onLine: (line: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = "";
  let told = 0;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > mostBytes)
      throw new DeviceError("failed", `the device answered with more than ${mostBytes} bytes`, { hint: RUN_AGAIN });
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n", told); end >= 0; end = text.indexOf("\n", told)) {
      onLine(text.slice(told, end));
      told = end + 1;
    }
  }
  if (told < text.length) onLine(text.slice(told));
  return text + decoder.decode();
}
