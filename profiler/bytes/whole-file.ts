import { LimitError } from "../errors.ts";
import { FileSource } from "./file-source.ts";

/**
 * All bytes of a file. A pipe or a device is refused at once, where reading it would wait for somebody who writes, or never end.
 * @throws {FileAccessError} when `path` is missing, not a file, or not readable
 */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const source = await FileSource.open(path);
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/** Labels of a million samples are a third of it. What JSON makes of a text can take thirty times its bytes. */
const LONGEST_TEXT = 2 ** 25;

/** What is said of a file that cannot be read, or holds something else, where its purpose is known. */
type Refusal = (cause: unknown) => Error;

/**
 * The same as text in UTF-8.
 * @param refusal left out: {FileAccessError}
 * @throws what `refusal` makes when it cannot be read
 * @throws {LimitError} when it is longer than any text that somebody writes for Edgewise
 */
export function readTextFile(path: string, refusal?: Refusal): Promise<string> {
  return unlessRefused(() => textOf(path), refusal);
}

/** What JSON a text holds. @throws as `readTextFile`, and what `refusal` makes of a SyntaxError */
export function readJsonFile(path: string, refusal: Refusal): Promise<unknown> {
  return unlessRefused(async (): Promise<unknown> => JSON.parse(await textOf(path)), refusal);
}

/** A limit says more than any refusal. */
async function unlessRefused<T>(read: () => Promise<T>, refusal: Refusal | undefined): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw refusal === undefined || cause instanceof LimitError ? cause : refusal(cause);
  }
}

async function textOf(path: string): Promise<string> {
  const source = await FileSource.open(path);
  try {
    if (source.size > LONGEST_TEXT)
      throw new LimitError(`${path}: a text of ${source.size} bytes; the limit is ${LONGEST_TEXT} (LONGEST_TEXT)`);
    return new TextDecoder().decode(await source.read(0, source.size));
  } finally {
    await source.close();
  }
}
