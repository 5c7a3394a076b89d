import { OptionError } from "../errors.ts";

/** One restructuring of one layer, as data: what documents, undo, the command line and backups hold. */
export interface Edit {
  /** Id in the registry. */
  readonly restructuring: string;
  /** Name of a layer of the lifted graph; "" for the whole model. */
  readonly target: string;
  /** By option id; what is left out has its default. */
  readonly options: EditOptions;
}

export type OptionValue = number | string | boolean;
export type EditOptions = Readonly<Record<string, OptionValue>>;

/** An option of a restructuring: command line, page and documentation are made from this. */
export type OptionSpec = {
  /** As in `k=v`. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit?: string;
} & (
  | {
      readonly type: "number" | "integer";
      /** Without a default the option may be left out, and the restructuring decides by the others. */
      readonly default?: number;
      readonly minimum?: number;
      readonly maximum?: number;
    }
  | { readonly type: "boolean"; readonly default: boolean }
  | { readonly type: "choice"; readonly choices: readonly Choice[]; readonly default: string }
);

export interface Choice {
  readonly value: string;
  readonly title: string;
}

/** Characters that part an edit's text, and the escape itself: in targets and values they are written %3A, %2C, %3D, %25. */
const SPECIAL = /[%:,=]/g;

/** `ID:TARGET:k=v,k=v`; the last part only when there are options. */
export function formatEdit({ restructuring, target, options }: Edit): string {
  const pairs = Object.entries(options).map(([key, value]) => `${key}=${escaped(String(value))}`);
  return [restructuring, escaped(target), ...(pairs.length === 0 ? [] : [pairs.join(",")])].join(":");
}

/**
 * The edit that a text of `formatEdit` stands for. A colon in a target need not be escaped while no option part can be meant: the
 * last part holds options only when each of its pieces is `k=v`.
 * @throws {OptionError} when there is no id
 */
export function parseEdit(text: string): Edit {
  const [restructuring = "", ...rest] = text.split(":");
  if (restructuring === "") throw new OptionError(`edit "${text}": expected ID:TARGET[:k=v,…]`);
  const last = rest.at(-1);
  const pairs = rest.length > 1 && last !== undefined ? parsePairs(last) : undefined;
  const target = (pairs ? rest.slice(0, -1) : rest).join(":");
  return { restructuring, target: unescaped(target), options: Object.fromEntries(pairs ?? []) };
}

/**
 * Options with the defaults of those left out, each checked.
 * @throws {OptionError} for an unknown option or a value that does not fit
 */
export function completeOptions(specs: readonly OptionSpec[], given: EditOptions): EditOptions {
  const known = new Set(specs.map(({ id }) => id));
  const unknown = Object.keys(given).find((id) => !known.has(id));
  if (unknown !== undefined) {
    const names = known.size === 0 ? "there are none" : [...known].join(", ");
    throw new OptionError(`option "${unknown}" is not known: ${names}`);
  }
  return Object.fromEntries(
    specs.flatMap((spec): readonly (readonly [string, OptionValue])[] => {
      const value = given[spec.id] ?? spec.default;
      return value === undefined ? [] : [[spec.id, checked(spec, value)]];
    }),
  );
}

function checked(spec: OptionSpec, value: OptionValue): OptionValue {
  const fault = faultOf(spec, value);
  if (fault === undefined) return value;
  throw new OptionError(`option "${spec.id}" must be ${fault}, not "${String(value)}"`);
}

/** What the value should have been; undefined when it is that. */
function faultOf(spec: OptionSpec, value: OptionValue): string | undefined {
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "true or false";
    case "choice": {
      const values = spec.choices.map((choice) => choice.value);
      return values.includes(String(value)) ? undefined : `one of ${values.join(", ")}`;
    }
    case "number":
    case "integer": {
      const { minimum = -Infinity, maximum = Infinity } = spec;
      const isKind = spec.type === "integer" ? Number.isInteger(value) : Number.isFinite(value);
      if (isKind && Number(value) >= minimum && Number(value) <= maximum) return undefined;
      const from = minimum === -Infinity ? [] : [`from ${minimum}`];
      const to = maximum === Infinity ? [] : [`to ${maximum}`];
      return [spec.type === "integer" ? "a whole number" : "a number", ...from, ...to].join(" ");
    }
  }
}

function parsePairs(text: string): readonly (readonly [string, OptionValue])[] | undefined {
  const pairs = text.split(",").map((piece) => piece.split("="));
  if (!pairs.every(({ length, 0: key }) => length === 2 && key !== "")) return undefined;
  return pairs.map(([key = "", value = ""]) => [key, typed(unescaped(value))]);
}

function typed(text: string): OptionValue {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function escaped(text: string): string {
  return text.replace(SPECIAL, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unescaped(text: string): string {
  return text.replace(/%(25|2C|3A|3D)/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
