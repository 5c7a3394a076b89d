import { CalibrationError, OptionError } from "../../errors.ts";
import type { Model } from "../../model/model.ts";
import { elementsOf } from "../../model/shape.ts";
import { isKind } from "../../neutral/neutral-graph.ts";
import { restructuringOf } from "../../restructure/registry.ts";
import { isRefusal } from "../../restructure/restructuring.ts";
import { neutralGraphOf } from "../../translation/known-graph.ts";
import type { Edit } from "../edit.ts";
import { endedByAbort } from "../fit/fit.ts";
import { possible } from "../fit/possible.ts";
import { Trials, type TrialOptions } from "../fit/trials.ts";
import {
  TECHNIQUES,
  type LayerSensitivity,
  type Sensitivity,
  type SensitivityPoint,
  type TechniqueId,
} from "./sensitivity-points.ts";

export interface SensitivityOptions extends Omit<TrialOptions, "judges"> {
  /** All that the format can hold when left out. */
  readonly techniques?: readonly TechniqueId[];
  /** Names of layers; all when left out. */
  readonly layers?: ReadonlySet<string>;
  /** Amounts that are tried instead of a technique's own. */
  readonly amounts?: readonly number[];
  readonly onLayer?: (layer: LayerSensitivity) => void;
  /** @param done share of the points, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
}

/**
 * How much the answers of a model change when the weights of one layer alone are stored in fewer bits, shared or pruned (Han, Pool, Tran,
 * Dally, NIPS 2015, figure 6), layer by layer. Each point is the single-layer edit itself, run. Aborting keeps what was found.
 * @throws {OptionError} when the model has no such layers
 * @throws {CalibrationError} when samples do not fit
 * @throws the signal's reason when it aborts before the model itself is measured
 */
export async function sensitivity(model: Model, options: SensitivityOptions): Promise<Sensitivity> {
  const trials = await Trials.on(model, options);
  try {
    if (trials.originalError.error === null)
      throw new CalibrationError("the model's answers on these samples are not numbers");
    const layers: LayerSensitivity[] = [];
    const isCancelled = await endedByAbort(() => measured(model, trials, options, layers), options.signal);
    const { fileBytes } = trials.totalsOf(model);
    return { layers, fileBytes, accuracy: trials.originalError.accuracy, samples: trials.samples, isCancelled };
  } finally {
    await trials.close();
  }
}

/** The points of layers on trials that are open already: as they come, layer by layer. @throws {OptionError} without layers */
export async function measured(
  model: Model,
  trials: Trials,
  options: Pick<
    SensitivityOptions,
    "bindings" | "techniques" | "layers" | "amounts" | "signal" | "onLayer" | "onProgress"
  >,
  layers: LayerSensitivity[],
): Promise<void> {
  const planned = plannedLayers(model, options);
  if (planned.length === 0)
    throw new OptionError("no layer of this model has weights that could be stored in another way");
  const total = planned.reduce((sum, { points }) => sum + points.length, 0);
  let made = 0;
  for (const { layer, elements, points } of planned) {
    const found: SensitivityPoint[] = [];
    for (const point of points) {
      options.signal?.throwIfAborted();
      options.onProgress?.(made / total, layer);
      made += 1;
      const measuredPoint = await possible(async (): Promise<SensitivityPoint> => {
        const after = await trials.edited(model, point.edit, "trial");
        return {
          ...point,
          ...(await trials.measured(after, "trial")),
          fileBytes: trials.totalsOf(after, model).fileBytes,
        };
      });
      if (measuredPoint) found.push(measuredPoint);
    }
    const result: LayerSensitivity = { layer, elements, points: found };
    layers.push(result);
    options.onLayer?.(result);
  }
}

/** Points that would be measured. */
export function countOf(model: Model, options: Parameters<typeof plannedLayers>[1]): number {
  return plannedLayers(model, options).reduce((sum, { points }) => sum + points.length, 0);
}

interface PlannedLayer {
  readonly layer: string;
  readonly elements: number;
  readonly points: readonly Pick<SensitivityPoint, "technique" | "amount" | "edit">[];
}

function plannedLayers(
  model: Model,
  {
    bindings = {},
    techniques,
    layers: wanted,
    amounts: own,
  }: Pick<SensitivityOptions, "bindings" | "techniques" | "layers" | "amounts">,
): readonly PlannedLayer[] {
  const graph = neutralGraphOf(model, bindings);
  const planned = new Map<string, PlannedLayer["points"]>();
  for (const { id, restructuring, option, amounts } of TECHNIQUES) {
    if (techniques && !techniques.includes(id)) continue;
    for (const finding of restructuringOf(restructuring).find(graph)) {
      if (isRefusal(finding) || finding.target === "" || wanted?.has(finding.target) === false) continue;
      const points = (own ?? amounts).map((amount) => {
        const edit: Edit = { restructuring, target: finding.target, options: { [option]: amount } };
        return { technique: id, amount, edit };
      });
      planned.set(finding.target, [...(planned.get(finding.target) ?? []), ...points]);
    }
  }
  return graph.layers.flatMap((layer): readonly PlannedLayer[] => {
    const points = planned.get(layer.name);
    if (!points || !(isKind<"conv">(layer, "conv") || isKind<"dense">(layer, "dense"))) return [];
    return [{ layer: layer.name, elements: elementsOf(layer.form.weight.shape) ?? 0, points }];
  });
}
