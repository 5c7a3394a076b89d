import { OptionError } from "../errors.ts";
import { FORMAT_TYPES, formatByName } from "../formats/format-types.ts";
import type { FormatId } from "../model/format.ts";

/**
 * Looks whether a file's name is not that of another format than it is to hold: programs, ours among them, go by the ending.
 * @throws {OptionError}
 */
export function requireNameOf(format: FormatId, out: string): void {
  const named = formatByName(out);
  if (named === undefined || named === format) return;
  const { title, extensions } = FORMAT_TYPES[format];
  throw new OptionError(`--out ${out}: a model of ${title} is written: let the name end in .${extensions[0]}`);
}
