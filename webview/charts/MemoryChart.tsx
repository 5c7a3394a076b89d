import * as l10n from "@vscode/l10n";
import type { ChartConfiguration, Plugin } from "chart.js";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { formatBytes, formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile, MemoryTimeline } from "../../profiler/profile.ts";
import {
  aliveAt,
  memoryMarks,
  peakMark,
  type AliveTensor,
  type MemoryMark,
} from "../../profiler/views/memory-timeline.ts";
import { Breakable } from "../controls/Breakable.tsx";
import { amountAxis, baseOptions, nameAxis } from "./chart-options.ts";
import { Chart } from "./Chart.tsx";
import { layerText } from "./CostChart.tsx";
import { KeyItem } from "./Key.tsx";
import { faded, type ChartTheme } from "./theme.ts";

/** Steps side by side; beyond, each mark is the fullest of its steps. */
const MARKS = 300;

/** Tensors named below the chart. */
const NAMED_TENSORS = 6;

interface MemoryChartProps {
  readonly layers: readonly LayerProfile[];
  readonly timeline: MemoryTimeline;
  /** Size of the arena; null when it is unknown. */
  readonly arenaBytes: number | null;
  readonly theme: ChartTheme;
  /** Indices of all layers that are selected. */
  readonly selected: ReadonlySet<number>;
  readonly onSelectLayer: (index: number) => void;
}

/** What is in the arena while the network runs, with the fullest step and who is in it. */
export function MemoryChart({
  layers,
  timeline,
  arenaBytes,
  theme,
  selected,
  onSelectLayer,
}: MemoryChartProps): JSX.Element {
  const marks = useMemo(() => memoryMarks(timeline, MARKS), [timeline]);
  const peak = useMemo(() => marks.findIndex((mark) => mark === peakMark(marks)), [marks]);
  const [active, setActive] = useState(-1);
  useEffect(() => setActive(-1), [marks]);
  const chosen = marks[active] ?? marks[peak];
  const alive = useMemo(() => (chosen ? aliveAt(timeline, chosen.step) : []), [timeline, chosen]);
  const nameOf = (mark: MemoryMark): string => {
    const layer = layers[mark.layer];
    return layer ? layerText(layer) : `#${mark.layer}`;
  };
  const config = useMemo(
    () => configOf(marks, peak, nameOf, arenaBytes, theme, selected),
    [marks, peak, layers, arenaBytes, theme, selected],
  );
  const spoken = useMemo(
    () => marks.map((mark) => ({ layer: mark.layer, text: `${nameOf(mark)}: ${formatBytes(mark.bytes)}` })),
    [marks, layers],
  );
  const peakStep = marks[peak];

  return (
    <Chart
      id="chart-memory"
      title={l10n.t("Activation memory over time")}
      summary={
        peakStep
          ? l10n.t("The arena is fullest with {0} during {1}.", formatBytes(peakStep.bytes), nameOf(peakStep))
          : l10n.t("Nothing is kept in memory.")
      }
      config={config}
      marks={spoken}
      height={220}
      onSelectLayer={onSelectLayer}
      onActive={setActive}
      table={{
        head: [l10n.t("Layer"), l10n.t("Alive"), l10n.t("Largest tensors")],
        rows: marks.map((mark) => [
          nameOf(mark),
          formatBytes(mark.bytes),
          aliveAt(timeline, mark.step)
            .slice(0, 3)
            .map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`)
            .join(", "),
        ]),
      }}
    >
      <ul class="keys">
        <KeyItem shape="rectRot" hue="red">
          {l10n.t("peak")}
        </KeyItem>
        <KeyItem shape="dash" hue="red">
          {l10n.t("size of the arena, with its gaps")}
        </KeyItem>
      </ul>
      {chosen && <AliveList title={aliveTitle(active, nameOf(chosen))} alive={alive} bytes={chosen.bytes} />}
    </Chart>
  );
}

function aliveTitle(active: number, layer: string): string {
  return active < 0 ? l10n.t("Alive at the peak, {0}", layer) : l10n.t("Alive during {0}", layer);
}

interface AliveListProps {
  readonly title: string;
  readonly alive: readonly AliveTensor[];
  readonly bytes: number;
}

function AliveList({ title, alive, bytes }: AliveListProps): JSX.Element {
  const hidden = alive.length - NAMED_TENSORS;
  return (
    <div class="alive">
      <h3>{title}</h3>
      <ul>
        {alive.slice(0, NAMED_TENSORS).map((tensor, position) => (
          <li key={position}>
            <span class="alive-bar" style={{ width: `${(100 * tensor.bytes) / bytes}%` }} />
            <span class="alive-name">
              <Breakable text={tensor.name} />
            </span>
            <span class="alive-bytes">
              {formatBytes(tensor.bytes)}, {formatShare(tensor.bytes / bytes)}
            </span>
          </li>
        ))}
        {hidden > 0 && <li class="alive-more">{l10n.t("{0} more", hidden.toLocaleString())}</li>}
      </ul>
    </div>
  );
}

function configOf(
  marks: readonly MemoryMark[],
  peak: number,
  nameOf: (mark: MemoryMark) => string,
  arenaBytes: number | null,
  theme: ChartTheme,
  selected: ReadonlySet<number>,
): ChartConfiguration {
  const { hues, foreground } = theme;
  const radius = ({ layer }: MemoryMark, at: number): number => (selected.has(layer) ? 6 : at === peak ? 5 : 0);
  return {
    type: "line",
    data: {
      labels: marks.map(({ layer }) => `#${layer}`),
      datasets: [
        {
          data: marks.map(({ bytes }) => bytes),
          stepped: "middle",
          fill: true,
          borderColor: hues.green,
          borderWidth: 1.5,
          backgroundColor: theme.isHighContrast ? "transparent" : faded(hues.green, 0.3),
          pointRadius: marks.map(radius),
          pointHoverRadius: 5,
          pointStyle: marks.map(({ layer }) => (selected.has(layer) ? "circle" : "rectRot")),
          pointBackgroundColor: marks.map(({ layer }) => (selected.has(layer) ? "transparent" : hues.red)),
          pointBorderColor: marks.map(({ layer }) => (selected.has(layer) ? foreground : hues.red)),
          pointBorderWidth: 2,
          pointHoverBackgroundColor: foreground,
          pointHoverBorderColor: foreground,
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      interaction: { mode: "index", intersect: false },
      scales: {
        x: nameAxis(theme, l10n.t("Layers in the order in which they run")),
        y: { ...amountAxis(theme, { title: l10n.t("Alive"), unit: "bytes" }), suggestedMax: arenaBytes ?? 0 },
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => {
              const mark = marks[item?.dataIndex ?? -1];
              return mark ? nameOf(mark) : "";
            },
            label: ({ dataIndex }) => ` ${formatBytes(marks[dataIndex]?.bytes ?? 0)}`,
          },
        },
      },
    },
    plugins: arenaBytes === null ? [] : [arenaPlugin(arenaBytes, theme)],
  };
}

/** A dashed line at the size of the arena. */
function arenaPlugin(bytes: number, { hues }: ChartTheme): Plugin {
  return {
    id: "arena",
    afterDatasetsDraw: ({ ctx, chartArea, scales: { y } }) => {
      if (!y) return;
      const at = y.getPixelForValue(bytes);
      ctx.save();
      ctx.strokeStyle = hues.red;
      ctx.lineWidth = 1.5;
      ctx.setLineDash([6, 4]);
      ctx.beginPath();
      ctx.moveTo(chartArea.left, at);
      ctx.lineTo(chartArea.right, at);
      ctx.stroke();
      ctx.restore();
    },
  };
}
