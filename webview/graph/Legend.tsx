import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatCell } from "../../profiler/columns.ts";
import type { Costs } from "./box-cost.ts";

/** What the colours mean: from nothing to the most expensive box of the picture. */
export function Legend({ costs: { column, most } }: { readonly costs: Costs }): JSX.Element {
  return (
    <div class="graph-legend" data-testid="graph-legend">
      <span class="legend-title">{column.title}</span>
      {most > 0 ? (
        <>
          <span>{formatCell(column.unit, 0)}</span>
          <span class="legend-scale" aria-hidden="true" />
          <span class="visually-hidden">{l10n.t("to")}</span>
          <span>{formatCell(column.unit, most)}</span>
        </>
      ) : (
        <span>{l10n.t("nothing to colour")}</span>
      )}
    </div>
  );
}
