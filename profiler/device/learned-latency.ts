import { efficiencyOf, type Efficiency, type HardwareProfile } from "../hardware/hardware-profile.ts";
import type { LayerKind } from "../operators/operation.ts";
import type { LayerProfile } from "../profile.ts";
import { formatShare } from "../format-numbers.ts";
import { oneFactor } from "./one-factor.ts";
import { isMeasured, type RunResult } from "./run-result.ts";

/**
 * What a phone's own runs say of its speed: the roofline's parts that layers of each kind reach there, and the time of each operator.
 * One number a kind and one for all: few enough for the rows of a model or two. Where models that are left out are predicted better by one
 * factor on the base profile's estimates, it is that factor.
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
  /** Of the rows: sum of |estimate − measured| over the sum of what was measured. */
  readonly ofRows: number;
  readonly models: number;
  readonly rows: number;
  /** "kinds": a factor for each kind of layer. "one-factor": one for all, which errs less on models that are left out. */
  readonly fitted: "kinds" | "one-factor";
  /** `ofModels` of the fit that was not taken, for the same models left out; null where none is left out. */
  readonly otherwise: number | null;
}

/** A run as learning sees it. Plain data, to be kept beside what was learned from it. */
export interface ModelObservation {
  readonly file: string;
  readonly sha256: string;
  /** The latency a user gets. */
  readonly seconds: number;
  readonly groups: readonly ObservedGroup[];
}

/** Rows that ran as one: what the roofline says of them at full efficiency, and what they took. */
export interface ObservedGroup {
  /** Seconds by kind. */
  readonly roofs: Readonly<Partial<Record<LayerKind, number>>>;
  /** Runs of operators. */
  readonly operators: number;
  readonly seconds: number;
}

/**
 * The rows' times are those of a run with the profiler on; they are brought to the latency that a user gets, which is what should be
 * predicted. A runtime that tells no rows gives one group of them all.
 *
 * @param layers rows of the model as `hardware` estimates them
 */
export function observe(
  { model, latency, layers: times }: Pick<RunResult, "model" | "latency" | "layers">,
  layers: readonly LayerProfile[],
  hardware: HardwareProfile,
): ModelObservation {
  const seconds = latency.statistics.median;
  const identity = { file: model.file, sha256: model.sha256, seconds };
  if (!isMeasured(times) || times.rows.length === 0) {
    const counted = layers.filter(({ isCounted }) => isCounted);
    return { ...identity, groups: [groupOf(counted, seconds, hardware)] };
  }
  const profiled = times.rows.reduce((sum, row) => sum + row.seconds, 0);
  const byIndex = new Map(layers.map((layer) => [layer.index, layer]));
  const groups = times.rows.map((row) => {
    const members = [row.layer, ...row.fused].flatMap((index) => byIndex.get(index) ?? []);
    return groupOf(members, row.seconds * (profiled > 0 ? seconds / profiled : 0), hardware);
  });
  return { ...identity, groups };
}

function groupOf(layers: readonly LayerProfile[], seconds: number, hardware: HardwareProfile): ObservedGroup {
  const roofs: Partial<Record<LayerKind, number>> = {};
  let operators = 0;
  for (const { kind, latencySeconds, repeats } of layers) {
    if (latencySeconds === null || latencySeconds === 0) continue;
    const roof = (latencySeconds - repeats * hardware.secondsPerOperator) * efficiencyOf(kind, hardware);
    roofs[kind] = (roofs[kind] ?? 0) + Math.max(0, roof);
    operators += repeats;
  }
  return { roofs, operators, seconds };
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
  const [fitted, error] = models.length > 1 ? betterFit(base, models) : onlyFit(models);
  const source = `Fitted to ${error.rows} rows of ${models.length === 1 ? "one model" : `${models.length} models`} measured on ${phone}; ${describeError(error)}`;
  return { hardware: profileOf(base, phone, fitted, source), error };
}

