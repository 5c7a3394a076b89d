import { OptionError } from "../errors.ts";
import type { EditOptions, OptionValue } from "../restructure/options.ts";

/** One restructuring of one layer, as data: what documents, undo, the command line and backups hold. */
export interface Edit {
  /** Id in the registry. */
  readonly restructuring: string;
  /** Name of a layer of the lifted graph; "" for the whole model. */
  readonly target: string;
  /** Name of the entry that has the layer; left out: of the one that the model is edited at. See `withEntry`. */
  readonly entry?: string;
  /** By option id; what is left out has its default. */
  readonly options: EditOptions;
  /** Hash of the weights that it learned, which stand beside the list: see `training/learned-weights.ts`. */
  readonly learned?: string;
}

/** Characters that part an edit's text, and the escape itself: in targets and values they are written %3A, %2C, %3D, %25. */
const SPECIAL = /[%:,=]/g;

/** `ID:TARGET:k=v,k=v`; the last part only when there are options. */
export function formatEdit({ restructuring, target, options }: Edit): string {
  const pairs = Object.entries(options).map(([key, value]) => `${key}=${escaped(String(value))}`);
  return [restructuring, escaped(target), ...(pairs.length === 0 ? [] : [pairs.join(",")])].join(":");
}

/**
 * The edit that a text of `formatEdit` stands for. A colon in a target or in a value need not be escaped: what stands behind the last
 * colon that only `k=v` follow holds the options.
 * @throws {OptionError} when there is no id
 */
export function parseEdit(text: string): Edit {
  const [restructuring = "", ...rest] = text.split(":");
  if (restructuring === "") throw new OptionError(`edit "${text}": expected ID:TARGET[:k=v,…]`);
  const starts = rest.map((_, index) => index).slice(1);
  const start = starts.findLast((index) => parsePairs(rest.slice(index).join(":")) !== undefined) ?? rest.length;
  const target = rest.slice(0, start).join(":");
  const options = Object.fromEntries(parsePairs(rest.slice(start).join(":")) ?? []);
  return { restructuring, target: unescaped(target), options };
}

function parsePairs(text: string): readonly (readonly [string, OptionValue])[] | undefined {
  const pairs = text.split(",").map((pair) => pair.split("="));
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
