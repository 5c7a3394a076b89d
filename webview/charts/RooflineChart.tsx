import * as l10n from "@vscode/l10n";
import type { Chart as CanvasChart, ChartConfiguration, Plugin } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatCount, formatTime } from "../../profiler/format-numbers.ts";
import type { HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import type { LayerProfile, Structure } from "../../profiler/profile.ts";
import { attainableRate, roofline, type Bound, type Roof, type RooflinePoint } from "../../profiler/views/roofline.ts";
import { baseOptions, pointTooltip, powerAxis, powersAround, type Range } from "./chart-options.ts";
import { Chart } from "./Chart.tsx";
import { layerText } from "./CostChart.tsx";
import { KeyItem, type PointShape } from "./Key.tsx";
import { faded, type ChartTheme, type Hue } from "./theme.ts";

interface RooflineChartProps {
  readonly layers: readonly LayerProfile[];
  readonly structure: Structure;
  readonly hardware: HardwareProfile;
  readonly theme: ChartTheme;
  /** Indices of all layers that are selected. */
  readonly selected: ReadonlySet<number>;
  readonly onSelectLayer: (index: number) => void;
}

/** What binds a layer has a shape of its own beside its colour. */
const BOUNDS: Readonly<Record<Bound, { readonly shape: PointShape; readonly hue: Hue }>> = {
  compute: { shape: "circle", hue: "blue" },
  memory: { shape: "triangle", hue: "yellow" },
  overhead: { shape: "rectRot", hue: "purple" },
};

/** Each layer a point under the roof of the hardware: what holds it back. */
export function RooflineChart(props: RooflineChartProps): JSX.Element {
  const { layers, structure, hardware, theme, selected, onSelectLayer } = props;
  const { points, roofs, unknown } = useMemo(
    () => roofline(layers, structure, hardware),
    [layers, structure, hardware],
  );
  const marks = useMemo(
    () => points.map((point) => ({ text: pointText(point).join(", "), layer: point.layer.index })),
    [points],
  );
  const config = useMemo(
    () => configOf(points, roofs, hardware, theme, selected),
    [points, roofs, hardware, theme, selected],
  );

  return (
    <Chart
      id="chart-roofline"
      title={l10n.t("Roofline")}
      summary={summaryOf(points, unknown, hardware)}
      config={config}
      marks={marks}
      height={280}
      onSelectLayer={onSelectLayer}
      table={{
        head: [l10n.t("Layer"), l10n.t("MACs per byte"), l10n.t("MACs per second"), l10n.t("Roof"), l10n.t("Bound by")],
        rows: points.map(({ layer, intensity, rate, attainable, bound }) => [
          layerText(layer),
          formatCount(intensity),
          formatCount(rate),
          formatCount(attainable),
          boundText(bound),
        ]),
      }}
    >
      <ul class="keys">
        {(Object.keys(BOUNDS) as Bound[]).map((bound) => (
          <KeyItem key={bound} {...BOUNDS[bound]}>
            {boundText(bound)}
          </KeyItem>
        ))}
        <KeyItem shape="line" hue="green">
          {l10n.t("roof of {0}", hardware.name)}
        </KeyItem>
      </ul>
    </Chart>
  );
}

/** Pixels. What a roof is called stands over the points on it. */
const SELECTED_RADIUS = 8;
const LABEL = 22;

function configOf(
  points: readonly RooflinePoint[],
  roofs: readonly Roof[],
  hardware: HardwareProfile,
  theme: ChartTheme,
  selected: ReadonlySet<number>,
): ChartConfiguration {
  const { hues, foreground } = theme;
  const isSelected = ({ layer }: RooflinePoint): boolean => selected.has(layer.index);
  const ranges = rangesOf(points, roofs);
  return {
    type: "scatter",
    data: {
      datasets: [
        {
          data: points.map(({ intensity, rate }) => ({ x: intensity, y: rate })),
          pointStyle: points.map(({ bound }) => BOUNDS[bound].shape),
          pointRadius: points.map((point) => (isSelected(point) ? SELECTED_RADIUS : 4)),
          pointHoverRadius: 7,
          pointBackgroundColor: points.map(({ bound }) =>
            theme.isHighContrast ? "transparent" : faded(hues[BOUNDS[bound].hue], 0.6),
          ),
          pointHoverBackgroundColor: foreground,
          pointBorderColor: points.map((point) => (isSelected(point) ? foreground : hues[BOUNDS[point.bound].hue])),
          pointBorderWidth: points.map((point) => (isSelected(point) ? 2.5 : 1)),
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      layout: { padding: { top: LABEL, right: 12 } },
      interaction: { mode: "nearest", intersect: false },
      scales: {
        x: powerAxis(theme, l10n.t("MACs per byte moved"), ranges.x, formatCount),
        y: powerAxis(theme, l10n.t("MACs per second"), ranges.y, (value) => `${formatCount(value)}/s`),
      },
      plugins: { tooltip: pointTooltip(theme, points.map(pointText)) },
    },
    plugins: [roofPlugin(roofs, hardware, theme)],
  };
}

/** Draws the roofs behind the points: up with the bandwidth, level at the peak rate. */
function roofPlugin(roofs: readonly Roof[], hardware: HardwareProfile, theme: ChartTheme): Plugin {
  return {
    id: "roofs",
    beforeDatasetsDraw: ({ ctx, chartArea, scales }: CanvasChart) => {
      const { x, y } = scales;
      if (!x || !y) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(chartArea.left, chartArea.top - LABEL, chartArea.width, chartArea.height + LABEL);
      ctx.clip();
      ctx.strokeStyle = theme.hues.green;
      ctx.fillStyle = theme.foreground;
      ctx.lineWidth = 2;
      ctx.font = `${theme.font.size}px ${theme.font.family}`;
      ctx.textAlign = "right";
      for (const { type, peak, ridge } of roofs) {
        const corners = [x.min, Math.max(x.min, ridge), x.max].map((intensity) => ({
          x: x.getPixelForValue(intensity),
          y: y.getPixelForValue(attainableRate(intensity, type, hardware)),
        }));
        ctx.beginPath();
        for (const corner of corners) ctx.lineTo(corner.x, corner.y);
        ctx.stroke();
        ctx.fillText(
          `${type}: ${formatCount(peak)} MAC/s`,
          chartArea.right - 4,
          y.getPixelForValue(peak) - SELECTED_RADIUS - 3,
        );
      }
      ctx.restore();
    },
  };
}

/** Whole powers of ten around all points and the ridges of the roofs. */
function rangesOf(points: readonly RooflinePoint[], roofs: readonly Roof[]): { readonly x: Range; readonly y: Range } {
  return {
    x: powersAround([...points.map(({ intensity }) => intensity), ...roofs.map(({ ridge }) => ridge * 2)]),
    y: powersAround([...points.map(({ rate }) => rate), ...roofs.map(({ peak }) => peak)]),
  };
}

function pointText({ layer, type, intensity, rate, attainable, bound }: RooflinePoint): readonly string[] {
  return [
    layerText(layer),
    boundText(bound),
    l10n.t("{0} MACs per byte", formatCount(intensity)),
    l10n.t("{0} MAC/s of {1} that the roof allows ({2})", formatCount(rate), formatCount(attainable), type),
    l10n.t("estimated {0}", formatTime(layer.latencySeconds ?? 0)),
  ];
}

function boundText(bound: Bound): string {
  switch (bound) {
    case "compute":
      return l10n.t("compute-bound");
    case "memory":
      return l10n.t("memory-bound");
    case "overhead":
      return l10n.t("bound by the start of the operator");
  }
}

function summaryOf(points: readonly RooflinePoint[], unknown: number, hardware: HardwareProfile): string {
  const count = (bound: Bound): string => points.filter((point) => point.bound === bound).length.toLocaleString();
  const text = l10n.t(
    "On {0}, of {1} layers with MACs {2} are compute-bound, {3} memory-bound and {4} bound by the start of the operator.",
    hardware.name,
    points.length.toLocaleString(),
    count("compute"),
    count("memory"),
    count("overhead"),
  );
  return unknown === 0 ? text : `${text} ${l10n.t("{0} are unknown.", unknown.toLocaleString())}`;
}
