import * as l10n from "@vscode/l10n";
import type { ChartConfiguration } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatTime } from "../../profiler/format-numbers.ts";
import { amountAxis, baseOptions, nameAxis } from "../charts/chart-options.ts";
import { Chart } from "../charts/Chart.tsx";
import { faded, fillOf, useTheme, type ChartTheme } from "../charts/theme.ts";
import { Select, type Choice } from "../controls/Select.tsx";
import { formatRelative } from "../compare/compared-layers.ts";
import type { KeptRun, OtherRun } from "../protocol/running.ts";
import { compareRuns, type LayerChange, type RunComparison } from "./compare-runs.ts";
import type { ShownRow } from "./shown-rows.ts";
import { dateText, medianText, modelText, runText } from "./run-text.ts";

interface RunComparisonViewProps {
  readonly run: KeptRun;
  /** What it is compared with; null until the user says. */
  readonly baseline: KeptRun | null;
  /** Of this model. */
  readonly runs: readonly KeptRun[];
  /** Of the workspace's other models. */
  readonly others: readonly OtherRun[];
  readonly rowOf: ShownRow;
  readonly onChoose: (run: string) => void;
  readonly onSelectLayer: (index: number) => void;
}

/** Layers in the chart: what is smaller cannot be told apart. */
const SHOWN_LAYERS = 20;

/** Where the time went between two runs, of one model or of two. */
export function RunComparisonView(props: RunComparisonViewProps): JSX.Element {
  const { run, baseline, rowOf, onChoose, onSelectLayer } = props;
  const theme = useTheme();
  const comparison = useMemo(() => baseline && compareRuns(baseline.result, run.result), [baseline, run]);
  const layers = comparison?.layers.slice(0, SHOWN_LAYERS) ?? [];
  const config = useMemo(() => configOf(layers, theme), [comparison, theme]);
  const noisy = layers.filter(({ isNoise }) => isNoise === true).length;
  return (
    <section class="run-comparison" aria-label={l10n.t("Where the time went")} data-testid="run-comparison">
      <h2>{l10n.t("Where the time went")}</h2>
      <p>
        {l10n.t("Against")}{" "}
        <Select
          label={l10n.t("Run to compare with")}
          value={baseline?.id ?? ""}
          choices={choicesOf(props)}
          onChange={onChoose}
        />
      </p>
      {comparison && baseline && (
        <p data-testid="run-change">
          {`${medianText(baseline.result.latency)} → ${medianText(run.result.latency)}: `}
          <strong>{changeText(comparison)}</strong>
        </p>
      )}
      {baseline && baseline.result.device.name !== run.result.device.name && (
        <p class="remark">{l10n.t("They ran on different devices.")}</p>
      )}
      {layers.length > 0 && (
        <Chart
          id="chart-runs"
          title={l10n.t("Change of each layer")}
          summary={[
            l10n.t("Layers whose time changed most ({0}); below zero they became faster.", layers.length),
            ...(noisy > 0 ? [l10n.t("{0} of them, in grey, changed within the noise.", noisy)] : []),
          ].join(" ")}
          hint={l10n.t("arrow keys go from layer to layer, Enter selects it")}
          config={config}
          marks={layers.map((layer) => ({
            layer: rowOf(layer.row),
            text: [`${layer.name}: ${signedTime(layer.change)}`, noiseText(layer)].filter(Boolean).join(", "),
          }))}
          height={220}
          onSelectLayer={onSelectLayer}
          table={{
            head: [l10n.t("Layer"), l10n.t("Before"), l10n.t("After"), l10n.t("Change"), l10n.t("Noise")],
            rows: layers.map((layer) => [
              layer.name,
              layer.before === undefined ? "" : formatTime(layer.before),
              layer.after === undefined ? "" : formatTime(layer.after),
              signedTime(layer.change),
              noiseText(layer),
            ]),
          }}
        />
      )}
    </section>
  );
}

/** Runs of this model first; those of others say which. */
function choicesOf({ run, baseline, runs, others }: RunComparisonViewProps): readonly Choice<string>[] {
  return [
    ...(baseline ? [] : [{ value: "", text: l10n.t("choose a run") }]),
    ...runs.filter(({ id }) => id !== run.id).map((other) => ({ value: other.id, text: runText(other) })),
    ...others.map(({ id, model, startedAt, device, edits, median }) => ({
      value: id,
      text: [`${model}: ${dateText(startedAt)}`, device, modelText({ edits }), formatTime(median)].join(", "),
    })),
  ];
}

function configOf(layers: readonly LayerChange[], theme: ChartTheme): ChartConfiguration {
  const [less, more, noise] = [fillOf(theme, "green"), fillOf(theme, "red"), faded(theme.muted, NOISE_OPACITY)];
  return {
    type: "bar",
    data: {
      labels: layers.map((_, place) => `${place + 1}`),
      datasets: [
        {
          data: layers.map(({ change }) => change),
          backgroundColor: layers.map(({ change, isNoise }) => (isNoise === true ? noise : change < 0 ? less : more)),
          hoverBackgroundColor: theme.foreground,
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      interaction: { mode: "index", intersect: false },
      scales: {
        x: nameAxis(theme, l10n.t("Layers, the largest change first")),
        y: amountAxis(theme, { title: l10n.t("Change"), unit: "s" }),
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => layers[item?.dataIndex ?? -1]?.name ?? "",
            label: ({ dataIndex }) => {
              const layer = layers[dataIndex];
              return layer ? ` ${[signedTime(layer.change), noiseText(layer)].filter(Boolean).join(", ")}` : "";
            },
          },
        },
      },
    },
  };
}

/** Seen, and taken for less than the others. */
const NOISE_OPACITY = 0.45;

function noiseText({ isNoise }: LayerChange): string {
  return isNoise === true ? l10n.t("within the noise") : "";
}

function changeText({ seconds, relative, meaning }: RunComparison): string {
  const change = `${signedTime(seconds)} (${formatRelative(relative)})`;
  switch (meaning) {
    case "faster":
      return l10n.t("{0}, faster", change);
    case "slower":
      return l10n.t("{0}, slower", change);
    case "noise":
      return l10n.t("{0}, within the noise: the middle halves of the runs overlap", change);
    case "unknown":
      return l10n.t("{0}; too few runs to tell it from noise", change);
  }
}

/** "−1.20 ms" */
function signedTime(seconds: number): string {
  if (seconds === 0) return "0";
  return `${seconds < 0 ? "−" : "+"}${formatTime(Math.abs(seconds))}`;
}
