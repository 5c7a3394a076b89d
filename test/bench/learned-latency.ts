import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fitKernels, kernelEstimate } from "../../profiler/device/kernel-fit.ts";
import { runOnnxProcess } from "../../profiler/device/host/run-onnx.ts";
import { learnLatency, observe, type ModelObservation } from "../../profiler/device/learned-latency.ts";
import { latencyOf } from "../../profiler/device/latency-statistics.ts";
import { mapTimes } from "../../profiler/device/map-times.ts";
import { parseOrtProfile } from "../../profiler/device/ort-profile.ts";
import { prepareRun, type PreparedRun } from "../../profiler/device/prepared-run.ts";
import type { RowTime } from "../../profiler/device/run-result.ts";
import { DEFAULT_HARDWARE } from "../../profiler/hardware/hardware.ts";
import { analyseModel, costModel, type AnalysedModel } from "../../profiler/profile-model.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { CALIBRATION_BAND } from "../../profiler/views/calibration.ts";
import { modelOfFile } from "../builders/read-model.ts";
import type { Finding } from "./finding.ts";
import { median } from "./measure.ts";
import { MOST_OUTSIDE_ROWS, outsideRows } from "./outside-rows.ts";

const SHARED = join(import.meta.dirname, "../../../shared/models/onnx");
const MODELS = [
  "digits_inception",
  "digits_lenet",
  "digits_resnet",
  "digits_vgg_bn",
  "torchvision_mobilenet_v2",
  "torchvision_mobilenet_v3_small",
  "torchvision_resnet18",
  "torchvision_shufflenet_v2_x1_0",
  "torchvision_squeezenet1_1",
  "ultraface_rfb_320",
];
/** Models take turns: what slows the machine for a while slows all of them. */
const PASSES = 14;
const SETTINGS = {
  threads: 1,
  warmUpRuns: 3,
  runs: 1,
  budgetSeconds: 20,
  profiledRuns: 20,
  profiledAt: "all",
} as const;
/** Of the issue that asked for it. */
const LIMITS = { median: 0.04, worst: 0.1, withinBand: 0.6 };

/** A model and the least time of each of its rows so far. */
interface Timed {
  readonly analysed: AnalysedModel;
  readonly layers: readonly LayerProfile[];
  readonly prepared: PreparedRun;
  readonly least: Map<number, RowTime>;
  /** Of each pass: the part of the operators' time that is in no row. */
  readonly outside: number[];
}

/** How far learned latency is off for models that are left out, on this machine: each row's least time of all runs. */
export async function benchLearnedLatency(): Promise<readonly Finding[]> {
  const paths = MODELS.map((name) => join(SHARED, `${name}.onnx`)).filter((path) => existsSync(path));
  if (paths.length < MODELS.length) {
    console.log(`  skipped: ${MODELS.length - paths.length} of its models are not there`);
    return [];
  }
  const models = await Promise.all(paths.map(timed));
  for (let pass = 0; pass < PASSES; pass += 1) for (const model of models) await run(model);
  const observed = models.map(observationOf);
  const { error } = learnLatency(DEFAULT_HARDWARE, "this machine", observed);
  const within = observed.map((model) => secondsWithin(model, observed));
  for (const [at, { file, seconds, groups }] of observed.entries()) {
    const fit = fitKernels(observed.filter((_, other) => other !== at));
    const predicted = groups.reduce((sum, group) => sum + kernelEstimate(group, fit), 0);
    console.log(
      `  ${file}: ${(seconds * 1e3).toFixed(2)} ms, left out ${(100 * (predicted / seconds - 1)).toFixed(1)} %`,
    );
  }
  return [
    { what: "a model left out is off, median", value: error.median, unit: "of 1", limit: LIMITS.median },
    { what: "a model left out is off, at worst", value: error.worst, unit: "of 1", limit: LIMITS.worst },
    { what: "the same by one factor for all layers, mean", value: error.otherwise ?? 0, unit: "of 1" },
    {
      what: "operators' time in no row, the worst model",
      value: Math.max(...models.map(({ outside }) => median(outside))),
      unit: "of 1",
      limit: MOST_OUTSIDE_ROWS,
    },
    {
      what: "time of all in rows further off than ±10 %",
      value: 1 - sum(within) / sum(observed.map(({ seconds }) => seconds)),
      unit: "of 1",
      limit: 1 - LIMITS.withinBand,
    },
    {
      what: "the same, mean of the models",
      value: 1 - sum(observed.map(({ seconds }, at) => (within[at] ?? 0) / seconds)) / observed.length,
      unit: "of 1",
    },
  ];
}

async function timed(path: string): Promise<Timed> {
  const model = await modelOfFile(path);
  const analysed = analyseModel(model, {});
  const { layers } = costModel(analysed, DEFAULT_HARDWARE);
  return { analysed, layers, prepared: await prepareRun(model, {}), least: new Map(), outside: [] };
}

async function run({ analysed, layers, prepared, least, outside }: Timed): Promise<void> {
  const control = { limitSeconds: 600, onRun: () => undefined };
  const { profile, optimized } = await runOnnxProcess(analysed.model, prepared, SETTINGS, control);
  // The first run of a session is its slowest.
  const profiled = parseOrtProfile(profile).slice(1);
  outside.push(outsideRows(mapTimes(profiled, optimized, layers)));
  for (const each of profiled) {
    for (const row of mapTimes([each], optimized, layers).rows) {
      const known = least.get(row.layer);
      if (!known || row.seconds < known.seconds) least.set(row.layer, row);
    }
  }
}

/** The latency is the sum of the rows: that of a run which nobody clocks is 1 to 5 % more on a quiet machine. */
function observationOf({ analysed, least }: Timed): ModelObservation {
  const rows = [...least.values()];
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  return observe(
    {
      model: { file: basename(analysed.model.file), format: "onnx", fileBytes: 0, sha256: analysed.model.file },
      latency: latencyOf({ loadSeconds: null, firstSeconds: null, runSeconds: [seconds] }),
      layers: { optimization: "all", runs: 1, totalSeconds: seconds, rows, unmapped: [] },
    },
    analysed.listing.layers,
    DEFAULT_HARDWARE,
  );
}

/** Measured seconds in rows that the fit to the other models predicts within the band. */
function secondsWithin({ groups, sha256 }: ModelObservation, observed: readonly ModelObservation[]): number {
  const fit = fitKernels(observed.filter((other) => other.sha256 !== sha256));
  const within = groups.filter((group) => Math.abs(kernelEstimate(group, fit) / group.seconds - 1) <= CALIBRATION_BAND);
  return sum(within.map(({ seconds }) => seconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
