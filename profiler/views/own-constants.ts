import { weightsOf } from "../cost/parameters.ts";
import type { Layer } from "../layers/layer.ts";
import type { Constant } from "../model/model.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";
import { partsOf } from "../operators/folded-constant.ts";
import type { AnalysedModel } from "../profile-model.ts";

/** A layer with weights, and what of the file is stored for it. */
export interface LayerConstants {
  readonly layer: Layer;
  /** Position in the table. */
  readonly index: number;
  readonly origins: readonly ConstantOrigin[];
  /** Stored numbers that no layer before it has: what several share is the first one's. */
  readonly own: readonly Constant[];
  /** Some of its weights are none of the main graph's: nothing is known of them. */
  readonly isUnknown: boolean;
}

/** Numbers that the model counts and nobody can read: they are in another file (TFLite's external buffers), texts, or only planned. */
export function isOutOfReach({ storage, storedBytes }: Constant): boolean {
  return storage.kind === "none" && storedBytes > 0;
}

/** Layers with weights in the order of the table. Nothing is read for it. */
export function ownConstants({ model, listing }: AnalysedModel): readonly LayerConstants[] {
  const constants = new Map<string, Constant>();
  for (const { name, constant } of model.entries[0].graph.tensors) if (constant) constants.set(name, constant);
  const told = new Set<string>();
  return listing.layers.flatMap((layer, index) => {
    const origins = weightsOf(layer);
    if (origins.length === 0) return [];
    const names = new Set(origins.flatMap((origin) => partsOf(origin).map(({ name }) => name)));
    const own = [...names].flatMap((name) => (told.has(name) ? [] : (constants.get(name) ?? [])));
    const isUnknown = "hidesWeights" in layer.operation || [...names].some((name) => !constants.has(name));
    for (const name of names) told.add(name);
    return [{ layer, index, origins, own, isUnknown }];
  });
}
