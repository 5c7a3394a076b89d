import * as l10n from "@vscode/l10n";
import { formatCell, type Total } from "../../profiler/columns.ts";
import { formatCount, formatEnergy, formatShare } from "../../profiler/format-numbers.ts";
import type { Totals } from "../../profiler/profile.ts";
import {
  budgetAmount,
  BUDGETS,
  energyPerHour,
  judge,
  partOfBattery,
  type Budget,
  type BudgetId,
  type BudgetTexts,
  type Verdict,
} from "../../profiler/views/budgets.ts";
import { totalOf } from "../definitions.ts";

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
  const rate = amount("rate", texts);
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
      "{0} an hour at {1}/s, {2} of a phone’s battery",
      isLowerBound ? `≥ ${formatEnergy(hour)}` : formatEnergy(hour),
      formatCount(rate),
      isLowerBound ? l10n.t("at least {0}", formatShare(partOfBattery(hour))) : formatShare(partOfBattery(hour)),
    );
  },
  latencySeconds: ({ latencySeconds }, _rate, isLowerBound) => {
    if (latencySeconds <= 0) return null;
    const rate = formatCount(1 / latencySeconds);
    return isLowerBound ? l10n.t("allows {0} a second at most", rate) : l10n.t("allows {0} a second", rate);
  },
};

function lineOf(id: BudgetId, totals: Totals, isLowerBound: boolean, texts: BudgetTexts): readonly BudgetLine[] {
  const budget = BUDGETS.find((candidate) => candidate.id === id);
  if (!budget) return [];
  const limit = budgetAmount(budget, texts);
  return [
    {
      budget,
      text: texts[id].trim(),
      verdict: limit === null ? null : verdictOf(budget, limit, totals, isLowerBound, texts),
    },
  ];
}

/** What matters most first. */
const VERDICTS: readonly Verdict["kind"][] = ["over", "unknown", "within"];

/** Of several budgets of one total; undefined without any. */
export function worstVerdict(lines: readonly BudgetLine[]): Verdict | undefined {
  const verdicts = lines.flatMap(({ verdict }) => verdict ?? []);
  return VERDICTS.flatMap((kind) => verdicts.find((verdict) => verdict.kind === kind) ?? [])[0];
}

function verdictOf(
  { id }: Budget,
  limit: number,
  totals: Totals,
  isLowerBound: boolean,
  texts: BudgetTexts,
): Verdict | null {
  switch (id) {
    // A rate leaves each inference its part of a second.
    case "rate":
      return judge(totals.latencySeconds, 1 / limit, "s", isLowerBound);
    case "response":
      return judge(totals.latencySeconds, limit, "s", isLowerBound);
    case "energyPerHour": {
      const rate = amount("rate", texts);
      return rate === null ? null : judge(energyPerHour(totals, rate), limit, "pJ", isLowerBound);
    }
    case "download":
    case "update":
      return judge(totals.fileBytes, limit, "bytes", isLowerBound);
    case "peakMemory":
      return judge(totals.peakMemoryBytes, limit, "bytes", isLowerBound);
    case "parameters":
      return judge(totals.parameters, limit, "elements", isLowerBound);
    case "macs":
      return judge(totals.macs, limit, "MACs", isLowerBound);
  }
}

function amount(id: BudgetId, texts: BudgetTexts): number | null {
  const budget = BUDGETS.find((candidate) => candidate.id === id);
  return budget ? budgetAmount(budget, texts) : null;
}

/** What a line says: "44.7 % of 100 MB download", "2.4× of 500 KB update, 130 KB over". */
export function lineText(line: BudgetLine): string {
  const { verdict, text } = line;
  if (text === "") return l10n.t("no budget");
  const limit = limitText(line);
  if (!verdict) return limit;
  if (verdict.part === "") return l10n.t("unknown against {0}", limit);
  const part = l10n.t("{0} of {1}", partText(verdict), limit);
  return verdict.excess === "" ? part : l10n.t("{0}, {1} over", part, verdict.excess);
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
      return /^[\d.]+$/.test(text) ? l10n.t("the time at {0}/s", text) : l10n.t("the time at {0}", text);
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
