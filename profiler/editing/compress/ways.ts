import type { Model } from "../../model/model.ts";
import { restructuringOf } from "../../restructure/registry.ts";
import { isRefusal } from "../../restructure/restructuring.ts";
import { neutralGraphOf } from "../../translation/known-graph.ts";
import type { Edit } from "../edit.ts";
import { TECHNIQUES, type TechniqueId } from "../sensitivity/sensitivity-points.ts";

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

/** Rungs beside the one that fits that a layer of its own may have. */
const AROUND = 2;

/**
 * What to look at layer by layer where one rung of a ladder fits: the milder ones that some layers could have, and the harder ones of others.
 * @returns undefined where all layers are at the mildest rung
 */
export function mixedAround(
  ladder: readonly Edit[],
  fitting: number,
): { readonly techniques: readonly TechniqueId[]; readonly amounts: readonly number[] } | undefined {
  const technique = TECHNIQUES.find(({ restructuring }) => restructuring === ladder[0]?.restructuring);
  if (technique === undefined || fitting === 0) return undefined;
  const rungs = ladder.slice(Math.max(0, fitting - AROUND), fitting + 2);
  const amounts = rungs.map(({ options }) => Number(options[technique.option]));
  return { techniques: [technique.id], amounts };
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
