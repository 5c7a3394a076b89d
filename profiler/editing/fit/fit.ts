import { basename } from "node:path";
import { DeviceError, hashOfModel, runtimeText } from "../../device/index.ts";
import { CalibrationError, OptionError } from "../../errors.ts";
import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import type { CompressionLimits, FitBudget, FitResult, FitSamples } from "./fit-point.ts";
import { CountedCosts } from "./costing.ts";
import { MeasuredCosts, type DeviceOptions } from "./device/measured-costs.ts";
import { continuable, differenceOf, type DeviceSearch, type SearchIdentity } from "./device/device-search.ts";
import { withParetoFront } from "./pareto-front.ts";
import { Goal } from "./goal.ts";
import { Recoveries } from "./recoveries.ts";
import type { Points } from "./points.ts";
import { Search, type SearchOptions } from "./search.ts";
import { Trials, type TrialOptions } from "./trials.ts";

export interface FitOptions extends TrialOptions, Omit<SearchOptions, "resume" | "onMove"> {
  readonly budget: FitBudget;
  /** Where latencies are measured, instead of estimated; see `MeasuredCosts`. */
  readonly device?: DeviceOptions & {
    /** An earlier search there, to go on with. */
    readonly resume?: DeviceSearch;
    /** Whether `resume` is passed over where it is of another model, device, samples or seed, instead of refused. */
    readonly resumesOnlySame?: boolean;
    /** Is told that the search goes on with `resume`. */
    readonly onResumed?: () => void;
    /** Gets the search whenever it came further. */
    readonly onSearch?: (search: DeviceSearch) => void;
  };
}

export interface Fitted {
  readonly result: FitResult;
  /** Of the point to take, as it was measured. */
  readonly model: Model;
  /** What edits of that point learned, by its hash. */
  readonly learned: ReadonlyMap<string, Uint8Array>;
}

/**
 * Restructures a whole model until it keeps a budget: exact edits first, then those that err least for what they save, each measured
 * on samples that nothing was fitted to. Aborting ends the search and keeps what it found. The same model, samples and seed give the
 * same curve, but for latencies that a device measures.
 * @throws {OptionError} for a budget without limits, or of totals that the model does not tell, or a search to go on with that is another's
 * @throws {DeviceError} when the device does not run the model, or is gone
 * @throws {CalibrationError} when samples do not fit, or an accuracy is asked for without labels
 * @throws the signal's reason when it aborts before the model itself is measured
 */
export async function fit(model: Model, options: FitOptions): Promise<Fitted> {
  const trials = await Trials.on(model, { ...options, judges: options.budget.lowestAccuracy !== undefined });
  try {
    return await search(model, trials, options);
  } finally {
    await trials.close();
  }
}

async function search(model: Model, trials: Trials, options: FitOptions): Promise<Fitted> {
  const { budget, signal } = options;
  if (budget.lowestAccuracy !== undefined && !trials.samples.hasLabels)
    throw new CalibrationError("an accuracy can only be kept on labelled samples");
  if (budget.downloadBytes !== undefined)
    throw new OptionError("restructurings are chosen by sizes that can be predicted, and a download cannot", {
      hint: "`edgewise compress` keeps one.",
    });
  const { device } = options;
  if (device) return searchOnDevice(model, trials, { ...options, device });
  const totals = trials.totalsOf(model);
  const goal = new Goal(budget, { totals, downloadBytes: null }, await trials.judged(model));
  const greedy = new Search(trials, goal, new CountedCosts(trials), options);
  const recoveries = new Recoveries(trials, goal, greedy.points, options);
  const isCancelled = await run(greedy, recoveries, { model, totals }, signal);
  return fittedOf(model, greedy.points, goal, { samples: trials.samples, isCancelled, recoveries });
}

async function searchOnDevice(
  model: Model,
  trials: Trials,
  options: FitOptions & Required<Pick<FitOptions, "device">>,
): Promise<Fitted> {
  const { budget, signal, hardware, device } = options;
  const identity = await identityOf(model, trials, options);
  const isOther = device.resume !== undefined && differenceOf(device.resume, identity) !== undefined;
  const kept = isOther && device.resumesOnlySame === true ? undefined : device.resume;
  const resume = kept && continuable(kept, identity, budget);
  if (resume) device.onResumed?.();
  const costing = new MeasuredCosts(trials, {
    ...device,
    hardware,
    mostSeconds: budget.latencySeconds,
    signal,
    observations: kept?.observations ?? [],
    runtime: kept?.runtime,
  });
  const totals = resume?.points[0]?.totals ?? (await costing.costed([{ model }])).totals[0];
  if (!totals)
    throw new DeviceError("failed", `${model.file} does not give the same answers on ${device.name} as here`, {
      hint: "Measure it there first and look at which outputs differ; a fit to another device, or to the estimate, needs no run there",
    });
  const goal = new Goal(budget, { totals, downloadBytes: null }, await trials.judged(model), ["latencySeconds"]);
  const greedy = new Search(trials, goal, costing, {
    ...options,
    ...(resume && { resume }),
    onMove: (progress) => {
      const { observations, runtime } = costing;
      device.onSearch?.({ ...identity, budget, ...progress, runtime, observations });
    },
  });
  const recoveries = new Recoveries(trials, goal, greedy.points, options);
  const isCancelled = await run(greedy, recoveries, { model, totals }, signal);
  return fittedOf(model, greedy.points, goal, {
    samples: trials.samples,
    isCancelled,
    recoveries,
    device: [device.name, ...(costing.runtime ? [runtimeText(costing.runtime)] : [])].join(", "),
  });
}

/** A search, and the training of what it found. @returns whether it was cancelled */
function run(
  greedy: Search,
  recoveries: Recoveries,
  start: { readonly model: Model; readonly totals: Totals },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return endedByAbort(async () => {
    await greedy.run(start, (model, point) => recoveries.between(model, point));
    await recoveries.run(start.model);
  }, signal);
}

/** What makes a search another one. */
async function identityOf(
  model: Model,
  { samples }: Trials,
  { seed, device, bindings, hardware: { name: hardware } }: FitOptions,
): Promise<SearchIdentity> {
  return {
    version: 2,
    file: basename(model.file),
    sha256: await hashOfModel(model),
    dimensions: bindings ?? {},
    device: device?.name ?? "",
    hardware,
    samples,
    seed: seed ?? null,
  };
}

/** Aborting ends a search and keeps what it found. */
export async function endedByAbort(run: () => Promise<void>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await run();
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    return true;
  }
  return false;
}

/** What a search came to. @param model that it started from */
export function fittedOf(
  model: Model,
  found: Points,
  goal: Goal,
  {
    samples,
    isCancelled,
    recoveries,
    device = null,
    limits,
  }: {
    readonly samples: FitSamples;
    readonly isCancelled: boolean;
    readonly recoveries: Recoveries;
    readonly device?: string | null;
    readonly limits?: CompressionLimits;
  },
): Fitted {
  const points = withParetoFront(found.all, goal.costs);
  const { best } = found;
  const isMet = points[best]?.isWithinBudget ?? false;
  const ending = isCancelled ? "cancelled" : isMet ? "met" : "exhausted";
  return {
    result: {
      ...{ points, best, isMet, ending, samples, device },
      guarantee: goal.guaranteeOf(points[best]?.verdict ?? null),
      recovery: recoveries.result,
      ...(limits && { limits }),
    },
    model: found.model ?? model,
    learned: recoveries.learnedBy(points[best]?.edits ?? []),
  };
}
