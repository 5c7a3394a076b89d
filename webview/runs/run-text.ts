import * as l10n from "@vscode/l10n";
import type { MiddleHalf } from "../../profiler/device/latency-statistics.ts";
import type { RunPhase, TargetProgress } from "../../profiler/device/target.ts";
import type {
  DeviceIdentity,
  Latency,
  LatencyStatistics,
  OutputCheck,
  PeakResidentMemory,
  RunResult,
} from "../../profiler/device/run-result.ts";
import { formatBytes, formatRatio, formatTime } from "../../profiler/format-numbers.ts";
import type { KeptRun } from "../protocol/running.ts";
import { middleHalf } from "./spread.ts";

/** What a run is called in lists: when, and what was different from the others. */
export function runTitle({ startedAt, model, device }: RunResult): string {
  return l10n.t("{0} on {1}, {2}", model.file, device.name, dateText(startedAt));
}

/** "Nov 21, 6:14 AM", with seconds where they are asked for. */
export function dateText(iso: string, hasSeconds = false): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleString(undefined, {
    ...(isThisYear ? {} : { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    ...(hasSeconds && { second: "2-digit" }),
  });
}

/** When runs of one list began, by their ids: to the second where several began in the same minute. */
export function startTexts(runs: readonly KeptRun[]): ReadonlyMap<string, string> {
  const minutes = runs.map(({ result }) => dateText(result.startedAt));
  return new Map(
    runs.map(({ id, result }) => {
      const minute = dateText(result.startedAt);
      const isAlone = minutes.filter((other) => other === minute).length === 1;
      return [id, isAlone ? minute : dateText(result.startedAt, true)];
    }),
  );
}

export function deviceText({ name, system, soc }: DeviceIdentity): string {
  return [name, soc, system].filter((part) => part !== null && part !== "").join(", ");
}

/** Which version of the model ran. */
export function modelText({ edits }: Pick<KeptRun, "edits">): string {
  if (edits.length === 0) return l10n.t("the file");
  const [only] = edits;
  return edits.length === 1 && only !== undefined ? only : l10n.t("{0} edits", edits.length);
}

/** What tells a run from the others of a model: "Nov 21, 6:14 AM, Google Pixel 8, 4 threads, the file". */
export function runText(run: KeptRun): string {
  const { startedAt, device, settings } = run.result;
  return [dateText(startedAt), device.name, threadsText(settings), modelText(run)].join(", ");
}

export function threadsText({ threads }: Pick<RunResult["settings"], "threads">): string {
  return threads === 1 ? l10n.t("1 thread") : l10n.t("{0} threads", threads);
}

/** "12.3 ms ± 0.40 ms": the median, and how far from it half of the runs lie. */
export function medianText(latency: Latency): string {
  const { median } = latency.statistics;
  const half = middleHalf(latency);
  return half ? `${formatTime(median)} ± ${formatTime((half.high - half.low) / 2)}` : formatTime(median);
}

/** What a run says beside the estimated latency. */
export interface MeasuredLatency {
  /** "12.0 ms measured" */
  readonly short: string;
  /** "12.0 ms measured on Google Pixel 8, 4 threads" */
  readonly text: string;
}

export function measuredLatency({ latency, device, settings }: RunResult): MeasuredLatency {
  const median = formatTime(latency.statistics.median);
  return {
    short: l10n.t("{0} measured", median),
    text: l10n.t("{0} measured on {1}, {2}", median, device.name, threadsText(settings)),
  };
}

const PHASES: Readonly<Record<RunPhase, () => string>> = {
  queued: () => l10n.t("Waiting for another run on the device"),
  preparing: () => l10n.t("Preparing the model and its inputs"),
  "pushing-runtime": () => l10n.t("Pushing the runtime"),
  "pushing-model": () => l10n.t("Pushing the model"),
  latency: () => l10n.t("Measuring the latency"),
  layers: () => l10n.t("Measuring each layer"),
  energy: () => l10n.t("Measuring the energy"),
  comparing: () => l10n.t("Comparing the outputs with this machine’s"),
  "cleaning-up": () => l10n.t("Cleaning up"),
};

const PUSHES: ReadonlySet<RunPhase> = new Set(["pushing-runtime", "pushing-model"]);

/** "Pushing the model: 12.3 MB of 54.0 MB" */
export function progressText({ phase, done, total }: TargetProgress): string {
  const what = PHASES[phase]();
  if (done === undefined) return what;
  const amount = (value: number): string => (PUSHES.has(phase) ? formatBytes(value) : value.toLocaleString());
  return total === undefined
    ? `${what}: ${amount(done)}`
    : l10n.t("{0}: {1} of {2}", what, amount(done), amount(total));
}

/** Part of the phase that is done; undefined where it does not tell. */
export function progressPart({ done, total }: TargetProgress): number | undefined {
  return done !== undefined && total !== undefined && total > 0 ? Math.min(1, done / total) : undefined;
}

export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly value: string;
  readonly tip: string;
}

