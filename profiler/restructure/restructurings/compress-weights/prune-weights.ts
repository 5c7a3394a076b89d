import { refitted } from "../../../compression/prune.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import { prunedCoding } from "./codings.ts";
import { compressLayers } from "./compress-layers.ts";
import { masksOf } from "./prune-masks.ts";
import { sharedPruned } from "./share-weights.ts";
import { bytesPerWeight } from "./layer-storage.ts";
import { findingsAt, layersAt, tableBytes, weightedLayers, worthwhile } from "./weighted-layers.ts";

const ID = "prune-weights";

/** Changed copies of each sample: what few weights are fitted to must not be what few samples happen to be like. */
const COPIES = 3;

/** A weight counts as this many bytes at least: of a small layer, which is sensitive, little is gained. */
const FEWEST_BYTES = 1;

/** Sparsity of the pattern that takes out least. */
const TWO_OF_FOUR = 0.5;

/**
 * Weights that matter least go, whichever layer they are of: what taking one out costs is told by its layer's inputs (Hassibi, Stork:
 * "Optimal Brain Surgeon", NIPS 1992). Those that stay are fitted to what the layer made before.
 */
export const PRUNE_WEIGHTS = defineRestructuring({
  id: ID,
  title: "Prune weights",
  summary:
    "Removes the weights that matter least and fits the others; the file holds those that stay and their positions. No runtime computes faster by it.",
  guarantee: "approximate",
  keepsSharing: true,
  keepsMacs: true,
  fitsToSamples: true,
  predictsNothing: true,
  literature: [
    "Hassibi, Stork: Second Order Derivatives for Network Pruning: Optimal Brain Surgeon. NIPS 1992",
    "Han, Mao, Dally: Deep Compression. ICLR 2016",
    "Frantar, Alistarh: SparseGPT. ICML 2023",
  ],
  answers: { "near-zero-weights": 1 },
  options: [
    {
      id: "sparsity",
      title: "Sparsity",
      description:
        "Share of the weights that is removed. In the whole model, each layer loses the share that costs the least error.",
      type: "number",
      minimum: 0,
      maximum: 0.999,
      default: 0.8,
    },
    {
      id: "bits",
      title: "Bits of a table",
      description:
        "Bits of the table of values shared by the weights that stay, as in share-weights; 0: they stay floats.",
      type: "integer",
      minimum: 0,
      maximum: 8,
      default: 0,
    },
    {
      id: "pattern",
      title: "Pattern",
      description:
        "Where weights may be removed: a pattern that some hardware computes faster. “Two of four” and “three of four” fix how many; for blocks the sparsity does.",
      type: "choice",
      choices: [
        { value: "none", title: "Anywhere" },
        { value: "2:4", title: "Two of every four inputs" },
        { value: "1:4", title: "Three of every four inputs" },
        { value: "1x4", title: "Blocks of four inputs beside each other" },
      ],
      default: "none",
    },
  ],
  find: (graph) => {
    const reason = graph.whyNoPlaces;
    if (reason !== undefined) return weightedLayers(graph).map(({ name }) => ({ target: name, reason }));
    return findingsAt(graph, wholeModel(graph, { sparsity: 0.8, bits: 0, pattern: "none" }));
  },
  // How the places of what stays are stored depends on the places.
  predict: (graph, target, options) => {
    prunedLayers(graph, target, options);
    return undefined;
  },
  rewrite: async (graph, target, options, context) => {
    const { sparsity, bits, pattern } = options;
    const layers = prunedLayers(graph, target, options);
    const masks = await masksOf(graph, layers, sparsity, pattern, context, COPIES);
    return compressLayers(
      graph,
      layers,
      context,
      async (problem, layer) => {
        const mask = (await masks.get(layer.id)?.(problem)) ?? new Uint8Array(problem.weights.data.length).fill(1);
        if (bits > 0) return sharedPruned(problem, mask, bits, graph.layout);
        const weights = await refitted(problem.target, problem.error, mask);
        return { weights, coding: prunedCoding(weights, undefined, graph.layout) };
      },
      COPIES,
    );
  },
});

/** Of its options. */
interface Pruning {
  readonly sparsity: number;
  readonly bits: number;
  readonly pattern: string;
}

/** @throws {NotApplicableError} */
function prunedLayers(graph: NeutralGraph, target: string, options: Pruning): readonly WeightedLayer[] {
  return matched(ID, target, graph.whyNoPlaces ?? layersAt(graph, target, wholeModel(graph, options)));
}

function wholeModel(graph: NeutralGraph, { sparsity, bits, pattern }: Pruning): readonly WeightedLayer[] {
  const storage = { kind: "sparse", sparsity: pattern === "2:4" ? TWO_OF_FOUR : sparsity, bits } as const;
  const bytes = Math.max(FEWEST_BYTES, bytesPerWeight(storage));
  return worthwhile(graph, bytes, () => (bits > 0 ? tableBytes(graph, bits) : 0));
}
