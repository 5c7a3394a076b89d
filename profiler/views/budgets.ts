import type { Unit } from "../columns.ts";
import { formatCell } from "../columns.ts";
import { formatShare } from "../format-numbers.ts";
import type { Totals } from "../profile.ts";
import { parseQuantity } from "../quantity.ts";

/** What a user may spend. Each is a setting `edgewise.budgets.ID`: a quantity as people type it; an empty one is no budget. */
export interface Budget {
  readonly id: BudgetId;
  readonly title: string;
  readonly unit: BudgetUnit;
  /** In force until the user sets another. */
  readonly initial: string;
  /** What the amount stands for, in one sentence. */
  readonly reason: string;
  /** Amounts that are asked for often, offered beside the field. */
  readonly presets: readonly { readonly text: string; readonly meaning: string }[];
}

export type BudgetId =
  | "parameters"
  | "download"
  | "update"
  | "macs"
  | "peakMemory"
  | "energyPerHour"
  | "rate"
  | "response";

/** "rate": inferences per second. */
export type BudgetUnit = Unit | "rate";

/** Budgets as the user wrote them. */
export type BudgetTexts = Readonly<Record<BudgetId, string>>;

/** A phone's battery: 4,000 mAh at 3.85 V, in picojoules. */
const BATTERY = 55.4e15;

export const BUDGETS: readonly Budget[] = [
  {
    id: "parameters",
    title: "Parameters",
    unit: "elements",
    initial: "",
    reason: "Parameters that the model may have.",
    presets: [],
  },
  {
    id: "download",
    title: "Download",
    unit: "bytes",
    initial: "100 MB",
    reason: "The file a user downloads: app stores hold larger downloads back on mobile data.",
    presets: [{ text: "100 MB", meaning: "app store, on mobile data" }],
  },
  {
    id: "update",
    title: "Update",
    unit: "bytes",
    initial: "500 KB",
    reason: "The file as an update that nobody should notice.",
    presets: [{ text: "500 KB", meaning: "update over the air" }],
  },
  {
    id: "macs",
    title: "MACs",
    unit: "MACs",
    initial: "600 M",
    reason: "The “mobile setting” of the literature since MobileNet: 600 million multiply-accumulates an image.",
    presets: [{ text: "600 M", meaning: "the mobile setting of the literature" }],
  },
  {
    id: "peakMemory",
    title: "Peak memory",
    unit: "bytes",
    initial: "256 MB",
    reason: "Memory for activations: about the heap that Android grants an app.",
    presets: [
      { text: "256 MB", meaning: "an Android app’s heap" },
      { text: "256 KB", meaning: "a microcontroller" },
    ],
  },
  {
    id: "energyPerHour",
    title: "Energy per hour",
    unit: "pJ",
    initial: "2.77 kJ",
    reason: "5 % of a phone’s battery of 15.4 Wh (55.4 kJ) in each hour.",
    presets: [
      { text: "2.77 kJ", meaning: "5 % of a phone’s battery an hour" },
      { text: "554 J", meaning: "1 % of a phone’s battery an hour" },
    ],
  },
  {
    id: "rate",
    title: "Rate",
    unit: "rate",
    initial: "30",
    reason: "Inferences per second: 30 for every frame of a camera.",
    presets: [
      { text: "30", meaning: "every frame of a camera" },
      { text: "60", meaning: "every frame of a screen" },
      { text: "1", meaning: "once a second" },
    ],
  },
  {
    id: "response",
    title: "Response",
    unit: "s",
    initial: "0.1 s",
    reason: "How long a user may wait for an answer.",
    presets: [
      { text: "0.1 s", meaning: "feels instant" },
      { text: "1 s", meaning: "keeps the flow of thought" },
      { text: "10 s", meaning: "keeps the attention" },
    ],
  },
];

export const INITIAL_BUDGETS = Object.fromEntries(BUDGETS.map(({ id, initial }) => [id, initial])) as BudgetTexts;

/** Whether a text is a budget of this kind: a quantity above 0, or nothing. */
export function isBudgetText({ unit }: Budget, text: string): boolean {
  return text.trim() === "" || amountOf(unit, text) !== null;
}

/** The amount of a budget; null for none, and for a text that makes no sense. */
export function budgetAmount(budget: Budget, texts: BudgetTexts): number | null {
  return amountOf(budget.unit, texts[budget.id]);
}

/** A lower bound below this part of a budget, which reads as 0.0 %, tells nothing. */
const LEAST_SHARE = 0.0005;

