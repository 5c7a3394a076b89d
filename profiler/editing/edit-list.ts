import { describeValue } from "../describe-value.ts";
import { OptionError } from "../errors.ts";
import type { Edit } from "./edit.ts";
import type { EditOptions, OptionValue } from "../restructure/options.ts";

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

/**
 * The edits of a text of `formatEditList`. Whether they fit a model is found out when they are applied.
 * @param file what messages call it
 * @throws {OptionError} saying which part is not what it must be
 */
export function parseEditList(text: string, file: string): readonly Edit[] {
  const list = parseJson(text, file);
  if (!isObject(list) || !Array.isArray(list.edits)) throw new OptionError(`${file}: expected {"edits": […]}`);
  if (list.schema !== undefined && list.schema !== 1)
    throw new OptionError(`${file}: expected a list of schema 1, not ${describeValue(list.schema)}`);
  return list.edits.map((edit: unknown, index) => readEdit(edit, `${file}: edit ${index + 1}`));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OptionError(`${file}: expected JSON`, { cause });
  }
}

/** @param place what messages call it @throws {OptionError} */
export function readEdit(edit: unknown, place: string): Edit {
  if (!isObject(edit)) throw new OptionError(`${place}: expected an object`);
  const { restructuring, target = "", entry, options = {}, learned } = edit;
  if (typeof restructuring !== "string" || restructuring === "")
    throw new OptionError(`${place}: expected the id of a restructuring`);
  if (typeof target !== "string") throw new OptionError(`${place}: expected the name of a layer as its target`);
  if (entry !== undefined && typeof entry !== "string")
    throw new OptionError(`${place}: expected the name of a signature or a subgraph as its entry`);
  if (!isOptions(options)) throw new OptionError(`${place}: expected options that are numbers, texts, true or false`);
  if (learned !== undefined && (typeof learned !== "string" || !HASH.test(learned)))
    throw new OptionError(`${place}: expected the hash of what it learned`);
  return {
    restructuring,
    target,
    ...(entry !== undefined && { entry }),
    options,
    ...(learned !== undefined && { learned }),
  };
}

/** 32 hexadecimal digits: names of files are made of it. */
const HASH = /^[0-9a-f]{32}$/;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOptions(value: unknown): value is EditOptions {
  const isOption = (option: unknown): option is OptionValue => ["number", "string", "boolean"].includes(typeof option);
  return isObject(value) && Object.values(value).every(isOption);
}
