import * as l10n from "@vscode/l10n";
import type { ChartConfiguration, Plugin } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatCell, formatCellExact, type Total } from "../../profiler/columns.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import { Chart } from "../charts/Chart.tsx";
import { amountAxis, baseOptions } from "../charts/chart-options.ts";
import { faded, useTheme, type ChartTheme } from "../charts/theme.ts";
import { Select } from "../controls/Select.tsx";
import type { FitState, LabelledFitPoint } from "../protocol/editing.ts";
import { FIT_AXES, formatQuality, frontOf, limitOnChart, pointText, qualityOf, qualityText } from "./fit-points.ts";

interface FitChartProps {
  readonly fit: FitState;
  readonly axis: Total;
  readonly selected: number | null;
  readonly onAxis: (axis: Total) => void;
  readonly onSelect: (point: number) => void;
}

/** The curve of a search: what the model costs against how right it stays. */
export function FitChart({ fit, axis, selected, onAxis, onSelect }: FitChartProps): JSX.Element {
  const { points, best, budget } = fit;
  const theme = useTheme();
  const isAccuracy = points.some((point) => qualityOf(point).isAccuracy);
  const quality = isAccuracy ? l10n.t("Accuracy") : l10n.t("Largest error");
  const config = useMemo(
    () =>
      configOf(
        points,
        axis,
        { title: quality, isAccuracy },
        { best, selected, limit: limitOnChart(budget, axis, points) },
        theme,
      ),
    [points, axis, quality, isAccuracy, best, selected, budget, theme],
  );
  return (
    <Chart
      id="chart-fit"
      title={l10n.t("{0} against {1}", quality, axis.title)}
      hint={l10n.t("arrow keys go from point to point, Enter chooses one")}
      summary={summaryOf(fit, axis)}
      config={config}
      marks={points.map((point, position) => ({ layer: position, text: pointText(point, axis) }))}
      height={220}
      onSelectLayer={onSelect}
      table={{
        head: [axis.title, quality, l10n.t("Edits")],
        rows: points.map((point) => [
          formatCellExact(axis.unit, point.totals[axis.id]),
          qualityText(point),
          point.labels.join(", "),
        ]),
      }}
      controls={
        <Select
          label={l10n.t("Total along the chart")}
          value={axis.id}
          choices={FIT_AXES.map(({ id, title }) => ({ value: id, text: id === axis.id ? axis.title : title }))}
          onChange={(id) => onAxis(FIT_AXES.find((candidate) => candidate.id === id) ?? axis)}
        />
      }
    />
  );
}

interface Emphasis {
  readonly best: number | null;
  readonly selected: number | null;
  /** The most that the budget allows of what stands along the chart; undefined where it says nothing, or far from all points. */
  readonly limit: number | undefined;
}

function configOf(
  points: readonly LabelledFitPoint[],
  axis: Total,
  quality: { readonly title: string; readonly isAccuracy: boolean },
  { best, selected, limit }: Emphasis,
  theme: ChartTheme,
): ChartConfiguration {
  const { hues, foreground } = theme;
  const fill = theme.isHighContrast ? "transparent" : faded(hues.blue, 0.6);
  return {
    type: "scatter",
    data: {
      datasets: [
        {
          data: points.map((point) => ({
            x: point.totals[axis.id] ?? Number.NaN,
            y: qualityOf(point).value ?? Number.NaN,
          })),
          // Within the budget: another shape, since colours alone tell little.
          pointStyle: points.map(({ isWithinBudget }) => (isWithinBudget ? "rectRot" : "circle")),
          pointRadius: points.map((_, position) => (position === selected || position === best ? 7 : 4)),
          pointHoverRadius: 8,
          pointBackgroundColor: points.map(({ isWithinBudget }) => (isWithinBudget ? hues.green : fill)),
          pointBorderColor: points.map((_, position) => (position === selected ? foreground : hues.blue)),
          pointBorderWidth: points.map((_, position) => (position === selected ? 2.5 : 1)),
        },
      ],
    },
    plugins: [
      frontLine(frontOf(points, axis), hues.blue),
      ...(limit === undefined ? [] : [limitLine(limit, theme.foreground)]),
    ],
    options: {
      ...baseOptions(theme),
      interaction: { mode: "nearest", intersect: false },
      scales: {
        x: {
          ...amountAxis(theme, { title: axis.title, unit: axis.unit, position: "bottom" }),
          ...(limit !== undefined && { suggestedMax: limit }),
        },
        y: {
          ...amountAxis(theme, {
            title: quality.title,
            unit: "share",
            format: (value) => formatQuality(value, quality.isAccuracy),
          }),
          beginAtZero: false,
        },
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => (item ? textOf(points[item.dataIndex], axis) : ""),
            label: ({ dataIndex }) => ` ${points[dataIndex]?.labels.at(-1) ?? l10n.t("as it is now")}`,
          },
        },
      },
    },
  };
}

/** A line behind the points that are worth choosing. No dataset of its own: it would answer clicks that are meant for points. */
function frontLine(front: readonly number[], color: string): Plugin {
  return {
    id: "front",
    beforeDatasetsDraw: (chart) => {
      const { data } = chart.getDatasetMeta(0);
      const { ctx } = chart;
      ctx.save();
      ctx.beginPath();
      for (const position of front) {
        const { x, y } = data[position]?.getProps(["x", "y"], true) ?? {};
        ctx.lineTo(Number(x), Number(y));
      }
      ctx.strokeStyle = color;
      ctx.lineWidth = FRONT_WIDTH;
      ctx.stroke();
      ctx.restore();
    },
  };
}

/** Where the budget ends: points left of it keep it. */
function limitLine(limit: number, color: string): Plugin {
  return {
    id: "limit",
    beforeDatasetsDraw: ({ ctx, scales: { x: scale }, chartArea: { top, bottom } }) => {
      if (!scale) return;
      const x = scale.getPixelForValue(limit);
      ctx.save();
      ctx.beginPath();
      ctx.setLineDash([...LIMIT_DASHES]);
      ctx.moveTo(x, top);
      ctx.lineTo(x, bottom);
      ctx.strokeStyle = color;
      ctx.stroke();
      ctx.restore();
    },
  };
}

/** Pixels. */
const FRONT_WIDTH = 1.5;
const LIMIT_DASHES = [4, 3] as const;

function textOf(point: LabelledFitPoint | undefined, axis: Total): string {
  return point ? pointText(point, axis) : "";
}

function summaryOf({ points, best, isRunning }: FitState, { id, unit }: Total): string {
  const first = points[0];
  const chosen = best === null ? undefined : points[best];
  const before = first?.totals[id] ?? null;
  const after = chosen?.totals[id] ?? null;
  if (!chosen || before === null || after === null) return l10n.t("No point yet.");
  const figures = [
    points.length,
    formatCell(unit, after),
    formatCell(unit, before),
    formatShare(before > 0 ? after / before : 1),
  ] as const;
  return isRunning
    ? l10n.t("Points: {0}. The best one so far costs {1} of {2} ({3}).", ...figures)
    : l10n.t("Points: {0}. The best one costs {1} of {2} ({3}).", ...figures);
}
