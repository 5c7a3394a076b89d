import * as l10n from "@vscode/l10n";
import type { ChartConfiguration } from "chart.js";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatTime } from "../../profiler/format-numbers.ts";
import { amountAxis, baseOptions, nameAxis } from "../charts/chart-options.ts";
import { Chart } from "../charts/Chart.tsx";
import { fillOf, useTheme, type ChartTheme } from "../charts/theme.ts";
import { Select } from "../controls/Select.tsx";
import { formatRelative } from "../compare/compared-layers.ts";
import type { KeptRun } from "../protocol-running.ts";
import { compareRuns, type OperatorChange, type RunComparison } from "./compare-runs.ts";
import { dateText, medianText, modelText } from "./run-text.ts";

interface RunComparisonViewProps {
  readonly run: KeptRun;
  /** What it is compared with; null until the user says. */
  readonly baseline: KeptRun | null;
  readonly runs: readonly KeptRun[];
  readonly onChoose: (run: string) => void;
}

/** Operators in the chart: what is smaller cannot be told apart. */
const SHOWN_OPERATORS = 20;

/** Where the time went between two runs. */
export function RunComparisonView({ run, baseline, runs, onChoose }: RunComparisonViewProps): JSX.Element {
  const theme = useTheme();
  const comparison = useMemo(() => baseline && compareRuns(baseline.result, run.result), [baseline, run]);
  const operators = comparison?.operators.slice(0, SHOWN_OPERATORS) ?? [];
  const config = useMemo(() => configOf(operators, theme), [comparison, theme]);
  const others = runs.filter(({ id }) => id !== run.id);
  return (
    <section class="run-comparison" aria-label={l10n.t("Where the time went")} data-testid="run-comparison">
      <h2>{l10n.t("Where the time went")}</h2>
      <p>
        {l10n.t("Against")}{" "}
        <Select
          label={l10n.t("Run to compare with")}
          value={baseline?.id ?? ""}
          choices={[
            ...(baseline ? [] : [{ value: "", text: l10n.t("choose a run") }]),
            ...others.map((other) => ({ value: other.id, text: runText(other) })),
          ]}
          onChange={onChoose}
        />
      </p>
      {comparison && baseline && (
        <p data-testid="run-change">
          {`${medianText(baseline.result.latency)} → ${medianText(run.result.latency)}: `}
          <strong>{changeText(comparison)}</strong>
        </p>
      )}
      {operators.length > 0 && (
        <Chart
          id="chart-runs"
          title={l10n.t("Change of each operator")}
          summary={l10n.t(
            "The {0} operators whose time changed most; below zero they became faster.",
            operators.length,
          )}
          hint={l10n.t("arrow keys go from operator to operator")}
          config={config}
          marks={operators.map((operator) => ({
            layer: null,
            text: `${operator.name}: ${signedTime(operator.change)}`,
          }))}
          height={220}
          onSelectLayer={() => undefined}
          table={{
            head: [l10n.t("Operator"), l10n.t("Before"), l10n.t("After"), l10n.t("Change")],
            rows: operators.map(({ name, before, after, change }) => [
              name,
              before === undefined ? "" : formatTime(before),
              after === undefined ? "" : formatTime(after),
              signedTime(change),
            ]),
          }}
        />
      )}
    </section>
  );
}

function configOf(operators: readonly OperatorChange[], theme: ChartTheme): ChartConfiguration {
  const [less, more] = [fillOf(theme, "green"), fillOf(theme, "red")];
  return {
    type: "bar",
    data: {
      labels: operators.map((_, place) => `${place + 1}`),
      datasets: [
        {
          data: operators.map(({ change }) => change),
          backgroundColor: operators.map(({ change }) => (change < 0 ? less : more)),
          hoverBackgroundColor: theme.foreground,
        },
      ],
    },
    options: {
      ...baseOptions(theme),
      interaction: { mode: "index", intersect: false },
      scales: {
        x: nameAxis(theme, l10n.t("Operators, the largest change first")),
        y: amountAxis(theme, { title: l10n.t("Change"), unit: "s" }),
      },
      plugins: {
        tooltip: {
          ...baseOptions(theme).plugins?.tooltip,
          callbacks: {
            title: ([item]) => operators[item?.dataIndex ?? -1]?.name ?? "",
            label: ({ dataIndex }) => ` ${signedTime(operators[dataIndex]?.change ?? 0)}`,
          },
        },
      },
    },
  };
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

function runText(run: KeptRun): string {
  return [dateText(run.result.startedAt), run.result.device.name, modelText(run)].join(", ");
}
