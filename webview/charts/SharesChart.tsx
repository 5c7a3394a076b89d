import * as l10n from "@vscode/l10n";
import type { ChartConfiguration } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatCell, formatCellExact, type Column } from "../../profiler/columns.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { chartedLayers } from "../../profiler/views/cost-series.ts";
import { mostExpensiveOf, sharesByKind, sharesByModule, type Share } from "../../profiler/views/shares.ts";
import { Select } from "../controls/Select.tsx";
import { layerCount } from "../table/line-text.ts";
import { amountAxis, baseOptions, nameAxis } from "./chart-options.ts";
import { Chart } from "./Chart.tsx";
import { knownColumn, SUMMED_COLUMNS, type ChartsView } from "./charts-view.ts";
import { fillOf, type ChartTheme } from "./theme.ts";

/** Pixels of a bar with its gap, and of the axis. */
const BAR_HEIGHT = 22;
const AXIS_HEIGHT = 30;

/** Letters of a name beside its bar; the tooltip has all of it. */
const LONGEST_NAME = 22;

export type Grouping = "kind" | "module";

interface SharesChartProps {
  readonly by: Grouping;
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  readonly view: ChartsView;
  readonly theme: ChartTheme;
  /** Indices of all layers that are selected. */
  readonly selected: ReadonlySet<number>;
  readonly onChange: (changes: Partial<ChartsView>) => void;
  readonly onSelectLayer: (index: number) => void;
}

/** What kinds or modules have of a cost. Choosing a bar selects its most expensive layer. */
export function SharesChart(props: SharesChartProps): JSX.Element {
  const { by, layers, totals, view, theme, selected, onChange, onSelectLayer } = props;
  const column = knownColumn(view.shares);
  const shares = useMemo(() => {
    const charted = chartedLayers(layers);
    return by === "kind" ? sharesByKind(charted, column, totals) : sharesByModule(charted, column, totals);
  }, [layers, by, column, totals]);
  const marks = useMemo(
    () =>
      shares.map((share) => ({
        text: shareText(share, column),
        layer: mostExpensiveOf(share, column, totals)?.index ?? null,
      })),
    [shares, column, totals],
  );
  const isSelected = useMemo(
    () => shares.map((share) => share.layers.some(({ index }) => selected.has(index))),
    [shares, selected],
  );
  const config = useMemo(() => configOf(shares, column, theme, isSelected), [shares, column, theme, isSelected]);
  const [top] = shares;

  return (
    <Chart
      id={`chart-${by}`}
      title={by === "kind" ? l10n.t("Share by kind") : l10n.t("Share by module")}
      summary={
        top && top.value > 0
          ? l10n.t("Most {0}: {1} with {2}.", column.title, nameOf(top), formatShare(top.share))
          : l10n.t("There is nothing to share.")
      }
      config={config}
      marks={marks}
      height={Math.max(2, shares.length) * BAR_HEIGHT + AXIS_HEIGHT}
      onSelectLayer={onSelectLayer}
      table={{
        head: [by === "kind" ? l10n.t("Kind") : l10n.t("Module"), column.title, l10n.t("Share"), l10n.t("Layers")],
        rows: shares.map((share) => [
          nameOf(share),
          formatCellExact(column.unit, share.value),
          formatShare(share.share),
          share.layers.length.toLocaleString(),
        ]),
      }}
      controls={
        <div class="chart-choices">
          <Select
            label={l10n.t("Column of the shares")}
            value={view.shares}
            choices={SUMMED_COLUMNS.map(({ id, title }) => ({ value: id, text: title }))}
            onChange={(id) => onChange({ shares: id })}
          />
        </div>
      }
    />
  );
}

function configOf(
  shares: readonly Share[],
  column: Column,
  theme: ChartTheme,
  isSelected: readonly boolean[],
): ChartConfiguration {
  const { foreground, hues } = theme;
  const fill = fillOf(theme, "purple");
  return {
    type: "bar",
    data: {
      labels: shares.map((share) => shorten(nameOf(share))),
      datasets: [
        {
          data: shares.map(({ share }) => 100 * share),
          backgroundColor: fill,
          hoverBackgroundColor: hues.purple,
          borderColor: shares.map((_, at) => (isSelected[at] === true ? foreground : hues.purple)),
          borderWidth: shares.map((_, at) => (isSelected[at] === true ? 2 : theme.isHighContrast ? 1 : 0)),
          minBarLength: 1,
          barPercentage: 0.85,
          categoryPercentage: 0.9,
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      indexAxis: "y",
      interaction: { mode: "index", axis: "y", intersect: false },
      scales: {
        x: amountAxis(theme, { title: "", unit: "elements", position: "bottom", suffix: " %" }),
        y: { ...nameAxis(theme, ""), ticks: { color: theme.foreground, font: theme.font, autoSkip: false } },
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => nameOf(shares[item?.dataIndex ?? -1]),
            label: ({ dataIndex }) => {
              const share = shares[dataIndex];
              return share
                ? ` ${column.title}: ${formatCell(column.unit, share.value)}, ${formatShare(share.share)}`
                : "";
            },
            footer: ([item]) => layersText(shares[item?.dataIndex ?? -1]),
          },
        },
      },
    },
  };
}

function nameOf(share: Share | undefined): string {
  return share?.name ?? l10n.t("all others");
}

function layersText(share: Share | undefined): string {
  if (!share) return "";
  const count = layerCount(share.layers.length);
  return share.unknown === 0 ? count : `${count}, ${l10n.t("{0} of them unknown", share.unknown.toLocaleString())}`;
}

function shareText(share: Share, column: Column): string {
  return `${nameOf(share)}: ${column.title} ${formatCell(column.unit, share.value)}, ${formatShare(share.share)}, ${layersText(share)}`;
}

/** The end of a path tells more than its start. */
function shorten(name: string): string {
  return name.length <= LONGEST_NAME ? name : `…${name.slice(1 - LONGEST_NAME)}`;
}
