import { COLUMNS, formatCell, formatTotal, TOTALS, type Column } from "../columns.ts";
import { formatShape, formatShare } from "../format-numbers.ts";
import type { LayerProfile, Profile } from "../profile.ts";
import { compareProfiles, type ComparedRow } from "../views/compare-profiles.ts";
import { escape, row } from "./markdown-text.ts";
import { shorten } from "./printable.ts";
import { isBookkeeping } from "./summary.ts";

/** How far the answers of two models are apart, as texts. */
export interface ComparedAnswers {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly remarks: readonly string[];
  /** What both models were asked. */
  readonly samples: string;
}

/** A comment on a pull request is read, not searched: more rows than these are counted. */
const LISTED_ROWS = 20;

/** Characters of a name that leave room for the numbers. */
const NAME_ROOM = 48;

const ARROW = " → ";

/** Costs that rows differ in, and that are shown of them. */
const MEASURES: readonly Column[] = COLUMNS.filter(({ id }) => ["macs", "weightBytes", "latency"].includes(id));

/** What a change of a model costs: for a pull request. */
export function comparisonMarkdown(before: Profile, after: Profile, answers?: ComparedAnswers): string {
  const files = before.file === after.file ? [after.file] : [before.file, after.file];
  const lines = [
    `### ${files.map(escape).join(" → ")}`,
    "",
    row(["", "Before", "After", "Change"]),
    row(["---", "---:", "---:", "---:"]),
    ...TOTALS.filter(({ id }) => id !== "unknownRows" || before.totals[id] + after.totals[id] > 0).map((total) =>
      row([
        escape(total.title),
        escape(formatTotal(total, before)),
        escape(formatTotal(total, after)),
        changeText(before.totals[total.id], after.totals[total.id]),
      ]),
    ),
    "",
    `Estimates are for the hardware profile ${escape(after.hardware)}.`,
    ...rowLines(before, after),
    ...(answers === undefined ? [] : answerLines(answers)),
  ];
  return `${lines.join("\n")}\n`;
}

/** "−25 %"; nothing where there is no part to speak of. */
export function changeText(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0 || before === after) return "";
  const change = after / before - 1;
  const share = formatShare(Math.abs(change));
  return share.startsWith("<") ? share : `${change < 0 ? "−" : "+"}${share}`;
}

function rowLines(before: Profile, after: Profile): readonly string[] {
  const rows = compareProfiles(before, after).rows.filter(
    (pair) => ![pair.before, pair.after].every((layer) => layer === null || isBookkeeping(layer)),
  );
  const largest = largestOf(before);
  const different = rows
    .map((pair) => ({
      pair,
      costs: MEASURES.map((column) =>
        both(pair, (layer) => formatCell(column.unit, numberOf(column, layer, layer === pair.before ? before : after))),
      ),
      weight: weightOf(pair, before, after, largest),
    }))
    // What rounding hides is no news.
    .filter(({ costs }) => costs.some((text) => text.includes(ARROW)))
    .sort((a, b) => b.weight - a.weight);
  if (different.length === 0) return ["", "No layer costs more or less than before."];
  const counted = `${different.length} of ${rows.length} layers cost more or less than before`;
  const more = different.length - LISTED_ROWS;
  return [
    "",
    more > 0 ? `${counted}; those that differ most:` : `${counted}:`,
    "",
    row(["Layer", "Operator", "Output shape", ...MEASURES.map(({ title }) => title)]),
    row(["---", "---", "---", ...MEASURES.map(() => "---:")]),
    ...different
      .slice(0, LISTED_ROWS)
      .map(({ pair, costs }) =>
        row([
          both(pair, ({ name }) => shorten(name, NAME_ROOM)),
          both(pair, ({ op }) => op),
          both(pair, ({ outputs: [output] }) => (output ? formatShape(output.shape) : "")),
          ...costs,
        ]),
      ),
    ...(more > 0 ? ["", `… and ${more} more.`] : []),
  ];
}

/** Of each measure the most that one layer costs. */
function largestOf({ layers, totals }: Profile): readonly number[] {
  return MEASURES.map((column) => Math.max(1e-12, ...layers.map((layer) => numberOf(column, layer, { totals }) ?? 0)));
}

/** The largest change, as a part of the most that a layer costs; 0 where no measure changed. */
function weightOf(pair: ComparedRow, before: Profile, after: Profile, largest: readonly number[]): number {
  const parts = MEASURES.map((column, index) => {
    const old = pair.before && numberOf(column, pair.before, before);
    const now = pair.after && numberOf(column, pair.after, after);
    if ((old ?? 0) === (now ?? 0)) return 0;
    return Math.max(Number.MIN_VALUE, Math.abs((now ?? 0) - (old ?? 0)) / (largest[index] ?? 1));
  });
  return Math.max(...parts);
}

function numberOf(column: Column, layer: LayerProfile, { totals }: Pick<Profile, "totals">): number | null {
  const value = column.value(layer, totals);
  return typeof value === "number" ? value : null;
}

/** "1.8 M", "1.8 M → 900 k", "1.8 M → –" for a layer that is gone. */
function both({ before, after }: ComparedRow, text: (layer: LayerProfile) => string): string {
  const [old, now] = [before, after].map((layer) => (layer ? escape(text(layer)) : "–"));
  return old === now ? (now ?? "") : `${old ?? ""}${ARROW}${now ?? ""}`;
}

function answerLines({ titles, rows, remarks, samples }: ComparedAnswers): readonly string[] {
  return [
    "",
    `Answers to ${escape(samples)}`,
    ...(rows.length === 0
      ? []
      : ["", row(titles.map(escape)), row(titles.map((_, index) => (index === 0 ? "---" : "---:")))]),
    ...rows.map((texts) => row(texts.map(escape))),
    ...remarks.flatMap((remark) => ["", escape(remark)]),
  ];
}
