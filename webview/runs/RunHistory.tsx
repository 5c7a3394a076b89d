import * as l10n from "@vscode/l10n";
import type { ChartConfiguration } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatTime } from "../../profiler/format-numbers.ts";
import { amountAxis, baseOptions, nameAxis } from "../charts/chart-options.ts";
import { Chart } from "../charts/Chart.tsx";
import { fillOf, useTheme, type ChartTheme } from "../charts/theme.ts";
import type { KeptRun } from "../protocol/running.ts";
import { dateText, medianText, modelText, runText, threadsText } from "./run-text.ts";
import { middleHalf } from "./spread.ts";

interface RunHistoryProps {
  /** The newest first. */
  readonly runs: readonly KeptRun[];
  readonly shown: string | null;
  readonly onShow: (run: string) => void;
}

/** Runs in the chart: what is older is in the list. */
const SHOWN_RUNS = 24;
/** Part of a bar that the line of its middle half is wide. */
const WHISKER = 0.12;

/** The medians of the runs in the order in which they were made, with their noise. */
export function RunHistory({ runs, shown, onShow }: RunHistoryProps): JSX.Element {
  const theme = useTheme();
  const charted = useMemo(() => runs.slice(0, SHOWN_RUNS).toReversed(), [runs]);
  const config = useMemo(() => configOf(charted, shown, theme), [charted, shown, theme]);
  const marks = useMemo(
    () =>
      charted.map((run, position) => ({
        text: `${runText(run)}: ${formatTime(run.result.latency.statistics.median)}`,
        layer: position,
      })),
    [charted],
  );
  return (
    <Chart
      id="chart-history"
      title={l10n.t("Median of each run")}
      summary={l10n.t(
        "The {0} latest runs, the newest at the right; the lines are where half of a run’s times lie.",
        charted.length,
      )}
      hint={l10n.t("arrow keys go from run to run, Enter shows it")}
      config={config}
      marks={marks}
      height={150}
      onSelectLayer={(position) => {
        const run = charted[position];
        if (run) onShow(run.id);
      }}
      table={{
        head: [l10n.t("When"), l10n.t("Device"), l10n.t("Threads"), l10n.t("Model"), l10n.t("Median")],
        rows: charted.map((run) => [
          dateText(run.result.startedAt),
          run.result.device.name,
          String(run.result.settings.threads),
          modelText(run),
          medianText(run.result.latency),
        ]),
      }}
    />
  );
}

function configOf(runs: readonly KeptRun[], shown: string | null, theme: ChartTheme): ChartConfiguration {
  const { foreground, hues } = theme;
  const halves = runs.map(({ result }) => middleHalf(result.latency));
  return {
    type: "bar",
    data: {
      labels: runs.map((_, position) => `${position + 1}`),
      datasets: [
        {
          data: runs.map(({ result }) => result.latency.statistics.median),
          backgroundColor: runs.map(({ edits }) => fillOf(theme, edits.length === 0 ? "blue" : "green")),
          hoverBackgroundColor: runs.map(({ edits }) => (edits.length === 0 ? hues.blue : hues.green)),
          borderColor: runs.map(({ id, edits }) =>
            id === shown ? foreground : edits.length === 0 ? hues.blue : hues.green,
          ),
          borderWidth: runs.map(({ id }) => (id === shown ? 2 : theme.isHighContrast ? 1 : 0)),
          maxBarThickness: 40,
          grouped: false,
          order: 1,
        },
        {
          data: halves.map((half): [number, number] | null => (half ? [half.low, half.high] : null)),
          backgroundColor: foreground,
          hoverBackgroundColor: foreground,
          maxBarThickness: 3,
          barPercentage: WHISKER,
          grouped: false,
          order: 0,
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      interaction: { mode: "index", intersect: false },
      scales: { x: nameAxis(theme, ""), y: amountAxis(theme, { title: "", unit: "s" }) },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          filter: ({ datasetIndex }) => datasetIndex === 0,
          callbacks: {
            title: ([item]) => {
              const run = runs[item?.dataIndex ?? -1];
              return run ? dateText(run.result.startedAt) : "";
            },
            label: ({ dataIndex }) => {
              const run = runs[dataIndex];
              return run ? ` ${medianText(run.result.latency)}` : "";
            },
            footer: ([item]) => {
              const run = runs[item?.dataIndex ?? -1];
              return run ? [run.result.device.name, threadsText(run.result.settings), modelText(run)] : "";
            },
          },
        },
      },
    },
  };
}
