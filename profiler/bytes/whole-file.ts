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

/** The same as text in UTF-8. @throws {FileAccessError} */
export async function readTextFile(path: string): Promise<string> {
  return new TextDecoder().decode(await readWholeFile(path));
}
