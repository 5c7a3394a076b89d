import { ModelFormatError } from "../errors.ts";

/**
 * For every ByteSource alike: a read never goes past the file.
 * @throws {ModelFormatError} when the range is not within `size` bytes
 */
export function checkBounds(
  source: { readonly name: string; readonly size: number },
  offset: number,
  length: number,
): void {
  if (offset >= 0 && length >= 0 && offset + length <= source.size) return;
  const expected = `${length} bytes were expected here, but the file has ${source.size} bytes`;
  throw new ModelFormatError(source.name, "end of file", expected, {
    offset,
    hint: "The file is not complete: download or export it again.",
  });
}
