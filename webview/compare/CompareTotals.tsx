import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatCell, formatCellExact, type Total } from "../../profiler/columns.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import { formatDifference, type TotalDifference } from "./compared-layers.ts";

interface CompareTotalsProps {
  readonly totals: readonly TotalDifference[];
  readonly hardware: string;
}

/** Each total of both models, and in words what became of it: no colour says what the words do not. */
export function CompareTotals({ totals, hardware }: CompareTotalsProps): JSX.Element {
  return (
    <dl class="totals" data-testid="totals">
      {totals.map(({ total, before, after, absolute, relative }) => (
        <div
          key={total.id}
          class="total"
          data-total={total.id}
          tabIndex={0}
          data-tip={[
            `${formatCellExact(total.unit, before ?? null)} → ${formatCellExact(total.unit, after ?? null)}`,
            total.definition,
            ...(ESTIMATES.has(total.id) ? [l10n.t("For the hardware profile {0}.", hardware)] : []),
          ].join("\n")}
        >
          <dt>{total.title}</dt>
          <dd>
            <span class="compare-values">
              {formatCell(total.unit, before ?? null)}
              <span class="compare-arrow" aria-label={l10n.t("to")}>
                {" → "}
              </span>
              {formatCell(total.unit, after ?? null)}
            </span>
            <span class={`compare-words ${toneOf(absolute)}`}>{words(total, absolute, relative)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Totals that the chosen hardware decides. */
const ESTIMATES: ReadonlySet<Total["id"]> = new Set(["energyPicojoules", "latencySeconds"]);

/** "51.0 % less", "2.10 times as much", "the same" */
function words({ unit }: Total, absolute: number | null, relative: number | null): string {
  if (absolute === null) return l10n.t("difference unknown");
  if (absolute === 0) return l10n.t("the same");
  if (relative === null) return formatDifference(unit, absolute);
  if (relative >= 1) return l10n.t("{0} times as much", (1 + relative).toPrecision(3));
  const share = formatShare(Math.abs(relative));
  return relative < 0 ? l10n.t("{0} less", share) : l10n.t("{0} more", share);
}

export function toneOf(absolute: number | null): "less" | "more" | "same" {
  if (absolute === null || absolute === 0) return "same";
  return absolute < 0 ? "less" : "more";
}
