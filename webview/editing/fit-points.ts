import * as l10n from "@vscode/l10n";
import { parseQuantity } from "../../profiler/quantity.ts";
import { formatCell, type Total, type Unit } from "../../profiler/columns.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import { TOTALS } from "../definitions.ts";
import type { FitPoint } from "../../profiler/editing/fit/fit-point.ts";
import type { FitBudget, SearchWay } from "../protocol/editing.ts";
import { formatError } from "./check-text.ts";

/** What a search can be asked for, in the order of the fields. */
export interface FitGoal {
  readonly id: keyof FitBudget;
  /** The total that it bounds; undefined for what no total tells. */
  readonly total: Total | undefined;
  readonly title: string;
  readonly unit: Unit;
  readonly example: string;
  /** Searches that can keep it. */
  readonly ways: readonly SearchWay[];
}

const LAYERS: readonly SearchWay[] = ["layers"];
const BOTH: readonly SearchWay[] = ["layers", "weights"];

function goal(id: Total["id"] & keyof FitBudget, example: string, ways = LAYERS): FitGoal {
  const total = TOTALS.find((candidate) => candidate.id === id);
  return {
    id,
    total,
    get title(): string {
      return total?.title ?? id;
    },
    unit: total?.unit ?? "rows",
    example,
    ways,
  };
}

export const FIT_GOALS: readonly FitGoal[] = [
  goal("fileBytes", "500 KB", BOTH),
  {
    id: "downloadBytes",
    total: undefined,
    get title(): string {
      return l10n.t("Download, compressed");
    },
    unit: "bytes",
    example: "400 KB",
    ways: ["weights"],
  },
  goal("parameters", "1 M"),
  goal("macs", "100 M"),
  goal("peakMemoryBytes", "10 MB"),
  goal("latencySeconds", "10 ms"),
  {
    id: "lowestAccuracy",
    total: undefined,
    get title(): string {
      return l10n.t("Lowest accuracy");
    },
    unit: "share",
    example: "98 %",
    ways: BOTH,
  },
  {
    id: "largestError",
    total: undefined,
    get title(): string {
      return l10n.t("Largest error");
    },
    unit: "share",
    example: "5 %",
    ways: LAYERS,
  },
];

export function goalsOf(way: SearchWay): readonly FitGoal[] {
  return FIT_GOALS.filter(({ ways }) => ways.includes(way));
}

/** Texts of the fields, by goal; what is not there is free. */
export type FitTexts = Readonly<Partial<Record<keyof FitBudget, string>>>;

/** The amount that a text means; undefined: free; NaN: it is none. */
export function goalAmount({ unit }: FitGoal, text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const amount = parseQuantity(text, unit) ?? Number.NaN;
  const isFine = unit === "share" ? amount >= 0 && amount <= 1 : amount > 0;
  return isFine ? amount : Number.NaN;
}

/** The budget that the texts ask for; null while one of them makes no sense, or none asks for anything. */
export function budgetOf(texts: FitTexts, way: SearchWay = "layers"): FitBudget | null {
  const amounts = goalsOf(way).map((field) => [field.id, goalAmount(field, texts[field.id])] as const);
  const given = amounts.filter(([, amount]) => amount !== undefined);
  if (given.length === 0 || given.some(([, amount]) => Number.isNaN(amount))) return null;
  return Object.fromEntries(given);
}

/** Texts that ask for a budget. */
export function textsOf(budget: FitBudget): FitTexts {
  return Object.fromEntries(Object.entries(budget).map(([id, amount]) => [id, String(amount)]));
}

/** @param isMeasured latencies are those that a device has, and no estimates */
export function goalTitle({ id, title }: FitGoal, isMeasured: boolean): string {
  return isMeasured && id === "latencySeconds" ? l10n.t("Measured latency") : title;
}

/** "Parameters ≤ 15.0 k, Accuracy ≥ 98.0 %" */
export function budgetText(budget: FitBudget, isMeasured = false): string {
  const parts = FIT_GOALS.map((field) => {
    const { id, unit } = field;
    const title = goalTitle(field, isMeasured);
    const amount = budget[id];
    if (amount === undefined) return undefined;
    return id === "lowestAccuracy"
      ? `${l10n.t("Accuracy")} ≥ ${formatShare(amount)}`
      : `${title} ≤ ${formatCell(unit, amount)}`;
  });
  return parts.filter((part) => part !== undefined).join(", ");
}

/** What can stand along the chart: totals that a search makes smaller. */
export const FIT_AXES: readonly Total[] = FIT_GOALS.flatMap(({ total }) => total ?? []);

/** How good a point is: its accuracy where there are labels, else its error. */
export interface PointQuality {
  readonly isAccuracy: boolean;
  /** A share of 1; null where it is not finite. */
  readonly value: number | null;
}

export function qualityOf({ accuracy, maxRelative }: FitPoint): PointQuality {
  return accuracy === null ? { isAccuracy: false, value: maxRelative } : { isAccuracy: true, value: accuracy };
}

/** Positions of the points that no other one beats in cost and in quality, from the cheapest on: the curve of a search. */
export function frontOf(points: readonly FitPoint[], axis: Total): readonly number[] {
  const known = points.flatMap((point, position) => {
    const cost = point.totals[axis.id];
    const { isAccuracy, value } = qualityOf(point);
    return cost === null || value === null ? [] : [{ position, cost, loss: isAccuracy ? -value : value }];
  });
  const front: number[] = [];
  let least = Infinity;
  for (const { position, loss } of known.toSorted((a, b) => a.cost - b.cost || a.loss - b.loss)) {
    if (loss >= least) continue;
    least = loss;
    front.push(position);
  }
  return front;
}

export function qualityText(point: FitPoint): string {
  const { isAccuracy, value } = qualityOf(point);
  return value === null ? "∞" : formatQuality(value, isAccuracy);
}

/** Errors are told apart where shares of them would all be "<0.1 %". */
export function formatQuality(value: number, isAccuracy: boolean): string {
  return isAccuracy ? formatShare(value) : formatError(value);
}

/** "MACs 8.28 M, largest error 12.3 %" */
export function pointText(point: FitPoint, { id, title, unit }: Total): string {
  const { isAccuracy } = qualityOf(point);
  const cost = `${title} ${formatCell(unit, point.totals[id])}`;
  return isAccuracy
    ? l10n.t("{0}, accuracy {1}", cost, qualityText(point))
    : l10n.t("{0}, largest error {1}", cost, qualityText(point));
}

/** How far beyond the most expensive point a budget may be that is still drawn: farther, its line would squeeze the points that it is there for. */
const FARTHEST_LIMIT = 1.5;

/** The most that a budget allows of a total; undefined where it says nothing of it, or ends far from all points. */
export function limitOnChart(budget: FitBudget, axis: Total, points: readonly FitPoint[]): number | undefined {
  const goal = FIT_GOALS.find(({ total }) => total?.id === axis.id);
  const limit = goal && budget[goal.id];
  const mostExpensive = Math.max(0, ...points.map(({ totals }) => totals[axis.id] ?? 0));
  return limit !== undefined && limit <= FARTHEST_LIMIT * mostExpensive ? limit : undefined;
}
