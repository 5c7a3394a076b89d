import { ownEntry } from "../own-entry.ts";
import { COLUMNS, type Cell, type Column } from "../columns.ts";
import { DOWNLOAD_COLUMN } from "./download-column.ts";
import { MEASURED_COLUMNS } from "./measured-times.ts";
import { formatShape } from "../format-numbers.ts";
import type { LayerProfile, Totals } from "../profile.ts";
import { parseQuantity } from "../quantity.ts";

/** Tells whether a row passes. */
export type LayerFilter = (layer: LayerProfile, totals: Totals) => boolean;

export type ParsedFilter =
  | { readonly ok: true; readonly filter: LayerFilter }
  | { readonly ok: false; readonly message: string; readonly term: string };

const FILTERED: readonly Column[] = [...COLUMNS, ...MEASURED_COLUMNS, DOWNLOAD_COLUMN];

/** Short names people type, beside the columns' ids. */
const ALIASES: Readonly<Record<string, string>> = {
  params: "parameters",
  mac: "macs",
  ops: "otherOps",
  weights: "weightBytes",
  activations: "activationBytes",
  act: "activationBytes",
  memory: "activationBytes",
  time: "latency",
  module: "path",
  operator: "op",
  type: "dtype",
};

/** Comparisons, the longer first: ">=" is not ">" and "=". */
const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  "=": (a, b) => a === b,
};

/** What a term looks like while it is being typed: nothing behind the comparison, or the second quotation mark missing. */
const UNFINISHED = /^"|^[a-z]+(>=|<=|>|<|=|:)$/i;

const TERM = /(-)?(?:([a-z]+)(>=|<=|>|<|=|:))?(?:"([^"]*)"|(\S+))/giy;

/**
 * Parses what is typed into the filter: terms that must all hold. A word is sought in name, operator, kind, module, shape and notes;
 * `column:text` in one column (exactly, in quotes); `column>10M` compares, with the column's units; `-term` excludes. An unknown cell passes no
 * comparison, except `column=unknown`.
 */
export function parseFilter(text: string): ParsedFilter {
  const filters: LayerFilter[] = [];
  const source = text.trim();
  TERM.lastIndex = 0;
  while (TERM.lastIndex < source.length) {
    const match = TERM.exec(source);
    if (!match) break;
    const [whole, minus, name, operator, quoted, plain] = match;
    const operand = quoted ?? plain ?? "";
    if (quoted === undefined && UNFINISHED.test(operand)) return failure(whole, `${whole} is not finished.`);
    const filter =
      name !== undefined && operator !== undefined
        ? columnFilter(name, operator, operand, quoted !== undefined)
        : textFilter(operand);
    if (typeof filter === "string") return failure(whole, filter);
    filters.push(minus === undefined ? filter : (layer, totals) => !filter(layer, totals));
    while (source[TERM.lastIndex] === " ") TERM.lastIndex += 1;
  }
  return { ok: true, filter: (layer, totals) => filters.every((filter) => filter(layer, totals)) };
}

function failure(term: string, message: string): ParsedFilter {
  return { ok: false, message, term };
}

function columnFilter(name: string, operator: string, operand: string, isExact: boolean): LayerFilter | string {
  const id = ownEntry(ALIASES, name.toLowerCase()) ?? name;
  const column = FILTERED.find((candidate) => candidate.id.toLowerCase() === id.toLowerCase());
  if (!column) return `There is no column "${name}". Columns: ${FILTERED.map((known) => known.id).join(", ")}.`;
  if (operand === "unknown" && (operator === "=" || operator === ":"))
    return (layer, totals) => column.value(layer, totals) === null;
  if (operator === ":" || column.unit === "text") return cellTextFilter(column, operator, operand, isExact);
  const compare = ownEntry(COMPARISONS, operator);
  const bound = parseQuantity(operand, column.unit);
  if (!compare || bound === undefined)
    return `"${operand}" is not an amount of ${column.title}, such as ${EXAMPLES[column.unit]}.`;
  return (layer, totals) => {
    const cell = column.value(layer, totals);
    return typeof cell === "number" && compare(cell, bound);
  };
}

const EXAMPLES: Readonly<Record<Column["unit"], string>> = {
  elements: "10k or 1.5M",
  MACs: "10M or 1.5G",
  operations: "10k or 1.5M",
  rows: "3",
  bytes: "500KB or 4MiB",
  pJ: "20uJ or 1.5mJ",
  s: "50us or 2ms",
  share: "5%",
  ratio: "2",
  text: "text",
};

function cellTextFilter(column: Column, operator: string, operand: string, isExact: boolean): LayerFilter | string {
  if (operator !== ":" && operator !== "=") return `${column.title} is text: ${column.id}:text finds it.`;
  if (column.id === "shape") return shapeFilter(operand, isExact || operator === "=");
  const sought = operand.toLowerCase();
  const cellText = (cell: Cell): string => String(cell ?? "unknown").toLowerCase();
  if (isExact || operator === "=") return (layer, totals) => cellText(column.value(layer, totals)) === sought;
  return (layer, totals) => cellText(column.value(layer, totals)).includes(sought);
}

/** Sizes are whole: 2×128 is in 1×2×128 and not in 12×1280. An x, a * or a comma stands for ×; of several outputs any may have it. */
function shapeFilter(operand: string, isExact: boolean): LayerFilter {
  const sought = shapeText(operand);
  return ({ outputs }) => {
    const shapes = outputs.map(({ shape }) => shapeText(formatShape(shape)));
    return shapes.some((shape) => (isExact ? shape === sought : `×${shape}×`.includes(`×${sought}×`)));
  };
}

/** Between two sizes: an x of a name ("max") is none. */
const TIMES = /(?<=[\d?])\s*[x*,]\s*(?=\S)|\s*[×*,]\s*/g;

function shapeText(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/^\[|\]$/g, "")
    .replaceAll(TIMES, "×");
}

function textFilter(operand: string): LayerFilter {
  const sought = operand.toLowerCase();
  return (layer) => searchedText(layer).includes(sought);
}

function searchedText({ name, op, kind, path, outputs, notes }: LayerProfile): string {
  const shapes = outputs.map(({ shape }) => formatShape(shape));
  // An x typed for × finds shapes too.
  return [name, op, kind, path.join("/"), ...shapes, ...shapes.map((shape) => shape.replaceAll("×", "x")), ...notes]
    .join("\n")
    .toLowerCase();
}
