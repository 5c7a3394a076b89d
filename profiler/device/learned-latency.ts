import { rowWorkOf, type RowWork } from "../cost/layer-cost.ts";
import { formatShare } from "../format-numbers.ts";
import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import { partsOf, type KernelPart } from "../hardware/kernel-parts.ts";
import { fitKernels, kernelEstimate, type KernelFit, type ObservedGroup, type ObservedModel } from "./kernel-fit.ts";
import type { Layer } from "../layers/layer.ts";
import { oneFactor } from "./one-factor.ts";
import { isMeasured, type RunResult } from "./run-result.ts";

/**
 * What a phone's own runs say of its speed: how many times longer than at full rates its kernels take, by what they spend time on, and the
 * time of each operator. Where models that are left out are predicted better by one factor on the base profile's estimates, it is that
 * factor.
 */
export interface LearnedLatency {
  /** The base profile with what was learned: estimates by it are in the phone's own time. */
  readonly hardware: HardwareProfile;
  readonly error: LearningError;
}

/** How far the estimates are from what was measured. */
export interface LearningError {
  /** "left-out": every model was predicted from the others' runs. "in-sample": from its own, for there is no other: a lower bound. */
  readonly kind: "left-out" | "in-sample";
  /** Mean of the models' |estimate ÷ measured latency − 1|. */
  readonly ofModels: number;
  /** Of the same, the middle one and the largest. */
  readonly median: number;
  readonly worst: number;
  /** Of the rows: sum of |estimate − measured| over the sum of what was measured. */
  readonly ofRows: number;
  readonly models: number;
  readonly rows: number;
  /** "kernels": a factor for each part of their time. "one-factor": one for all, which errs less on models that are left out. */
  readonly fitted: "kernels" | "one-factor";
  /** `ofModels` of the fit that was not taken, for the same models left out; null where none is left out. */
  readonly otherwise: number | null;
}

/** A run as learning sees it. Plain data, to be kept beside what was learned from it. */
export interface ModelObservation extends ObservedModel {
  readonly file: string;
  readonly sha256: string;
  /** The latency a user gets. */
  readonly seconds: number;
}

/**
 * The rows' times are those of a run with the profiler on; they are brought to the latency that a user gets, which is what should be
 * predicted. A runtime that tells no rows gives one group of them all.
 *
 * @param layers rows of the model
 * @param hardware the base profile, or what was learned on its rates
 */
export function observe(
  { model, latency, layers: times }: Pick<RunResult, "model" | "latency" | "layers">,
  layers: readonly Layer[],
  hardware: HardwareProfile,
): ModelObservation {
  const work = rowWorkOf(layers, hardware);
  const seconds = latency.statistics.median;
  const identity = { file: model.file, sha256: model.sha256, seconds };
  const known = work.flatMap((row) => row ?? []);
  if (!isMeasured(times) || times.rows.length === 0) return { ...identity, groups: [groupOf(known, seconds)] };
  const profiled = times.rows.reduce((sum, row) => sum + row.seconds, 0);
  const scale = profiled > 0 ? seconds / profiled : 0;
  const left = new Set(work.keys());
  const taken = (index: number): readonly RowWork[] => {
    const row = left.delete(index) ? work[index] : null;
    return row ? [row] : [];
  };
  // A layer with a time of its own is no part of another's, whatever the runtime's names say.
  const heads = times.rows.map(({ layer }) => taken(layer));
  const groups = times.rows.map(({ fused, seconds: own }, at) =>
    groupOf([...(heads[at] ?? []), ...fused.flatMap(taken)], own * scale),
  );
  // What no row tells of took no time, and is estimated all the same: the model's error holds it.
  return { ...identity, groups: [...groups, groupOf([...left].flatMap(taken), 0)] };
}

function groupOf(rows: readonly RowWork[], seconds: number): ObservedGroup {
  const parts = new Map<KernelPart, number>();
  for (const row of rows)
    for (const [part, value] of partsOf(row.parts)) if (value > 0) parts.set(part, (parts.get(part) ?? 0) + value);
  return {
    parts: Object.fromEntries(parts),
    roofline: rows.reduce((sum, row) => sum + row.roofline, 0),
    operators: rows.reduce((sum, row) => sum + row.operators, 0),
    seconds,
  };
}

/**
 * @param base the profile whose peaks and bandwidth the observations' roofs are of
 * @param phone what was measured: "Google Pixel 8, 4 threads"
 * @param observations at least one; the last of each model counts
 * @throws {RangeError} for none
 */
export function learnLatency(
  base: HardwareProfile,
  phone: string,
  observations: readonly ModelObservation[],
): LearnedLatency {
  const models = lastOfEach(observations);
  const [fitted, error] = models.length > 1 ? betterFit(base, models) : onlyFit(base, models);
  const source = `Fitted to ${error.rows} rows of ${models.length === 1 ? "one model" : `${models.length} models`} measured on ${phone}; ${describeError(error)}`;
  return { hardware: profileOf(base, phone, fitted, source), error };
}

