import type { Model } from "../../model/model.ts";
import { restructuringOf } from "../../restructure/registry.ts";
import { isRefusal } from "../../restructure/restructuring.ts";
import { neutralGraphOf } from "../../translation/known-graph.ts";
import type { Edit } from "../edit.ts";

/** Ways to store weights whose sizes are known without the numbers, the mildest first. */
interface Ladder {
  readonly restructuring: string;
  readonly rungs: readonly Edit["options"][];
}

const LADDERS: readonly Ladder[] = [
  { restructuring: "quantize-weights", rungs: ["8", "6", "4", "3", "2"].map((bits) => ({ bits })) },
  { restructuring: "share-weights", rungs: [5, 4, 3, 2].map((bits) => ({ bits })) },
];

/** Edits that make all weights of a model smaller, and by themselves no other sizes: each ladder from the mildest on. */
export function laddersOn(model: Model, bindings: Readonly<Record<string, number>>): readonly (readonly Edit[])[] {
  return LADDERS.flatMap(({ restructuring, rungs }) => {
    const target = targetOf(model, restructuring, bindings);
    return target === undefined ? [] : [rungs.map((options): Edit => ({ restructuring, target, options }))];
  });
}

/** Pruning to any size; undefined where the format cannot hold it. */
export function pruningOn(
  model: Model,
  bindings: Readonly<Record<string, number>>,
): ((sparsity: number, bits: number) => Edit) | undefined {
  const restructuring = "prune-weights";
  const target = targetOf(model, restructuring, bindings);
  if (target === undefined) return undefined;
  return (sparsity, bits) => ({ restructuring, target, options: { sparsity, bits } });
}

/** The whole model, or the only layer that there is. */
function targetOf(model: Model, restructuring: string, bindings: Readonly<Record<string, number>>): string | undefined {
  const places = restructuringOf(restructuring)
    .find(neutralGraphOf(model, bindings))
    .flatMap((finding) => (isRefusal(finding) ? [] : [finding.target]));
  return places.includes("") ? "" : places.length === 1 ? places[0] : undefined;
}
