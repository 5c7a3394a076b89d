import * as v from "valibot";
import { OptionError } from "../errors.ts";
import { checked, fields, finite, parseJson } from "../outside-data.ts";
import type { Edit } from "./edit.ts";

/** A list of edits as a file: JSON with `{schema: 1, edits: [{restructuring, target, options}, …]}`. */
export interface EditList {
  readonly schema: 1;
  /** Name of the model that it was made for: for readers only, a list fits every model with the same layers. */
  readonly model?: string;
  readonly edits: readonly Edit[];
}

export function formatEditList(edits: readonly Edit[], model?: string): string {
  const list: EditList = { schema: 1, ...(model !== undefined && { model }), edits };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

const OPTION = "a number, a text, true or false";

/** 32 hexadecimal digits: names of files are made of it. */
const HASH = /^[0-9a-f]{32}$/;

/** An edit as data. Whether it fits a model is found out when it is applied. */
export const EDIT = fields({
  restructuring: v.pipe(v.string("the id of a restructuring"), v.nonEmpty("the id of a restructuring")),
  target: v.optional(v.string("the name of a layer"), ""),
  entry: v.exactOptional(v.string("the name of a signature or a subgraph")),
  options: v.optional(
    v.record(v.string(), v.union([finite(OPTION), v.string(), v.boolean()], OPTION), `options, each ${OPTION}`),
    {},
  ),
  learned: v.exactOptional(
    v.pipe(v.string("the hash of what it learned"), v.regex(HASH, "the hash of what it learned")),
  ),
});

const LIST = fields({ schema: v.optional(v.literal(1, "1"), 1), edits: v.array(EDIT, "a list of edits") });

/**
 * The edits of a text of `formatEditList`. Whether they fit a model is found out when they are applied.
 * @param file what messages call it
 * @throws {OptionError} saying which part is not what it must be
 */
export function parseEditList(text: string, file: string): readonly Edit[] {
  const refuse = (message: string, cause?: unknown): OptionError => new OptionError(message, { cause });
  const list = parseJson(text, (message, cause) => refuse(`${file}: ${message}`, cause));
  return checked(LIST, list, file, refuse).edits;
}