/** Each model is predicted by both fits to the others, and the fit that errs less is taken. */
function betterFit(base: HardwareProfile, models: readonly ModelObservation[]): readonly [Fit, LearningError] {
  const leaveOneOut = (fitTo: (models: readonly ModelObservation[]) => Fit): Errors =>
    errorOf(
      base,
      models.map((model) => ({ model, by: fitTo(models.filter((other) => other !== model)) })),
    );
  const ofOne = (some: readonly ModelObservation[]): Fit => fitOneFactor(base, some);
  const [byKernels, byOne] = [leaveOneOut(fitKernels), leaveOneOut(ofOne)];
  return byOne.ofModels < byKernels.ofModels
    ? [ofOne(models), { kind: "left-out", ...byOne, fitted: "one-factor", otherwise: byKernels.ofModels }]
    : [fitKernels(models), { kind: "left-out", ...byKernels, fitted: "kernels", otherwise: byOne.ofModels }];
}

function onlyFit(base: HardwareProfile, models: readonly ModelObservation[]): readonly [Fit, LearningError] {
  const fitted = fitKernels(models);
  const errors = errorOf(
    base,
    models.map((model) => ({ model, by: fitted })),
  );
  return [fitted, { kind: "in-sample", ...errors, fitted: "kernels", otherwise: null }];
}

/** The same without its error: what is asked for again and again, as runs come in. */
export function learnedFrom(
  base: HardwareProfile,
  phone: string,
  observations: readonly ModelObservation[],
): HardwareProfile {
  return profileOf(base, phone, fitKernels(lastOfEach(observations)), `Fitted to runs on ${phone}`);
}

/** What was learned before is no base: it goes. */
function profileOf(base: HardwareProfile, phone: string, fitted: Fit, source: string): HardwareProfile {
  const { efficiency: _efficiency, kernels: _kernels, ...rates } = base;
  const { peakMacsPerSecond, bandwidthBytesPerSecond, onChipBytes } = base.sources;
  const sources = { peakMacsPerSecond, bandwidthBytesPerSecond, onChipBytes, secondsPerOperator: source };
  const named = {
    ...rates,
    name: nameOf(phone),
    description: `${phone}, learned from its own runs on the roofline of ${base.name}`,
  };
  if ("kernels" in fitted) return { ...named, ...fitted, sources: { ...sources, kernels: source } };
  return {
    ...named,
    secondsPerOperator: base.secondsPerOperator * fitted.factor,
    efficiency: { other: 1 / fitted.factor },
    sources: { ...sources, efficiency: source },
  };
}

/** @throws {RangeError} when nothing was observed */
function lastOfEach(observations: readonly ModelObservation[]): readonly ModelObservation[] {
  const timed = observations.filter(({ seconds }) => seconds > 0);
  if (timed.length === 0) throw new RangeError("nothing was observed");
  return [...new Map(timed.map((each) => [each.sha256, each])).values()];
}

/** "a model predicted from the others' runs is off by 12.0 %, its rows by 31.0 %", and by what it was fitted */
export function describeError({ kind, ofModels, ofRows, fitted, otherwise }: LearningError): string {
  const which =
    kind === "left-out"
      ? "a model predicted from the others' runs is"
      : "the model it was fitted to is (others will be more)";
  const off = `${which} off by ${formatShare(ofModels)}, its rows by ${formatShare(ofRows)}`;
  if (otherwise === null) return off;
  const other = formatShare(otherwise);
  return fitted === "kernels"
    ? `${off} (by one factor for all layers: ${other})`
    : `${off}, by one factor for all layers, which errs less here than one for each kind of kernel (${other})`;
}

/** The base profile's estimates, times one factor. */
type Fit = KernelFit | { readonly factor: number };

/** Efficiencies beyond are those of models that the base profile says nothing sensible of. */
const LEAST_EFFICIENCY = 1e-3;
const MOST_EFFICIENCY = 1e2;

function fitOneFactor(base: HardwareProfile, models: readonly ModelObservation[]): Fit {
  const known = models.map((model) => ({ estimate: estimateOf(model, { factor: 1 }, base), seconds: model.seconds }));
  return { factor: 1 / Math.min(MOST_EFFICIENCY, Math.max(LEAST_EFFICIENCY, 1 / oneFactor(known))) };
}

type Errors = Omit<LearningError, "kind" | "fitted" | "otherwise">;

function errorOf(
  base: HardwareProfile,
  predictions: readonly { readonly model: ModelObservation; readonly by: Fit }[],
): Errors {
  let [off, spent, rows] = [0, 0, 0];
  const ofModels = predictions.map(({ model, by }) => Math.abs(estimateOf(model, by, base) / model.seconds - 1));
  for (const { model, by } of predictions) {
    for (const group of model.groups) {
      off += Math.abs(estimate(group, by, base) - group.seconds);
      spent += group.seconds;
      rows += 1;
    }
  }
  const sorted = ofModels.toSorted((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  return {
    ofModels: mean(ofModels),
    median: mean(middle),
    worst: sorted.at(-1) ?? 0,
    ofRows: spent > 0 ? off / spent : 0,
    models: predictions.length,
    rows,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function estimateOf({ groups }: ModelObservation, by: Fit, base: HardwareProfile): number {
  return groups.reduce((sum, group) => sum + estimate(group, by, base), 0);
}

function estimate(group: ObservedGroup, by: Fit, base: HardwareProfile): number {
  if ("kernels" in by) return kernelEstimate(group, by);
  return by.factor * (group.roofline + group.operators * base.secondsPerOperator);
}

/** "google-pixel-8-4-threads": what `--hardware` and the settings take. */
function nameOf(phone: string): string {
  const name = phone
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "learned" : name;
}
