import { wholeMultiples } from "../../../neutral/integer-palette.ts";
import { shared } from "../../../compression/palette.ts";
import type { Matrix } from "../../../numeric/matrix.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import { paletteCoding, plannedPalette, prunedCoding, withZero } from "./codings.ts";
import { plannedForm, type CompressedWeights } from "./compressed-form.ts";
import { compressLayers } from "./compress-layers.ts";
import { findingsAt, isStoredSparse, layersAt, tableBytes, worthwhile } from "./weighted-layers.ts";
import type { WeightProblem } from "./weight-problem.ts";

const ID = "share-weights";

/** Share of zeros from which on a layer counts as pruned: its zeros stay. */
const PRUNED = 0.5;

/**
 * Weight sharing: all weights of a layer have one of few values (Han, Mao, Dally: "Deep Compression", ICLR 2016). The values are clustered
 * by what the weights matter, and fitted to the outputs of the layer.
 */
export const SHARE_WEIGHTS = defineRestructuring({
  id: ID,
  title: "Share weights",
  summary:
    "Gives each weight of a layer one of 2 to 256 values: in ONNX files a table of them is stored, in TFLite files the values as 8-bit integers, which compress; the layer computes in float as before.",
  guarantee: "approximate",
  keepsSharing: true,
  keepsMacs: true,
  fitsToSamples: true,
  literature: ["Han, Mao, Dally: Deep Compression. ICLR 2016"],
  answers: { "int8-weights": 2 },
  options: [
    {
      id: "bits",
      title: "Bits",
      description: "Bits of each weight's index into the table: b bits give 2ᵇ values.",
      type: "integer",
      minimum: 1,
      maximum: 8,
      default: 4,
    },
  ],
  find: (graph) => findingsAt(graph, wholeModel(graph, 4)),
  predict: (graph, target, { bits }) => {
    const layers = matched(ID, target, layersAt(graph, target, wholeModel(graph, bits)));
    if (layers.some(isStoredSparse)) return undefined;
    return {
      replace: new Map(layers.map((layer) => [layer.id, plannedForm(layer.form, { coding: plannedPalette(bits) })])),
    };
  },
  rewrite: (graph, target, { bits }, context) => {
    const layers = matched(ID, target, layersAt(graph, target, wholeModel(graph, bits)));
    return compressLayers(graph, layers, context, (problem, layer) =>
      sharedWeights(problem, layer, bits, graph.layout),
    );
  },
});

/**
 * In a TFLite file each weight keeps a byte, and one that was stored in 8 bits before saves nothing there: a zip of the file is what gets smaller
 * (kws_dscnn, pruned to 36.4 KB: 38.2 KB with 4 bits, of which a zip of the weights leaves 13.9 KB instead of 22.5 KB).
 */
function wholeModel(graph: NeutralGraph, bits: number): readonly WeightedLayer[] {
  return worthwhile(graph, bits / 8, () => tableBytes(graph, bits));
}

/**
 * All weights of a layer with few values; what was pruned stays pruned. Where the file has all of them each gets its index, as was predicted: what
 * many zeros could save beyond that, `prune-weights` does.
 */
export async function sharedWeights(
  problem: WeightProblem,
  layer: WeightedLayer,
  bits: number,
  layout: NeutralGraph["layout"],
): Promise<CompressedWeights> {
  const { weights: before, target, error } = problem;
  const mask = maskOf(before);
  if (mask && isStoredSparse(layer)) return sharedPruned(problem, mask, bits, layout);
  const values = 2 ** bits - (mask ? 1 : 0);
  const { weights, codebook } = await shared(target, error, values, { ...(mask && { mask }), ...storableIn(layout) });
  return { weights, coding: paletteCoding(bits, weights, mask ? withZero(codebook, 2 ** bits) : codebook) };
}

/** TFLite, whose channels come last, has no tables that its runtimes look values up in once: its values are 8-bit integers of one scale. */
function storableIn(layout: NeutralGraph["layout"]): { readonly storable?: typeof wholeMultiples } {
  return layout === "channels-first" ? {} : { storable: wholeMultiples };
}

/** What is left of pruned weights with few values: zero is one of them. */
export async function sharedPruned(
  { target, error }: WeightProblem,
  mask: Uint8Array,
  bits: number,
  layout: NeutralGraph["layout"],
): Promise<CompressedWeights> {
  const { weights, codebook } = await shared(target, error, 2 ** bits - 1, { mask, ...storableIn(layout) });
  return { weights, coding: prunedCoding(weights, { bits, codebook }, layout) };
}

function maskOf({ data }: Matrix): Uint8Array | undefined {
  const mask = Uint8Array.from(data, (value) => (value === 0 ? 0 : 1));
  const kept = mask.reduce((sum, value) => sum + value, 0);
  return kept <= (1 - PRUNED) * mask.length ? mask : undefined;
}