/** Each model is predicted by both fits to the others, and the fit that errs less is taken. */
function betterFit(base: HardwareProfile, models: readonly ModelObservation[]): readonly [Fit, LearningError] {
  const leaveOneOut = (fitTo: (models: readonly ModelObservation[]) => Fit): Errors =>
    errorOf(models.map((model) => ({ model, by: fitTo(models.filter((other) => other !== model)) })));
  const ofOne = (some: readonly ModelObservation[]): Fit => fitOneFactor(base, some);
  const [byKinds, byOne] = [leaveOneOut(fit), leaveOneOut(ofOne)];
  return byOne.ofModels < byKinds.ofModels
    ? [ofOne(models), { kind: "left-out", ...byOne, fitted: "one-factor", otherwise: byKinds.ofModels }]
    : [fit(models), { kind: "left-out", ...byKinds, fitted: "kinds", otherwise: byOne.ofModels }];
}

function onlyFit(models: readonly ModelObservation[]): readonly [Fit, LearningError] {
  const fitted = fit(models);
  const errors = errorOf(models.map((model) => ({ model, by: fitted })));
  return [fitted, { kind: "in-sample", ...errors, fitted: "kinds", otherwise: null }];
}

/** The same without its error: what is asked for again and again, as runs come in. */
export function learnedFrom(
  base: HardwareProfile,
  phone: string,
  observations: readonly ModelObservation[],
): HardwareProfile {
  return profileOf(base, phone, fit(lastOfEach(observations)), `Fitted to runs on ${phone}`);
}

function profileOf(base: HardwareProfile, phone: string, fitted: Fit, source: string): HardwareProfile {
  return {
    ...base,
    name: nameOf(phone),
    description: `${phone}, learned from its own runs on the roofline of ${base.name}`,
    secondsPerOperator: fitted.secondsPerOperator,
    efficiency: fitted.efficiency,
    sources: { ...base.sources, secondsPerOperator: source, efficiency: source },
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
  return fitted === "kinds"
    ? `${off} (by one factor for all layers: ${other})`
    : `${off}, by one factor for all layers, which errs less here than one for each kind of layer (${other})`;
}

interface Fit {
  readonly efficiency: Efficiency;
  readonly secondsPerOperator: number;
}

/** Efficiencies beyond are those of rows that the base profile says nothing sensible of. */
const LEAST_EFFICIENCY = 1e-3;
const MOST_EFFICIENCY = 1e2;
/** Part of a model's latency below which a row's relative error is not worth more than its absolute one. */
const SMALL_ROW = 0.01;
/** Relative errors beyond are outliers: a row that another program interrupted. */
const OUTLIER = 1;
/** Draws a kind that few rows tell of to what all kinds have in common. */
const TOWARDS_COMMON = 0.05;
const ROUNDS = 20;
const SWEEPS = 50;

/** The base profile's estimates of whole models, times one factor. */
function fitOneFactor(base: HardwareProfile, models: readonly ModelObservation[]): Fit {
  const asItIs: Fit = { efficiency: { other: 1 }, secondsPerOperator: base.secondsPerOperator };
  const factor = oneFactor(models.map((model) => ({ estimate: estimateOf(model, asItIs), seconds: model.seconds })));
  const efficiency = within(1 / factor);
  return { efficiency: { other: efficiency }, secondsPerOperator: base.secondsPerOperator / efficiency };
}

/**
 * Least squares of the rows' relative errors with factors that are not negative, by coordinate descent, with Huber's weights against
 * outliers (iteratively reweighted): seconds = Σ roof of a kind × its factor + operators × time of one.
 */
function fit(models: readonly ModelObservation[]): Fit {
  const kinds = [...new Set(models.flatMap(({ groups }) => groups.flatMap(({ roofs }) => kindsOf(roofs))))];
  const rows = models.flatMap((model) =>
    model.groups.map((group) => ({
      terms: [...kinds.map((kind) => group.roofs[kind] ?? 0), group.operators],
      seconds: group.seconds,
      scale: 1 / (group.seconds + SMALL_ROW * model.seconds),
    })),
  );
  const roofs = rows.reduce((sum, { terms }) => sum + terms.slice(0, -1).reduce((part, term) => part + term, 0), 0);
  const spent = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  const common = roofs > 0 && spent > 0 ? 1 / within(roofs / spent) : 1;
  const factors = [...kinds.map(() => common), 0];
  let weights = rows.map(() => 1);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let sweep = 0; sweep < SWEEPS; sweep += 1)
      for (const column of factors.keys()) factors[column] = bestFactor(column, rows, weights, factors, common);
    weights = rows.map((row) => Math.min(1, OUTLIER / Math.max(Math.abs(residual(row, factors) * row.scale), OUTLIER)));
  }
  const entries = kinds.map((kind, column) => [kind, within(1 / (factors[column] ?? common))] as const);
  return {
    efficiency: { ...Object.fromEntries(entries), other: within(1 / common) },
    secondsPerOperator: factors[kinds.length] ?? 0,
  };
}

