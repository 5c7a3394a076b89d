import { totalOf } from "../columns.ts";
import type { BudgetedTotal } from "../editing/fit/fit-point.ts";
import type { Totals } from "../profile.ts";
import { parseBytes, parseCount } from "./quantities.ts";

/** A limit that a total is held against, as an option of a command. */
export interface Limit {
  readonly option: "maxParameters" | "maxMacs" | "maxPeakMemory" | "maxFileSize";
  readonly flags: string;
  readonly total: Exclude<BudgetedTotal, "latencySeconds">;
  readonly parse: (text: string) => number;
}

export const LIMITS: readonly Limit[] = [
  { option: "maxParameters", flags: "--max-parameters <count>", total: "parameters", parse: parseCount },
  { option: "maxMacs", flags: "--max-macs <count>", total: "macs", parse: parseCount },
  { option: "maxPeakMemory", flags: "--max-peak-memory <bytes>", total: "peakMemoryBytes", parse: parseBytes },
  { option: "maxFileSize", flags: "--max-file-size <bytes>", total: "fileBytes", parse: parseBytes },
];

/** What an option that limits a total says: "upper limit for the peak memory", but "for the MACs". */
export function describeLimit(total: keyof Totals): string {
  return `upper limit for the ${titleOf(total).replace(/^\p{Lu}(?=\p{Ll})/u, (letter) => letter.toLowerCase())}`;
}

export function titleOf(total: keyof Totals): string {
  return totalOf(total)?.title ?? total;
}
