import { FORMATS } from "../formats/formats.ts";
import type { FormatId } from "../model/format.ts";
import { offeredOptions, type OptionSpec } from "../restructure/options.ts";
import { restructuringOf } from "../restructure/registry.ts";

/**
 * What can be set of an edit to a model of a format; undefined: of any.
 * @throws {OptionError} for a restructuring that there is not
 */
export function optionsFor(restructuring: string, format: FormatId | undefined): readonly OptionSpec[] {
  const { options } = restructuringOf(restructuring);
  return format === undefined ? options : offeredOptions(options, FORMATS[format].adapter.features);
}