interface Row {
  readonly terms: readonly number[];
  readonly seconds: number;
  readonly scale: number;
}

function residual({ terms, seconds }: Row, factors: readonly number[]): number {
  return terms.reduce((left, term, column) => left - term * (factors[column] ?? 0), seconds);
}

/** The factor of one column that fits best while the others stay, held to what efficiencies can be; the last column's is a time. */
function bestFactor(
  column: number,
  rows: readonly Row[],
  weights: readonly number[],
  factors: readonly number[],
  common: number,
): number {
  const before = factors[column] ?? 0;
  let [slope, target] = [0, 0];
  for (const [index, row] of rows.entries()) {
    const term = (row.terms[column] ?? 0) * row.scale;
    const weight = weights[index] ?? 1;
    slope += weight * term * term;
    target += weight * term * (residual(row, factors) * row.scale + before * term);
  }
  const isTime = column === factors.length - 1;
  if (isTime) return slope > 0 ? Math.max(0, target / slope) : 0;
  // One row's worth of the common factor, scaled as a row that consists of this kind alone would be.
  const pull = TOWARDS_COMMON / (common * common);
  return Math.min(1 / LEAST_EFFICIENCY, Math.max(1 / MOST_EFFICIENCY, (target + pull * common) / (slope + pull)));
}

function within(efficiency: number): number {
  return Math.min(MOST_EFFICIENCY, Math.max(LEAST_EFFICIENCY, efficiency));
}

type Errors = Pick<LearningError, "ofModels" | "ofRows" | "models" | "rows">;

function errorOf(predictions: readonly { readonly model: ModelObservation; readonly by: Fit }[]): Errors {
  let [ofModels, off, spent, rows] = [0, 0, 0, 0];
  for (const { model, by } of predictions) {
    const estimates = model.groups.map((group) => estimate(group, by));
    ofModels += Math.abs(estimateOf(model, by) / model.seconds - 1) / predictions.length;
    off += model.groups.reduce((sum, group, at) => sum + Math.abs((estimates[at] ?? 0) - group.seconds), 0);
    spent += model.groups.reduce((sum, group) => sum + group.seconds, 0);
    rows += model.groups.length;
  }
  return { ofModels, ofRows: spent > 0 ? off / spent : 0, models: predictions.length, rows };
}

function estimateOf({ groups }: ModelObservation, by: Fit): number {
  return groups.reduce((sum, group) => sum + estimate(group, by), 0);
}

function estimate({ roofs, operators }: ObservedGroup, { efficiency, secondsPerOperator }: Fit): number {
  return kindsOf(roofs).reduce(
    (sum, kind) => sum + (roofs[kind] ?? 0) / (efficiency[kind] ?? efficiency.other ?? 1),
    operators * secondsPerOperator,
  );
}

function kindsOf(roofs: ObservedGroup["roofs"]): readonly LayerKind[] {
  return Object.keys(roofs) as LayerKind[];
}

/** "google-pixel-8-4-threads": what `--hardware` and the settings take. */
function nameOf(phone: string): string {
  const name = phone
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "learned" : name;
}
