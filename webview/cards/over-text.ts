import * as l10n from "@vscode/l10n";
import { formatCount, formatTime } from "../../profiler/format-numbers.ts";
import type { Totals } from "../../profiler/profile.ts";
import { amountFor, type BudgetId, type BudgetTexts, type Verdict } from "../../profiler/views/budgets.ts";

/** By how much a budget is missed, in the same words wherever it is said: "13.5 MB over the 500 KB update limit". */
export function overText(id: BudgetId, verdict: Verdict, totals: Totals, texts: BudgetTexts): string {
  const excess = verdict.isAtLeast ? l10n.t("at least {0}", verdict.excess) : verdict.excess;
  const limit = texts[id].trim();
  switch (id) {
    case "download":
      return l10n.t("{0} over the {1} download limit", excess, limit);
    case "update":
      return l10n.t("{0} over the {1} update limit", excess, limit);
    case "peakMemory":
      return l10n.t("{0} of memory over the {1} limit", excess, limit);
    case "parameters":
      return l10n.t("{0} parameters over the {1} limit", excess, limit);
    case "macs":
      return l10n.t("{0} MACs over the {1} limit", excess, limit);
    case "energyPerHour":
      return l10n.t("{0} an hour over the {1} limit", excess, limit);
    case "response":
      return l10n.t("{0} over the {1} response limit", excess, limit);
    case "rate":
      return rateText(amountFor(id, texts) ?? 0, verdict, totals);
  }
}

/** "29.3 fps, misses 30 by 0.8 ms" */
function rateText(rate: number, { isAtLeast }: Verdict, { latencySeconds }: Totals): string {
  const allowed = formatCount(1 / latencySeconds);
  const missed = milliseconds(latencySeconds - 1 / rate);
  return isAtLeast
    ? l10n.t("at most {0} fps, misses {1} by at least {2}", allowed, formatCount(rate), missed)
    : l10n.t("{0} fps, misses {1} by {2}", allowed, formatCount(rate), missed);
}

/** Frames are thought of in milliseconds: "0.8 ms", "12 ms"; what is far from them as every other time. */
function milliseconds(seconds: number): string {
  const inMilliseconds = 1000 * seconds;
  if (inMilliseconds < 0.05 || inMilliseconds >= 1000) return formatTime(seconds);
  return `${inMilliseconds < 9.95 ? inMilliseconds.toFixed(1) : Math.round(inMilliseconds)} ms`;
}