/** The latency in figures, the one to quote first. */
export function latencyFigures(latency: Latency): readonly Figure[] {
  const { runs, median, mean, p90, p99, minimum, maximum } = latency.statistics;
  const half = middleHalf(latency);
  const figures: readonly (readonly [id: string, title: string, seconds: number | null, tip: string])[] = [
    ["median", l10n.t("Median"), median, l10n.t("Half of {0} timed runs were faster. The figure to quote.", runs)],
    ["mean", l10n.t("Mean"), mean, l10n.t("Of {0} timed runs.", runs)],
    ["p90", "p90", p90, l10n.t("Nine of ten runs were at least as fast.")],
    ["p99", "p99", p99, l10n.t("99 of 100 runs were at least as fast.")],
    ["minimum", l10n.t("Fastest"), minimum, l10n.t("The slowest took {0}.", formatTime(maximum))],
    ["spread", l10n.t("Spread"), half && (half.high - half.low) / 2, half ? spreadTip(half) : ""],
    ["first", l10n.t("First run"), latency.firstRunSeconds, l10n.t("The very first inference, before any warm-up.")],
    ["load", l10n.t("Load"), latency.loadSeconds, l10n.t("From the file to a model that is ready to run.")],
  ];
  return figures.flatMap(([id, title, seconds, tip]) =>
    seconds === null ? [] : [{ id, title, value: (id === "spread" ? "± " : "") + formatTime(seconds), tip }],
  );
}

function spreadTip({ low, high }: MiddleHalf): string {
  return l10n.t(
    "Half of the runs took between {0} and {1}: a smaller difference is noise.",
    formatTime(low),
    formatTime(high),
  );
}

/** What the process that ran the model took of the device's memory. */
export function memoryFigure({ peakBytes, baselineBytes, meaning }: PeakResidentMemory): Figure {
  const title = l10n.t("Peak memory");
  const tip = meaning ?? l10n.t("Largest resident set of the process: the model, the runtime and the C library.");
  const before =
    baselineBytes === null ? "" : ` ${l10n.t("{0} of it before the model was loaded.", formatBytes(baselineBytes))}`;
  return { id: "memory", title, value: formatBytes(peakBytes), tip: tip + before };
}

/**
 * What the roofline had said of the model's latency. A phone's estimate says nothing of this machine: there the two are not divided.
 */
export function estimateFigure(estimate: number, { median }: LatencyStatistics, device: DeviceIdentity): Figure {
  if (device.kind === "host") {
    const other = l10n.t(
      "Of the hardware profile that was chosen when the run began. Unless that profile is of this machine, the two do not compare.",
    );
    return { id: "estimate", title: l10n.t("Profile’s estimate"), value: formatTime(estimate), tip: other };
  }
  const tip = l10n.t(
    "Of the chosen hardware profile, when the run began. The measured median is {0} of it.",
    formatRatio(estimate > 0 ? median / estimate : 0),
  );
  return { id: "estimate", title: l10n.t("Estimate"), value: formatTime(estimate), tip };
}

export interface Verdict {
  readonly icon: "pass" | "error" | "question";
  readonly text: string;
}

/** Whether the device computed what this machine does. */
export function outputVerdict({ verdict, outputs, tolerance }: OutputCheck): Verdict {
  const worst = outputs.reduce((most, { maxRelative }) => Math.max(most, maxRelative ?? 0), 0);
  switch (verdict) {
    case "equal":
      return {
        icon: "pass",
        text: l10n.t(
          "Outputs equal this machine’s on the same inputs (largest difference {0} of the range).",
          power(worst),
        ),
      };
    case "differs":
      return {
        icon: "error",
        text: l10n.t(
          "Outputs differ from this machine’s by {0} of the range, more than the {1} that rounding explains: do not trust this latency.",
          power(worst),
          power(tolerance),
        ),
      };
    case "not-compared":
      return { icon: "question", text: outputs[0]?.reason ?? l10n.t("The outputs were not compared.") };
  }
}

function power(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}
