import * as l10n from "@vscode/l10n";
import type { ComponentChildren, JSX } from "preact";
import { useContext } from "preact/hooks";
import { formatCell, type Column } from "../../profiler/columns.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { formatDifference } from "../compare/compared-layers.ts";
import { Icon } from "../controls/controls.tsx";
import { RowMarksContext, type RowMarks } from "./differences.ts";

interface SuggestionHintProps {
  readonly layer: number;
  readonly marks: RowMarks;
}

/** The lightbulb of a row that something could be done about. The panel has the same for who uses the keyboard. */
export function SuggestionHint({ layer, marks }: SuggestionHintProps): JSX.Element | null {
  const count = marks.suggestions.get(layer);
  if (count === undefined) return null;
  const label = count === 1 ? l10n.t("1 suggestion") : l10n.t("{0} suggestions", count);
  return (
    <button
      type="button"
      class="hint"
      tabIndex={-1}
      aria-label={label}
      data-tip={label}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={() => marks.onSuggest(layer)}
    >
      <Icon name="lightbulb" />
    </button>
  );
}

interface DifferenceCellProps {
  readonly column: Column;
  readonly layer: LayerProfile;
  /** The value as it is. */
  readonly children: ComponentChildren;
}

/** How far a cell is from that of the file without edits, where the user asked for it and it is another one. */
export function DifferenceCell({ column, layer, children }: DifferenceCellProps): JSX.Element {
  const { differences, showsDifferences } = useContext(RowMarksContext);
  const row = showsDifferences ? differences?.rows.get(layer.index) : undefined;
  const value = row?.values.get(column.id);
  if (!value || value.absolute === 0) return <>{children}</>;
  const tone = value.absolute === null ? "same" : value.absolute < 0 ? "less" : "more";
  const [digits = "", unit = ""] = formatDifference(column.unit, value.absolute).split(" ");
  const was =
    value.before === undefined
      ? l10n.t("a new layer")
      : l10n.t("{0} in the file", formatCell(column.unit, value.before));
  return (
    <>
      <span class={`digits difference ${tone}`} data-tip={was}>
        {digits}
      </span>
      <span class={`unit difference ${tone}`}>{unit}</span>
    </>
  );
}
