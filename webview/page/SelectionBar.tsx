import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatCell, formatCellExact, type Unit } from "../../profiler/columns.ts";
import { totalEnergy } from "../../profiler/cost/energy.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { sumOf } from "../../profiler/views/module-tree.ts";
import { IconButton } from "../controls/controls.tsx";
import { layerCount } from "../table/line-text.ts";

interface SelectionBarProps {
  readonly layers: readonly LayerProfile[];
  readonly onCopy: () => void;
  readonly onClear: () => void;
}

/** What several selected layers cost together. */
export function SelectionBar({ layers, onCopy, onClear }: SelectionBarProps): JSX.Element {
  const sums = sumOf(layers);
  const parts: readonly (readonly [unit: Unit, value: number, name: string])[] = [
    ["elements", sums.parameters, l10n.t("parameters")],
    ["MACs", sums.macs, "MACs"],
    ["bytes", sums.weightBytes, l10n.t("weights")],
    ["pJ", totalEnergy(sums.energy), l10n.t("energy")],
    ["s", sums.latencySeconds, l10n.t("latency estimate")],
  ];
  const atLeast = sums.unknownRows > 0 ? "≥ " : "";
  return (
    <div class="selection-bar" role="status" data-testid="selection-sum">
      <span class="selection-parts">
        <span class="selection-count">{layerCount(layers.length)}</span>
        {parts.map(([unit, value, name]) => (
          <span
            key={name}
            class="selection-part"
            data-tip={`${formatCellExact(unit, value)} ${unit === "MACs" ? "" : name}`}
          >
            {atLeast}
            {formatCell(unit, value)} {name}
          </span>
        ))}
      </span>
      <span class="selection-buttons">
        <IconButton icon="copy" label={l10n.t("Copy rows")} onClick={onCopy} />
        <IconButton icon="close" label={l10n.t("Clear the selection")} onClick={onClear} />
      </span>
    </div>
  );
}
