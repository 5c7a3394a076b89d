import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { mergedRewrite, rewrittenGraph } from "../../../neutral/rewritten-graph.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import { everyFold } from "../fold-batch-norm.ts";
import { channelPairs } from "./channel-pairs.ts";
import { equalization } from "./equalization.ts";

const ID = "equalize-channels";

/** Cross-layer equalization, for what quantizes weights with one scale for a whole tensor: the model computes what it did. */
export const EQUALIZE_CHANNELS = defineRestructuring({
  id: ID,
  title: "Equalize channels",
  summary:
    "Scales channels between two layers so that their weights have the same ranges in both: one scale for a whole tensor then loses less.",
  guarantee: "exact",
  keepsMacs: true,
  savesNothing: true,
  literature: ["Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV 2019"],
  answers: { "uneven-channels": 2 },
  isOfWholeModel: true,
  options: [],
  find: (graph) => {
    const { fold, folded } = foldedOf(graph);
    const pairs = channelPairs(folded);
    const weighted = graph.layers.some(({ form }) => form.kind === "conv" || form.kind === "dense");
    if (pairs.length === 0) return weighted ? [{ target: "", reason: NONE }] : [];
    const layers = new Set(pairs.flatMap(({ before, after }) => [before.id, after.id]));
    const folds = fold.remove ?? [];
    const norms = folds.length > 0 ? `; ${folds.length} normalisations go into the weights before` : "";
    return [
      { target: "", layers: [...folds, ...layers], why: `channels between ${pairs.length} pairs of layers${norms}` },
    ];
  },
  predict: (graph, target) => rewritten(graph, target),
  rewrite: (graph, target) => Promise.resolve(rewritten(graph, target)),
});

const NONE = "there are no two layers with float weights that have only Relu, pooling or reshaping between them";

function foldedOf(graph: NeutralGraph): { readonly fold: Rewrite; readonly folded: NeutralGraph } {
  const fold = everyFold(graph);
  return { fold, folded: rewrittenGraph(graph, fold) };
}

function rewritten(graph: NeutralGraph, target: string): Rewrite {
  const { fold, folded } = foldedOf(graph);
  const scaled = equalization(folded);
  const reason = target === "" ? NONE : "channels are equalized in the whole model";
  matched(ID, target, target === "" && scaled.replace?.size ? scaled : reason);
  return mergedRewrite(fold, scaled);
}
