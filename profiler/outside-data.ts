import * as v from "valibot";
import type { EdgewiseError } from "./errors.ts";

/** Checks of data from outside (files, settings, answers of programs) against schemas of valibot, with the project's own wording. */

/** Makes the error of the caller's kind. */
export type Refuse = (message: string, cause?: unknown) => EdgewiseError;

/** Characters: a message names the value, it does not hold it. */
const LONGEST = 100;

/** "expected" in messages: what a field should have held, in words. */
export const text = v.pipe(
  v.string("a text"),
  v.check((value) => value.trim() !== "", "a text"),
);
export const finite = (expected = "a number"): v.GenericSchema<number> =>
  v.pipe(v.number(expected), v.finite(expected));
export const positive = v.pipe(
  v.number("a number above 0"),
  v.finite("a number above 0"),
  v.check((value) => value > 0, "a number above 0"),
);
export const notNegative = v.pipe(
  v.number("a number of at least 0"),
  v.finite("a number of at least 0"),
  v.minValue(0, "a number of at least 0"),
);
/** A count or a size in elements or bytes. */
export const size = v.pipe(
  v.number("a whole number"),
  v.safeInteger("a whole number"),
  v.minValue(0, "a whole number"),
);

/** An object with these fields, and maybe others, which are left out. A field that is missing is told of by what it should have held. */
export function fields<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.ObjectSchema<Entries, v.ErrorMessage<v.ObjectIssue>> {
  return v.object(entries, (issue) => {
    const missing = issue.path?.at(-1)?.key;
    const message = Object.entries(entries).find(([name]) => name === missing)?.[1];
    return message !== undefined && "message" in message && typeof message.message === "string"
      ? message.message
      : "an object";
  });
}

/** A list, with what fits in it. */
export function fittingItems<const Item extends v.GenericSchema>(
  item: Item,
): v.GenericSchema<unknown, readonly v.InferOutput<Item>[]> {
  return v.pipe(
    v.array(v.unknown()),
    v.transform((list) =>
      list.flatMap((each): readonly v.InferOutput<Item>[] => {
        const { success, output } = v.safeParse(item, each);
        return success ? [output] : [];
      }),
    ),
  );
}

/** The same; an empty one for what is no list. */
export function listOf<const Item extends v.GenericSchema>(
  item: Item,
): v.GenericSchema<unknown, readonly v.InferOutput<Item>[]> & { readonly fallback: readonly never[] } {
  return v.fallback(fittingItems(item), []);
}

/** @throws what `refuse` makes, when the text is no JSON */
export function parseJson(json: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw refuse("it is not JSON", cause);
  }
}

/** The value of a JSON text, or undefined when it is no JSON or does not fit. */
export function jsonOf<Schema extends v.GenericSchema>(
  schema: Schema,
  json: string,
): v.InferOutput<Schema> | undefined {
  try {
    return fitting(schema, JSON.parse(json));
  } catch {
    return undefined;
  }
}

export function fitting<Schema extends v.GenericSchema>(
  schema: Schema,
  data: unknown,
): v.InferOutput<Schema> | undefined {
  const { success, output } = v.safeParse(schema, data);
  return success ? output : undefined;
}

/**
 * @param where what a message calls the data: a field's path is put behind it
 * @throws what `refuse` makes: "WHERE: field must be EXPECTED, but it is VALUE"
 */
export function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  data: unknown,
  where: string,
  refuse: Refuse,
): v.InferOutput<Schema> {
  // To valibot a list is an object too (1.5.0): where all fields may be left out it would pass for one.
  if (Array.isArray(data) && schema.type === "object")
    throw refuse(`${where} must be an object, but it is ${describeValue(data)}`);
  const { success, output, issues } = v.safeParse(schema, data, { abortEarly: true });
  if (success) return output;
  const [issue] = issues;
  const path = issue.path?.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const place = path ? `${where}: ${path.replace(/^\./, "")}` : where;
  const value: unknown = issue.input;
  const given = value === undefined ? "it is missing" : `it is ${describeValue(value)}`;
  throw refuse(`${place} must be ${issue.message}, but ${given}`);
}

/** What is not a word is only said to be a list or an object, however deep and long it is. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
