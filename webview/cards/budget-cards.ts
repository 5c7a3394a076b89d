import * as l10n from "@vscode/l10n";
import { formatCell, type Total } from "../../profiler/columns.ts";
import { formatCount, formatEnergy, formatShare } from "../../profiler/format-numbers.ts";
import type { Totals } from "../../profiler/profile.ts";
import {
  amountFor,
  BUDGETS,
  energyPerHour,
  judgeBudget,
  partOfBattery,
  type Budget,
  type BudgetId,
  type BudgetTexts,
  type Verdict,
} from "../../profiler/views/budgets.ts";
import { totalOf } from "../definitions.ts";
import { overText } from "./over-text.ts";

/** A total with what it means for its budgets: what a card shows. */
export interface BudgetCard {
  readonly total: Total;
  /** null: unknown, as is a sum of which no part is known. */
  readonly value: number | null;
  readonly isLowerBound: boolean;
  /** What follows from the total, in a line. */
  readonly remark: string | null;
  readonly lines: readonly BudgetLine[];
}

export interface BudgetLine {
  readonly budget: Budget;
  /** As the user wrote it; empty for none. */
  readonly text: string;
  /** null without a budget. */
  readonly verdict: Verdict | null;
  /** By how much it is missed, in words; null where it is not. */
  readonly overText: string | null;
}

/** Totals with the budgets that they are held against. */
const CARDS: readonly (readonly [total: Total["id"], ...budgets: readonly BudgetId[]])[] = [
  ["parameters", "parameters"],
  ["fileBytes", "download", "update"],
  ["macs", "macs"],
  ["peakMemoryBytes", "peakMemory"],
  ["energyPicojoules", "energyPerHour"],
  ["latencySeconds", "rate", "response"],
];

/** @param incomplete totals that are lower bounds */
export function budgetCards(
  totals: Totals,
  incomplete: ReadonlySet<Total["id"]>,
  texts: BudgetTexts,
): readonly BudgetCard[] {
  const rate = amountFor("rate", texts);
  return CARDS.flatMap(([id, ...budgets]) => {
    const total = totalOf(id);
    if (!total) return [];
    const isLowerBound = incomplete.has(id);
    return [
      {
        total,
        value: isLowerBound && totals[id] === 0 ? null : totals[id],
        isLowerBound: isLowerBound && totals[id] !== 0,
        remark: REMARKS[id]?.(totals, rate, isLowerBound) ?? null,
        lines: budgets.flatMap((budget) => lineOf(budget, totals, isLowerBound, texts)),
      },
    ];
  });
}

/** Sentences that a total alone does not say. */
const REMARKS: Partial<
  Record<Total["id"], (totals: Totals, rate: number | null, isLowerBound: boolean) => string | null>
> = {
  energyPicojoules: (totals, rate, isLowerBound) => {
    if (rate === null || (isLowerBound && totals.energyPicojoules === 0)) return null;
    const hour = energyPerHour(totals, rate);
    return l10n.t(
      "{0} an hour at {1} fps, {2} of a phone’s battery",
      isLowerBound ? `≥ ${formatEnergy(hour)}` : formatEnergy(hour),
      formatCount(rate),
      isLowerBound ? l10n.t("at least {0}", formatShare(partOfBattery(hour))) : formatShare(partOfBattery(hour)),
    );
  },
  latencySeconds: ({ latencySeconds }, _rate, isLowerBound) => {
    if (latencySeconds <= 0) return null;
    const rate = formatCount(1 / latencySeconds);
    return isLowerBound ? l10n.t("at most {0} fps", rate) : l10n.t("{0} fps", rate);
  },
};

function lineOf(id: BudgetId, totals: Totals, isLowerBound: boolean, texts: BudgetTexts): readonly BudgetLine[] {
  const budget = BUDGETS.find((candidate) => candidate.id === id);
  if (!budget) return [];
  const verdict = judgeBudget(id, totals, texts, isLowerBound);
  const text = texts[id].trim();
  return [{ budget, text, verdict, overText: verdict?.kind === "over" ? overText(id, verdict, totals, texts) : null }];
}

/** What matters most first. */
const VERDICTS: readonly Verdict["kind"][] = ["over", "unknown", "within"];

/** Of several budgets of one total; undefined without any. */
export function worstVerdict(lines: readonly BudgetLine[]): Verdict | undefined {
  const verdicts = lines.flatMap(({ verdict }) => verdict ?? []).toSorted((a, b) => b.ratio - a.ratio);
  return VERDICTS.flatMap((kind) => verdicts.find((verdict) => verdict.kind === kind) ?? [])[0];
}

/** What a line says: "44.7 % of 100 MB download", "130 KB over the 500 KB update limit". */
export function lineText(line: BudgetLine): string {
  const { verdict, text, overText } = line;
  if (overText !== null) return overText;
  if (text === "") return l10n.t("no budget");
  const limit = limitText(line);
  if (!verdict) return limit;
  if (verdict.part === "") return l10n.t("unknown against {0}", limit);
  return l10n.t("{0} of {1}", partText(verdict), limit);
}

/** "38.0 %", "at least 38.0 %" */
export function partText({ part, isAtLeast }: Verdict): string {
  return isAtLeast ? l10n.t("at least {0}", part) : part;
}

/** The budget with what it is for. */
function limitText({ budget, text }: BudgetLine): string {
  switch (budget.id) {
    case "download":
      return l10n.t("{0} download", text);
    case "update":
      return l10n.t("{0} update", text);
    case "energyPerHour":
      return l10n.t("{0} an hour", text);
    case "rate":
      return /^[\d.]+$/.test(text) ? l10n.t("the time at {0} fps", text) : l10n.t("the time at {0}", text);
    case "response":
      return l10n.t("{0} response", text);
    case "parameters":
    case "macs":
    case "peakMemory":
      return text;
  }
}

/** The total's digits and its unit. */
export function valueParts({ total, value }: BudgetCard): readonly [digits: string, unit: string | undefined] {
  const [digits = "", unit] = formatCell(total.unit, value).split(" ");
  return [digits, unit];
}
