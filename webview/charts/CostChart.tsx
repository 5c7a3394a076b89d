import * as l10n from "@vscode/l10n";
import type { ChartConfiguration } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatCell, formatCellExact, type Column } from "../../profiler/columns.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { chartedLayers, costSeries, markOf, type SeriesPoint } from "../../profiler/views/cost-series.ts";
import { Select } from "../controls/Select.tsx";
import { amountAxis, baseOptions, nameAxis } from "./chart-options.ts";
import { Chart, type Mark } from "./Chart.tsx";
import { CHART_COLUMNS, knownColumn, type ChartsView } from "./charts-view.ts";
import { Key } from "./Key.tsx";
import { fillOf, type ChartTheme } from "./theme.ts";

/** Bars of at least a few pixels each on the narrowest page. */
const MARKS = 150;

interface CostChartProps {
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  readonly view: ChartsView;
  readonly theme: ChartTheme;
  /** Indices of all layers that are selected. */
  readonly selected: ReadonlySet<number>;
  readonly onChange: (changes: Partial<ChartsView>) => void;
  readonly onSelectLayer: (index: number) => void;
}

/** Two columns along the network: where the cost sits. */
export function CostChart(props: CostChartProps): JSX.Element {
  const { layers, totals, view, theme, selected, onChange, onSelectLayer } = props;
  const bars = knownColumn(view.bars);
  const line = knownColumn(view.line);
  const charted = useMemo(() => chartedLayers(layers), [layers]);
  const series = useMemo(() => {
    const points = costSeries(charted, bars, totals, MARKS);
    return {
      bars: points,
      line: costSeries(charted, line, totals, MARKS),
      marks: points.map((point) => markText(point, bars)),
    };
  }, [charted, bars, line, totals]);
  const selectedMarks = useMemo(
    () => new Set([...selected].map((index) => markOf(charted, MARKS, index))),
    [charted, selected],
  );
  const config = useMemo(
    () => configOf(series.bars, series.line, bars, line, theme, selectedMarks),
    [series, bars, line, theme, selectedMarks],
  );
  const choices = CHART_COLUMNS.map(({ id, title }) => ({ value: id, text: title }));

  return (
    <Chart
      id="chart-cost"
      title={l10n.t("Cost along the network")}
      summary={summaryOf(series.bars, bars, totals)}
      config={config}
      marks={series.marks}
      height={240}
      onSelectLayer={onSelectLayer}
      table={{
        head: [l10n.t("Layer"), bars.title, line.title],
        rows: series.bars.map(({ layer, value }, at) => [
          layerText(layer),
          formatCellExact(bars.unit, value),
          formatCellExact(line.unit, series.line[at]?.value ?? null),
        ]),
      }}
      controls={
        <div class="chart-choices">
          <Key shape="bar" hue="blue" />
          <Select
            label={l10n.t("Column shown as bars")}
            value={view.bars}
            choices={choices}
            onChange={(id) => onChange({ bars: id })}
          />
          <Key shape="line" hue="yellow" />
          <Select
            label={l10n.t("Column shown as a line")}
            value={view.line}
            choices={choices}
            onChange={(id) => onChange({ line: id })}
          />
        </div>
      }
    />
  );
}

function configOf(
  bars: readonly SeriesPoint[],
  line: readonly SeriesPoint[],
  barColumn: Column,
  lineColumn: Column,
  theme: ChartTheme,
  selected: ReadonlySet<number>,
): ChartConfiguration {
  const { hues, foreground } = theme;
  const fill = fillOf(theme, "blue");
  const own = theme.isHighContrast ? 1 : 0;
  return {
    type: "bar",
    data: {
      labels: bars.map(({ layer }) => `#${layer.index}`),
      datasets: [
        {
          type: "bar",
          label: barColumn.title,
          data: bars.map(({ value }) => value),
          backgroundColor: bars.map((_, at) => (selected.has(at) ? foreground : fill)),
          hoverBackgroundColor: foreground,
          borderColor: bars.map((_, at) => (selected.has(at) ? foreground : hues.blue)),
          borderWidth: own,
          barPercentage: 0.9,
          categoryPercentage: 0.95,
          yAxisID: "y",
          order: 2,
        },
        {
          type: "line",
          label: lineColumn.title,
          data: line.map(({ value }) => value),
          borderColor: hues.yellow,
          backgroundColor: hues.yellow,
          borderWidth: 1.5,
          pointRadius: line.length <= 40 ? 2 : 0,
          pointStyle: "rectRot",
          yAxisID: "y1",
          order: 1,
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      interaction: { mode: "index", intersect: false },
      scales: {
        x: nameAxis(theme, l10n.t("Layers in the order of the file")),
        y: amountAxis(theme, { title: barColumn.title, unit: barColumn.unit }),
        y1: amountAxis(theme, { title: lineColumn.title, unit: lineColumn.unit, position: "right", hasGrid: false }),
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => (item ? pointTitle(bars[item.dataIndex]) : ""),
            label: ({ datasetIndex, dataIndex }) =>
              datasetIndex === 0
                ? ` ${barColumn.title}: ${formatCell(barColumn.unit, bars[dataIndex]?.value ?? null)}`
                : ` ${lineColumn.title}: ${formatCell(lineColumn.unit, line[dataIndex]?.value ?? null)}`,
          },
        },
      },
    },
  };
}

function pointTitle(point: SeriesPoint | undefined): string {
  if (!point) return "";
  const text = layerText(point.layer);
  return point.layers === 1 ? text : `${text}\n${l10n.t("the largest of {0} neighbours", point.layers)}`;
}

/** "#12 /features/Conv (Conv)" */
export function layerText({ index, name, op }: LayerProfile): string {
  return `#${index} ${name} (${op})`;
}

function markText(point: SeriesPoint, column: Column): Mark {
  return {
    layer: point.layer.index,
    text: `${pointTitle(point)}: ${column.title} ${formatCell(column.unit, point.value)}`,
  };
}

function summaryOf(points: readonly SeriesPoint[], column: Column, totals: Totals): string {
  const [first, ...others] = points;
  if (!first) return l10n.t("There is no layer to show.");
  const top = others.reduce((best, point) => ((point.value ?? -1) > (best.value ?? -1) ? point : best), first);
  const total = column.total === undefined ? null : totals[column.total];
  const amount = formatCell(column.unit, top.value);
  if (total !== null && total > 0 && top.value !== null) {
    return l10n.t(
      "Most {0}: {1} with {2}, {3} of the model.",
      column.title,
      layerText(top.layer),
      amount,
      formatShare(top.value / total),
    );
  }
  return l10n.t("Most {0}: {1} with {2}.", column.title, layerText(top.layer), amount);
}