/** How a value stands to its budget. */
export interface Verdict {
  /** "unknown": the value is, or it may be more than is known. */
  readonly kind: "within" | "over" | "unknown";
  /** Of the budget: "38.0 %", "2.3×"; empty when too little of the value is known to say. */
  readonly part: string;
  /** The same as a number, at least; 0 when too little is known to say. */
  readonly ratio: number;
  /** The part may be larger. */
  readonly isAtLeast: boolean;
  /** By how much the budget is exceeded, "130 MB"; empty when it is not. */
  readonly excess: string;
}

/**
 * @param value null when it is unknown
 * @param isLowerBound the value may be more: then it can be over its budget for certain, but not within
 */
export function judge(value: number | null, amount: number, unit: Unit, isLowerBound = false): Verdict {
  const unknown = { kind: "unknown", part: "", ratio: 0, isAtLeast: false, excess: "" } as const;
  if (value === null) return unknown;
  const ratio = value / amount;
  if (isLowerBound && ratio < LEAST_SHARE) return unknown;
  const part = ratio >= 1.995 ? timesText(ratio) : formatShare(ratio);
  const isOver = ratio > 1;
  return {
    kind: isOver ? "over" : isLowerBound ? "unknown" : "within",
    part,
    ratio,
    isAtLeast: isLowerBound,
    excess: isOver ? formatCell(unit, value - amount) : "",
  };
}

/** The total that each budget bounds, directly or through a rate. */
export const BUDGETED_TOTALS = {
  parameters: "parameters",
  download: "fileBytes",
  update: "fileBytes",
  macs: "macs",
  peakMemory: "peakMemoryBytes",
  energyPerHour: "energyPicojoules",
  rate: "latencySeconds",
  response: "latencySeconds",
} as const satisfies Readonly<Record<BudgetId, keyof Totals>>;

/**
 * The most that a budget leaves to its total in one inference (bytes, MACs, seconds, picojoules); null without a budget. A rate leaves each
 * inference its part of a second, and energy an hour is shared by the inferences of an hour.
 */
export function mostOf(id: BudgetId, texts: BudgetTexts): number | null {
  const amount = amountFor(id, texts);
  if (amount === null) return null;
  if (id === "rate") return 1 / amount;
  if (id !== "energyPerHour") return amount;
  const rate = amountFor("rate", texts);
  return rate === null ? null : amount / (rate * SECONDS_AN_HOUR);
}

/** How a model stands to one of the budgets; null without that budget. @param isLowerBound the budget's total may be more */
export function judgeBudget(id: BudgetId, totals: Totals, texts: BudgetTexts, isLowerBound = false): Verdict | null {
  const most = mostOf(id, texts);
  if (most === null) return null;
  if (id === "energyPerHour") {
    const rate = amountFor("rate", texts) ?? 1;
    return judge(energyPerHour(totals, rate), most * rate * SECONDS_AN_HOUR, "pJ", isLowerBound);
  }
  const unit = BUDGETS.find((budget) => budget.id === id)?.unit;
  return judge(totals[BUDGETED_TOTALS[id]], most, unit === undefined || unit === "rate" ? "s" : unit, isLowerBound);
}

/** The amount of the budget of that name; null for none. */
export function amountFor(id: BudgetId, texts: BudgetTexts): number | null {
  const budget = BUDGETS.find((candidate) => candidate.id === id);
  return budget ? budgetAmount(budget, texts) : null;
}

const SECONDS_AN_HOUR = 3600;

/** Energy of an hour at a rate, in picojoules. */
export function energyPerHour({ energyPicojoules }: Totals, rate: number): number {
  return energyPicojoules * rate * SECONDS_AN_HOUR;
}

/** Part of a phone's battery of 15.4 Wh. */
export function partOfBattery(picojoules: number): number {
  return picojoules / BATTERY;
}

function amountOf(unit: BudgetUnit, text: string): number | null {
  const amount = parseQuantity(
    unit === "rate" ? text.replace(/\s*(\/s|fps|hz|per second)$/i, "") : text,
    unit === "rate" ? "elements" : unit,
  );
  return amount !== undefined && amount > 0 ? amount : null;
}

/** "2.3×", "12×", "3,400×" */
function timesText(ratio: number): string {
  return ratio < 9.95 ? `${ratio.toFixed(1)}×` : `${Math.round(ratio).toLocaleString("en-US")}×`;
}
