import type { Model } from "../../model/model.ts";
import { restructuringOf } from "../../restructure/registry.ts";
import { isRefusal } from "../../restructure/restructuring.ts";
import { neutralGraphOf } from "../../translation/known-graph.ts";
import type { Edit } from "../edit.ts";
import { TECHNIQUES, type TechniqueId } from "../sensitivity/sensitivity-points.ts";

/** Ways to store weights whose sizes are known without the numbers, each with its strengths, the mildest first. */
interface Way {
  readonly restructuring: string;
  readonly strengths: readonly Edit["options"][];
}

const WAYS: readonly Way[] = [
  { restructuring: "quantize-weights", strengths: ["8", "6", "4", "3", "2"].map((bits) => ({ bits })) },
  { restructuring: "share-weights", strengths: [5, 4, 3, 2].map((bits) => ({ bits })) },
];

/** Edits that make all weights of a model smaller, and by themselves no other sizes: of each way from the mildest on. */
export function strengthsOn(model: Model, bindings: Readonly<Record<string, number>>): readonly (readonly Edit[])[] {
  return WAYS.flatMap(({ restructuring, strengths }) => {
    const target = targetOf(model, restructuring, bindings);
    return target === undefined ? [] : [strengths.map((options): Edit => ({ restructuring, target, options }))];
  });
}

/** Strengths below the one that fits that a layer of its own may have. */
const AROUND = 2;

/**
 * What to look at layer by layer where one strength fits everywhere: the milder ones that some layers could have, and the harder ones of others.
 * @returns undefined where all layers are at the mildest
 */
export function mixedAround(
  strengths: readonly Edit[],
  fitting: number,
): { readonly techniques: readonly TechniqueId[]; readonly amounts: readonly number[] } | undefined {
  const technique = TECHNIQUES.find(({ restructuring }) => restructuring === strengths[0]?.restructuring);
  if (technique === undefined || fitting === 0) return undefined;
  const around = strengths.slice(Math.max(0, fitting - AROUND), fitting + 2);
  const amounts = around.map(({ options }) => Number(options[technique.option]));
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
