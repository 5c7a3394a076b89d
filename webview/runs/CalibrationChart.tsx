import * as l10n from "@vscode/l10n";
import type { Chart as CanvasChart, ChartConfiguration, Plugin } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatRatio, formatShare, formatTime } from "../../profiler/format-numbers.ts";
import type { HardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import {
  CALIBRATION_BAND,
  calibrationOf,
  LAYER_FAMILIES,
  type Calibration,
  type CalibrationPoint,
  type LayerFamily,
} from "../../profiler/views/calibration.ts";
import { baseOptions, pointTooltip, powerAxis, powersAround, withoutZeros } from "../charts/chart-options.ts";
import { Chart } from "../charts/Chart.tsx";
import { layerText } from "../charts/CostChart.tsx";
import { KeyItem, type PointShape } from "../charts/Key.tsx";
import { faded, useTheme, type ChartTheme, type Hue } from "../charts/theme.ts";

interface CalibrationChartProps {
  /** With the times of the shown run. */
  readonly layers: readonly LayerProfile[];
  /** Seconds that it took. */
  readonly latency: number;
  /** What the rows are estimated for. */
  readonly hardware: HardwareProfile;
  readonly onSelectLayer: (index: number) => void;
}

/** Each family of kernels has a shape of its own beside its colour. */
const FAMILIES: Readonly<Record<LayerFamily, { readonly shape: PointShape; readonly hue: Hue }>> = {
  depthwise: { shape: "triangle", hue: "yellow" },
  pointwise: { shape: "circle", hue: "blue" },
  spatial: { shape: "rect", hue: "green" },
  grouped: { shape: "rectRot", hue: "purple" },
  dense: { shape: "crossRot", hue: "red" },
  other: { shape: "cross", hue: "blue" },
};

/** "10 %" */
const BAND = withoutZeros(formatShare(CALIBRATION_BAND));

/** Measured time against predicted time, a point a layer: how far the estimates can be trusted. Nothing where no layer has both. */
export function CalibrationChart({ layers, latency, hardware, onSelectLayer }: CalibrationChartProps): JSX.Element {
  const theme = useTheme();
  const calibration = useMemo(() => calibrationOf(layers, latency), [layers, latency]);
  const { points } = calibration;
  const config = useMemo(() => configOf(points, theme), [points, theme]);
  const marks = useMemo(
    () => points.map((point) => ({ text: pointText(point).join(", "), layer: point.layer.index })),
    [points],
  );
  if (points.length === 0) return <></>;
  return (
    <Chart
      id="chart-calibration"
      title={l10n.t("Measured against predicted")}
      summary={summaryOf(calibration, hardware)}
      config={config}
      marks={marks}
      height={280}
      onSelectLayer={onSelectLayer}
      table={{
        head: [
          l10n.t("Layer"),
          l10n.t("Kind"),
          l10n.t("Predicted"),
          l10n.t("Measured"),
          l10n.t("Measured ÷ predicted"),
        ],
        rows: points.map(({ layer, family, predicted, measured }) => [
          layerText(layer),
          familyText(family),
          formatTime(predicted),
          formatTime(measured),
          formatRatio(measured / predicted),
        ]),
      }}
    >
      <ul class="keys">
        {LAYER_FAMILIES.filter((family) => points.some((point) => point.family === family)).map((family) => (
          <KeyItem key={family} {...FAMILIES[family]}>
            {familyText(family)}
          </KeyItem>
        ))}
        <KeyItem shape="line" hue="green">
          {l10n.t("as predicted, and ±{0}", BAND)}
        </KeyItem>
      </ul>
    </Chart>
  );
}

function configOf(points: readonly CalibrationPoint[], theme: ChartTheme): ChartConfiguration {
  const hueOf = ({ family }: CalibrationPoint): string => theme.hues[FAMILIES[family].hue];
  const range = powersAround(points.flatMap(({ predicted, measured }) => [predicted, measured]));
  return {
    type: "scatter",
    data: {
      datasets: [
        {
          data: points.map(({ predicted, measured }) => ({ x: predicted, y: measured })),
          pointStyle: points.map(({ family }) => FAMILIES[family].shape),
          pointRadius: 5,
          pointHoverRadius: 8,
          pointBackgroundColor: points.map((point) =>
            theme.isHighContrast ? "transparent" : faded(hueOf(point), 0.6),
          ),
          pointHoverBackgroundColor: theme.foreground,
          pointBorderColor: points.map(hueOf),
          pointBorderWidth: 1.5,
        },
      ],
    },
    plugins: [diagonal(theme)],
    options: {
      ...baseOptions(theme),
      layout: { padding: { top: 8, right: 12 } },
      interaction: { mode: "nearest", intersect: false },
      scales: {
        x: powerAxis(theme, l10n.t("Predicted"), range, formatTime),
        y: powerAxis(theme, l10n.t("Measured"), range, formatTime),
      },
      plugins: { tooltip: pointTooltip(theme, points.map(pointText)) },
    },
  };
}

/** Draws behind the points where measured is predicted, and the band around it. */
function diagonal(theme: ChartTheme): Plugin {
  return {
    id: "diagonal",
    beforeDatasetsDraw: ({ ctx, chartArea: { left, top, width, height }, scales: { x, y } }: CanvasChart) => {
      if (!x || !y) return;
      const line = (factor: number): readonly (readonly [number, number])[] =>
        [x.min, x.max].map((at) => [x.getPixelForValue(at), y.getPixelForValue(at * factor)]);
      const draw = (corners: readonly (readonly [number, number])[]): void => {
        ctx.beginPath();
        for (const [across, down] of corners) ctx.lineTo(across, down);
      };
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      const [low, high] = [line(1 - CALIBRATION_BAND), line(1 + CALIBRATION_BAND)];
      ctx.fillStyle = faded(theme.hues.green, theme.isHighContrast ? 0 : 0.2);
      draw([...low, ...high.toReversed()]);
      ctx.fill();
      ctx.strokeStyle = theme.hues.green;
      ctx.lineWidth = 1.5;
      draw(line(1));
      ctx.stroke();
      ctx.lineWidth = 1;
      ctx.setLineDash([4, 3]);
      for (const edge of [low, high]) {
        draw(edge);
        ctx.stroke();
      }
      ctx.restore();
    },
  };
}

function pointText({ layer, family, predicted, measured }: CalibrationPoint): readonly string[] {
  return [
    layerText(layer),
    familyText(family),
    l10n.t(
      "measured {0}, predicted {1}: {2}",
      formatTime(measured),
      formatTime(predicted),
      formatRatio(measured / predicted),
    ),
  ];
}

function familyText(family: LayerFamily): string {
  switch (family) {
    case "depthwise":
      return l10n.t("depthwise convolution");
    case "pointwise":
      return l10n.t("pointwise convolution (1×1)");
    case "spatial":
      return l10n.t("convolution (k×k)");
    case "grouped":
      return l10n.t("grouped convolution");
    case "dense":
      return l10n.t("dense or matrix product");
    case "other":
      return l10n.t("other operator");
  }
}

function summaryOf(
  { points, unknown, shareWithin, predicted, measured }: Calibration,
  hardware: HardwareProfile,
): string {
  const { efficiency, kernels = efficiency } = hardware.sources;
  const parts = [
    l10n.t(
      "Within ±{3} of what {4} predicts: {0} of {1} layers, {2} of the measured time. Together they took {5}; {6} was predicted.",
      points.filter(({ isWithin }) => isWithin).length,
      points.length,
      formatShare(shareWithin),
      BAND,
      hardware.name,
      formatTime(measured),
      formatTime(predicted),
    ),
    kernels === undefined ? l10n.t("That profile was not learned from runs.") : `${kernels}.`,
    unknown > 0 && l10n.t("Layers without an estimate or a time, left out: {0}.", unknown),
  ];
  return parts.filter((part) => part !== false).join(" ");
}
