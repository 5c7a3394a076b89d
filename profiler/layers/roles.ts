import type { Layer } from "./layer.ts";

type Unclassified = Pick<Layer, "operation" | "inputs" | "outputs">;

/** Kinds that are work wherever their result goes: never taken for shape arithmetic. */
export const ALWAYS_COMPUTE: ReadonlySet<string> = new Set([
  "conv",
  "dense",
  "matmul",
  "einsum",
  "recurrent",
  "attention",
  "pool",
  "norm",
  "control",
  "unknown",
]);

/**
 * Tells work from bookkeeping. *Constant*: every output follows from constants alone. *Shape*: every output ends in sizes, axes or
 * bounds of other layers. All else computes.
 * @param entryOutputs keys of tensors that a run hands out: never bookkeeping
 * @returns one role a layer, in their order
 */
export function rolesOf(layers: readonly Unclassified[], entryOutputs: ReadonlySet<string>): readonly Layer["role"][] {
  const dataConsumers = consumersOf(layers);
  const isShape = new Set<number>();
  const feedsShapesOnly = (key: string): boolean =>
    !entryOutputs.has(key) && (dataConsumers.get(key) ?? []).every((layer) => isShape.has(layer));
  // Consumers stand behind their producers, so one pass from the end settles a sorted file; others need a few.
  for (let before = -1; before !== isShape.size;) {
    before = isShape.size;
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index];
      if (!layer || isShape.has(index) || ALWAYS_COMPUTE.has(layer.operation.kind)) continue;
      const isUsed = layer.outputs.some(({ key }) => dataConsumers.has(key));
      const feedsShapes = isUsed && layer.outputs.every(({ key }) => key === "" || feedsShapesOnly(key));
      if (layer.operation.kind === "shape" || feedsShapes) isShape.add(index);
    }
  }

  return layers.map((layer, index) => {
    if (isFolded(layer)) return "constant";
    return isShape.has(index) ? "shape" : "compute";
  });
}

/** Layers that read the tensor of each key as data; none for one that is read as configuration alone. */
function consumersOf(layers: readonly Unclassified[]): ReadonlyMap<string, readonly number[]> {
  const consumers = new Map<string, number[]>();
  layers.forEach(({ inputs }, layer) => {
    for (const { key, use } of inputs) {
      if (key === "") continue;
      const known = consumers.get(key);
      const own = use === "data" ? [layer] : [];
      if (known === undefined) consumers.set(key, own);
      else known.push(...own);
    }
  });
  return consumers;
}

export function isFolded({ operation, outputs }: Unclassified): boolean {
  if (operation.kind === "control" || outputs.every(({ key }) => key === "")) return false;
  return outputs.every(({ key, constant }) => key === "" || constant !== undefined);
}
