import { formatCell, TOTALS } from "../columns.ts";
import { printable } from "../exports/printable.ts";
import { plainTable } from "../exports/terminal.ts";
import { formatShare } from "../format-numbers.ts";
import { formatDecibels } from "../numeric/decibels.ts";
import type { Totals } from "../profile.ts";
import { formatEdit } from "../editing/edit.ts";
import type {
  AccuracyGuarantee,
  CurvePoint,
  FitBudget,
  FitPoint,
  FitResult,
  SearchRecovery,
} from "../editing/fit/fit-point.ts";
import { aligned } from "./tensor-table.ts";

export interface FitJson extends Omit<FitResult, "points"> {
  readonly schema: 1;
  readonly model: string;
  /** null when nothing was written. */
  readonly file: string | null;
  readonly points: readonly (CurvePoint & { readonly texts: readonly string[] })[];
}

export function fitJson(model: string, out: string, result: FitResult): FitJson {
  const points = result.points.map((point) => ({ ...point, texts: point.edits.map(formatEdit) }));
  return { schema: 1, model, file: result.isMet ? out : null, ...result, points };
}

/**
 * The curve, what it was measured on, and the edits of the model that was taken.
 * @param out the file that it was written to
 */
export function fitReport(result: FitResult, budget: FitBudget, out: string): string {
  const { samples, points, best } = result;
  const chosen = points[best];
  const edits = chosen?.edits.map((edit) => `  --edit ${printable(formatEdit(edit))}`) ?? [];
  const measured =
    samples.fitted > 0
      ? `Weights fitted to ${samples.fitted} samples, errors measured on ${samples.measured} others`
      : `Errors measured on ${samples.measured} samples`;
  const sections = [
    curveTable(result, budget),
    ...(result.device === null ? [] : [`Latencies are measured on ${printable(result.device)}.`]),
    `${measured}: ${printable(samples.description)}.${samples.isRandom ? RANDOM : ""}`,
    ...(result.recovery ? [recoveryText(result.recovery, points)] : []),
    ...(result.guarantee ? [guaranteeText(result.guarantee, budget.lowestAccuracy ?? 0)] : []),
    ...(edits.length > 0 ? [`Edits of model ${best + 1}:\n${edits.join("\n")}`] : []),
    endingText(result, budget, out),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** What was written, or why nothing was. */
function endingText({ isMet, ending, limits }: FitResult, budget: FitBudget, out: string): string {
  const isInterrupted = ending === "cancelled";
  if (isMet)
    return `Wrote ${printable(out)}${isInterrupted ? ", the best that was found until it was interrupted" : ""}`;
  if (isInterrupted) return "Interrupted before a model within the budget was found: nothing was written.";
  const none = "No model within the budget was found: nothing was written.";
  if (limits === undefined) return none;
  const { reasons, leastFileBytes } = limits;
  if (reasons.length > 0) return `${none} Its weights cannot take less: ${reasons.map(printable).join("; ")}.`;
  if (budget.fileBytes === undefined) return none;
  return `${none} The smallest file of all that were tried or predicted has ${formatCell("bytes", leastFileBytes)}.`;
}

/** What training brought, model by model. */
function recoveryText({ models, isMeasuredApart }: SearchRecovery, points: readonly FitPoint[]): string {
  if (models.length === 0) return "Nothing was recovered: no edited model is small enough.";
  const lines = models.map(({ from, to, why }) => {
    const [before, after] = [points[from], to === null ? undefined : points[to]];
    if (!before || !after || to === null) return `Model ${from + 1} was not recovered: ${printable(why ?? "")}.`;
    const changes = [
      `SNR ${formatDecibels(before.error)} → ${formatDecibels(after.error)} dB`,
      ...changeOf("same top 1", before.agreement, after.agreement),
      ...changeOf("right", before.accuracy, after.accuracy),
    ];
    const doubt = after.isWithinBudget ? "" : " It does not keep the budget.";
    return `Model ${to + 1} is model ${from + 1} recovered: ${changes.join(", ")}, on the same samples.${doubt}`;
  });
  const source = isMeasuredApart
    ? "Errors are measured on samples that training did not see."
    : "Training saw the others, and chose the weights to keep by those that errors are measured on: --test-data measures on more.";
  return [...lines, source].join("\n");
}

function changeOf(name: string, before: number | null, after: number | null): readonly string[] {
  return before === null || after === null ? [] : [`${name} ${formatShare(before)} → ${formatShare(after)}`];
}

/** What the samples that only judged show, and what they cannot. */
function guaranteeText({ right, samples, least, isShown, samplesNeeded }: AccuracyGuarantee, asked: number): string {
  const shown = `${right} of ${samples} answers are right on samples that nothing was fitted to or chosen by: with 95 % confidence at least ${formatShare(least)} of all like them (one-sided bound of Clopper and Pearson).`;
  if (isShown) return shown;
  const few = samples < samplesNeeded ? `, even if all are right: it takes ${samplesNeeded}` : "";
  return `${shown}\n${formatShare(asked)} cannot be guaranteed: that many samples do not show it${few}.`;
}

const RANDOM = " They are synthetic: give samples of your own with --data to fit to them.";

/** A model a row; ← marks the one to take, * those that no other one beats. */
function curveTable({ points, best, device }: FitResult, budget: FitBudget): string {
  const isShownTotal = (id: keyof Totals): boolean =>
    ALWAYS.includes(id) || Object.hasOwn(budget, id) || (id === "latencySeconds" && device !== null);
  const costs = TOTALS.filter(({ id }) => isShownTotal(id));
  const titleOf = (id: keyof Totals, title: string): string =>
    id === "latencySeconds" && device !== null ? "Measured latency" : title;
  const hasDownload = points.some(({ downloadBytes }) => downloadBytes !== null);
  const hasAgreement = points.some(({ agreement }) => agreement !== null);
  const hasAccuracy = points.some(({ accuracy }) => accuracy !== null);
  const head = [
    "",
    "Edits",
    ...costs.map(({ id, title }) => titleOf(id, title)),
    "Download",
    "SNR dB",
    "Same top 1",
    "Right",
    "",
  ];
  const rows = points.map((point, index) => [
    `${index + 1}`,
    `${point.edits.length}`,
    ...costs.map(({ id, unit }) => formatCell(unit, point.totals[id])),
    point.downloadBytes === null ? "" : formatCell("bytes", point.downloadBytes),
    formatDecibels(point.error),
    point.agreement === null ? "" : formatShare(point.agreement),
    point.accuracy === null ? "" : formatShare(point.accuracy),
    `${point.isOnParetoFront ? "*" : " "}${index === best ? " ←" : ""}`,
  ]);
  const isShown = (column: number): boolean =>
    (column !== head.length - 5 || hasDownload) &&
    (column !== head.length - 3 || hasAgreement) &&
    (column !== head.length - 2 || hasAccuracy);
  const limits = costs.map(({ id, unit }) => {
    const most = limitOf(budget, id);
    return most === undefined ? "" : `≤ ${formatCell(unit, most)}`;
  });
  const download = budget.downloadBytes === undefined ? "" : `≤ ${formatCell("bytes", budget.downloadBytes)}`;
  const snr = budget.lowestSnr === undefined ? "" : `≥ ${budget.lowestSnr}`;
  const accuracy = budget.lowestAccuracy === undefined ? "" : `≥ ${formatShare(budget.lowestAccuracy)}`;
  const all = [head, ...rows, ["", "", ...limits, download, snr, "", accuracy, ""]];
  const shown = all.map((row) => row.filter((_, column) => isShown(column)));
  return plainTable(shown, [{ align: "right" }, ...aligned(head.length).slice(1)]);
}

/** Shown whatever the budget is. */
const ALWAYS: readonly (keyof Totals)[] = ["parameters", "macs", "fileBytes"];

function limitOf(budget: FitBudget, total: keyof Totals): number | undefined {
  return Object.entries(budget).find(([id]) => id === total)?.[1];
}
