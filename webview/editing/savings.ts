import * as l10n from "@vscode/l10n";
import { formatCellExact } from "../../profiler/columns.ts";
import { UNKNOWN_TEXT } from "../../profiler/format-numbers.ts";
import type { Totals } from "../../profiler/profile.ts";
import { SAVED_TOTALS, type SavedTotal } from "../../profiler/editing/suggestion.ts";
import { formatDifference, formatRelative } from "../compare/compared-layers.ts";
import { totalOf } from "../definitions.ts";
import type { Savings } from "../protocol/editing.ts";

/** What a change saves of one total, as the page shows it. */
export interface Saving {
  readonly id: SavedTotal;
  readonly title: string;
  /** Part of the model's total: "−78.0 %", "0 %", "unknown" */
  readonly share: string;
  /** "−1.20 M" */
  readonly amount: string;
  /** "1,600,000 elements → 400,000 elements" */
  readonly exact: string;
  readonly tone: Tone;
}

export type Tone = "less" | "more" | "same";

/** Titles that fit above a number of six characters. */
const SHORT_TITLES: Readonly<Partial<Record<SavedTotal, () => string>>> = {
  parameters: () => l10n.t("Params"),
  peakMemoryBytes: () => l10n.t("Peak"),
  latencySeconds: () => l10n.t("Latency"),
};

export function savingsOf(before: Totals, after: Totals, saves: Savings): readonly Saving[] {
  return SAVED_TOTALS.flatMap((id): readonly Saving[] => {
    const total = totalOf(id);
    if (!total) return [];
    const [old, now] = [before[id], after[id]];
    const change = old === null || now === null ? null : now - old;
    return [
      {
        id,
        title: SHORT_TITLES[id]?.() ?? total.title,
        share: formatSaved(saves[id]),
        amount: formatDifference(total.unit, change),
        exact: `${formatCellExact(total.unit, old)} → ${formatCellExact(total.unit, now)}`,
        tone: toneOf(change),
      },
    ];
  });
}

/** "−25.0 %" of a saving of a quarter; "+" where it costs. */
export function formatSaved(saved: number | null): string {
  return saved === null ? UNKNOWN_TEXT : formatRelative(saved === 0 ? 0 : -saved);
}

function toneOf(change: number | null): Tone {
  if (change === null || change === 0) return "same";
  return change < 0 ? "less" : "more";
}
