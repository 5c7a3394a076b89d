import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { LayerProfile, Structure } from "../../profiler/profile.ts";
import type { ProfileHeader } from "../protocol/packed-profile.ts";
import type { Selected } from "../state/selection.ts";
import type { ChartsView } from "./charts-view.ts";
import { CostChart } from "./CostChart.tsx";
import { MemoryChart } from "./MemoryChart.tsx";
import { RooflineChart } from "./RooflineChart.tsx";
import { SharesChart } from "./SharesChart.tsx";
import { useTheme } from "./theme.ts";

export interface ChartsPaneProps {
  readonly header: ProfileHeader;
  readonly layers: readonly LayerProfile[];
  readonly structure: Structure;
  readonly view: ChartsView;
  readonly selected: Selected;
  readonly onChange: (changes: Partial<ChartsView>) => void;
  readonly onSelectLayer: (index: number) => void;
}

/** All charts of a model. */
export function ChartsPane(props: ChartsPaneProps): JSX.Element {
  const { header, layers, structure, view, selected, onChange, onSelectLayer } = props;
  const theme = useTheme();
  const common = { layers, theme, selected: selected.layers, onSelectLayer };
  const shares = { ...common, totals: header.totals, view, onChange };
  return (
    <div class="charts" data-testid="charts">
      <CostChart {...common} totals={header.totals} view={view} onChange={onChange} />
      {structure.memory ? (
        <MemoryChart {...common} timeline={structure.memory} arenaBytes={header.totals.peakMemoryBytes} />
      ) : (
        <section class="chart">
          <h2>{l10n.t("Activation memory over time")}</h2>
          <p class="chart-summary">{l10n.t("Unknown, because the size of a tensor is unknown.")}</p>
        </section>
      )}
      <RooflineChart {...common} structure={structure} hardware={header.hardwareProfile} />
      <div class="chart-column">
        <SharesChart {...shares} by="kind" />
        <SharesChart {...shares} by="module" />
      </div>
    </div>
  );
}
