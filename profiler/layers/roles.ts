import type { Layer } from "./layer.ts";

type Unclassified = Pick<Layer, "operation" | "inputs" | "outputs">;

/** Kinds that are work wherever their result goes: never taken for shape arithmetic. */
const ALWAYS_COMPUTE: ReadonlySet<string> = new Set([
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
  const consumers = new Map<string, { readonly layer: number; readonly isData: boolean }[]>();
  layers.forEach(({ inputs }, layer) => {
    for (const { key, use } of inputs) {
      const known = consumers.get(key);
      const consumer = { layer, isData: use === "data" };
      if (known) known.push(consumer);
      else consumers.set(key, [consumer]);
    }
  });

  const isShape = new Set<number>();
  const feedsShapesOnly = (key: string): boolean => {
    const uses = consumers.get(key) ?? [];
    return !entryOutputs.has(key) && uses.every(({ layer, isData }) => !isData || isShape.has(layer));
  };
  // Consumers stand behind their producers, so one pass from the end settles a sorted file; others need a few.
  for (let before = -1; before !== isShape.size;) {
    before = isShape.size;
    for (let index = layers.length - 1; index >= 0; index--) {
      const layer = layers[index];
      if (!layer || isShape.has(index) || ALWAYS_COMPUTE.has(layer.operation.kind)) continue;
      const keys = layer.outputs.map(({ key }) => key).filter((key) => key !== "");
      const isUsed = keys.some((key) => consumers.has(key));
      if (layer.operation.kind === "shape" || (isUsed && keys.every(feedsShapesOnly))) isShape.add(index);
    }
  }

  return layers.map((layer, index) => {
    const outputs = layer.outputs.filter(({ key }) => key !== "");
    const isFolded = layer.operation.kind !== "control" && outputs.length > 0;
    if (isFolded && outputs.every(({ constant }) => constant !== undefined)) return "constant";
    return isShape.has(index) ? "shape" : "compute";
  });
}
