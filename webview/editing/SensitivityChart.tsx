import * as l10n from "@vscode/l10n";
import type { ChartConfiguration, Plugin } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { SAME_NETWORK_DECIBELS, type TechniqueId } from "../../profiler/editing/sensitivity/sensitivity-points.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import { decibels } from "../../profiler/numeric/decibels.ts";
import { Chart } from "../charts/Chart.tsx";
import { KeyItem } from "../charts/Key.tsx";
import { amountAxis, baseOptions } from "../charts/chart-options.ts";
import { faded, useTheme, type ChartTheme, type Hue } from "../charts/theme.ts";
import { Select } from "../controls/Select.tsx";
import type { ListedSensitivity } from "../protocol/editing.ts";
import { amountText, decibelText, type ChartPoint } from "./sensitivity-chart-points.ts";

interface SensitivityChartProps {
  readonly layers: readonly ListedSensitivity[];
  readonly points: readonly ChartPoint[];
  readonly technique: TechniqueId;
  readonly techniques: readonly TechniqueId[];
  readonly selected: number | null;
  readonly onTechnique: (technique: TechniqueId) => void;
  readonly onSelect: (point: number) => void;
}

/** A line a layer: bits or sparsity along it, and how like the answers stay (Han, Pool, Tran, Dally, NIPS 2015, figure 6). */
export function SensitivityChart(props: SensitivityChartProps): JSX.Element {
  const { layers, points, technique, techniques, selected, onTechnique, onSelect } = props;
  const theme = useTheme();
  const config = useMemo(() => configOf(points, technique, selected, theme), [points, technique, selected, theme]);
  const marks = useMemo(() => points.map((point, position) => ({ layer: position, text: pointText(point) })), [points]);
  const amounts = [...new Set(points.map(({ amount }) => amount))];
  return (
    <Chart
      id="chart-sensitivity"
      title={l10n.t("Sensitivity of each layer")}
      hint={l10n.t("arrow keys go from point to point, Enter chooses one")}
      summary={summaryOf(points, layers.length)}
      config={config}
      marks={marks}
      height={220}
      onSelectLayer={onSelect}
      table={{
        head: [l10n.t("Layer"), ...amounts.map((amount) => amountText({ technique, amount }))],
        rows: layers.map(({ layer, points: own }) => [
          layer,
          ...amounts.map((amount) => {
            const point = own.find((each) => each.technique === technique && each.amount === amount);
            return point ? decibelText(point) : "";
          }),
        ]),
      }}
      controls={
        <Select
          label={l10n.t("Technique")}
          value={technique}
          choices={techniques.map((id) => ({ value: id, text: TECHNIQUE_TEXTS[id]() }))}
          onChange={onTechnique}
        />
      }
    >
      <ul class="keys">
        <KeyItem shape="dash" hue="blue">
          {l10n.t("{0} dB: above it the answers stay the same to users", SAME_NETWORK_DECIBELS)}
        </KeyItem>
        <KeyItem shape="rectRot" hue="blue">
          {l10n.t("the furthest of its layer above the line")}
        </KeyItem>
      </ul>
    </Chart>
  );
}

const TECHNIQUE_TEXTS: Readonly<Record<TechniqueId, () => string>> = {
  quantize: () => l10n.t("Quantized"),
  share: () => l10n.t("Shared values"),
  prune: () => l10n.t("Pruned"),
};

