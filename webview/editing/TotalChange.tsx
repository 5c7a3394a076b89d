import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import { formatCell, type Total } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import { difference, formatRelative } from "../compare/compared-layers.ts";
import { RowMarksContext } from "./differences.ts";

interface TotalChangeProps {
  readonly total: Total;
  readonly totals: Totals;
}

/** How far a total is from that of the file without edits; nothing while there are none. */
export function TotalChange({ total, totals }: TotalChangeProps): JSX.Element | null {
  const { differences } = useContext(RowMarksContext);
  if (!differences) return null;
  const { before, absolute, relative } = difference(differences.base[total.id], totals[total.id]);
  if (absolute === null || absolute === 0 || relative === null) return null;
  const was = l10n.t("{0} in the file", formatCell(total.unit, before ?? null));
  return (
    <span class={`total-change ${absolute < 0 ? "less" : "more"}`} data-tip={was} data-change={total.id}>
      {formatRelative(relative)}
    </span>
  );
}