function configOf(
  points: readonly ChartPoint[],
  technique: TechniqueId,
  selected: number | null,
  theme: ChartTheme,
): ChartConfiguration {
  const chosen = selected === null ? undefined : points[selected]?.line;
  const isShown = ({ line }: ChartPoint): boolean => chosen === undefined || line === chosen;
  const colorOf = (point: ChartPoint): string => {
    const color = theme.hues[HUES[point.line % HUES.length] ?? "blue"];
    return isShown(point) ? color : faded(color, FADED);
  };
  const isPruned = technique === "prune";
  return {
    type: "scatter",
    data: {
      datasets: [
        {
          data: points.map(({ amount, error }) => ({ x: amount, y: chartDecibels(error) })),
          // The furthest that a layer bears has another shape: colours alone tell little.
          pointStyle: points.map(({ isFurthest }) => (isFurthest ? "rectRot" : "circle")),
          pointRadius: points.map(({ isFurthest }, position) => (position === selected ? 8 : isFurthest ? 6 : 3)),
          pointHoverRadius: 8,
          pointBackgroundColor: points.map(colorOf),
          pointBorderColor: points.map((point, position) =>
            position === selected ? theme.foreground : colorOf(point),
          ),
          pointBorderWidth: points.map((_, position) => (position === selected ? 2.5 : 1)),
        },
      ],
    },
    plugins: [layerLines(points, colorOf), sameNetwork(theme.foreground)],
    options: {
      ...baseOptions(theme),
      interaction: { mode: "nearest", intersect: false },
      scales: {
        x: {
          ...amountAxis(theme, {
            title: isPruned ? l10n.t("Sparsity") : l10n.t("Bits"),
            unit: isPruned ? "share" : "rows",
            position: "bottom",
          }),
          beginAtZero: false,
          // Further to the right is further in both.
          reverse: !isPruned,
        },
        y: { ...amountAxis(theme, { title: l10n.t("SNR, dB"), unit: "rows" }), beginAtZero: true },
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => (item ? (points[item.dataIndex]?.layer ?? "") : ""),
            label: ({ dataIndex }) => {
              const point = points[dataIndex];
              return point ? ` ${detailText(point)}` : "";
            },
          },
        },
      },
    },
  };
}

const HUES: readonly Hue[] = ["blue", "green", "purple", "yellow", "red"];
const FADED = 0.25;
/** Pixels. */
const LINE_WIDTH = 1.5;
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2]];

/** A line behind the points of each layer. No datasets of their own: they would answer clicks that are meant for points. */
function layerLines(points: readonly ChartPoint[], colorOf: (point: ChartPoint) => string): Plugin {
  return {
    id: "layers",
    beforeDatasetsDraw: (chart) => {
      const { data } = chart.getDatasetMeta(0);
      const { ctx } = chart;
      ctx.save();
      ctx.lineWidth = LINE_WIDTH;
      points.forEach((point, position) => {
        const { x, y } = data[position]?.getProps(["x", "y"], true) ?? {};
        if (points[position - 1]?.line !== point.line) {
          ctx.beginPath();
          ctx.moveTo(Number(x), Number(y));
        } else ctx.lineTo(Number(x), Number(y));
        if (points[position + 1]?.line === point.line) return;
        // Colours come again every few layers: then the dashes differ.
        ctx.setLineDash([...(DASHES[Math.floor(point.line / HUES.length) % DASHES.length] ?? [])]);
        ctx.strokeStyle = colorOf(point);
        ctx.stroke();
      });
      ctx.restore();
    },
  };
}

/** Above it the answers are those of the model to its users. */
function sameNetwork(color: string): Plugin {
  return {
    id: "same",
    beforeDatasetsDraw: ({ ctx, scales: { y: scale }, chartArea: { left, right } }) => {
      if (!scale) return;
      const y = scale.getPixelForValue(SAME_NETWORK_DECIBELS);
      ctx.save();
      ctx.beginPath();
      ctx.setLineDash([4, 3]);
      ctx.moveTo(left, y);
      ctx.lineTo(right, y);
      ctx.strokeStyle = color;
      ctx.stroke();
      ctx.restore();
    },
  };
}

function detailText(point: ChartPoint): string {
  const { accuracy } = point;
  const text = `${amountText(point)}: ${decibelText(point)}`;
  return accuracy === null ? text : `${text}, ${l10n.t("accuracy {0}", formatShare(accuracy))}`;
}

function pointText(point: ChartPoint): string {
  const text = `${point.layer}, ${detailText(point)}`;
  return point.isFurthest ? `${text}, ${l10n.t("the furthest at {0} dB", SAME_NETWORK_DECIBELS)}` : text;
}

/** What is infinite has no place in a chart. */
function chartDecibels(error: number | null): number {
  const ratio = decibels(error);
  return Number.isFinite(ratio) ? ratio : Number.NaN;
}

/** The layer that loses most at the furthest point: the one to spare. */
function summaryOf(points: readonly ChartPoint[], layers: number): string {
  const differing = points.filter(({ error }) => error !== 0);
  const [worst] = differing.toSorted((a, b) => decibels(a.error) - decibels(b.error));
  if (!worst) return l10n.t("No point yet.");
  const figures = [worst.layer, decibelText(worst), amountText(worst)] as const;
  return layers === 1
    ? l10n.t("{0}: {1} with {2}.", ...figures)
    : l10n.t("{3} layers. The most sensitive is {0}: {1} with {2}.", ...figures, layers);
}
