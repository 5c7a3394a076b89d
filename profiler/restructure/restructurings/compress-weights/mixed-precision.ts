import { mostSalient, refitted, saliencies, stagedMask } from "../../../compression/prune.ts";
import type { LinearForm } from "../../../neutral/forms.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { WeightCoding } from "../../../neutral/weight-coding.ts";
import type { WeightedLayer } from "../../approximation/follow-samples.ts";
import { defineRestructuring, matched } from "../../restructuring.ts";
import { plannedPalette, prunedCoding } from "./codings.ts";
import { plannedForm, type CompressedWeights } from "./compressed-form.ts";
import { compressLayers } from "./compress-layers.ts";
import { bytesPerWeight, formatStorages, OTHERS, parseStorages, type LayerStorage } from "./layer-storage.ts";
import { plannedQuantized, quantized } from "./quantized-layer.ts";
import { sharedPruned, sharedWeights } from "./share-weights.ts";
import { isStoredSparse, scaleBytes, tableBytes, weightedLayers, whyNone, worthwhile } from "./weighted-layers.ts";
import type { WeightProblem } from "./weight-problem.ts";

const ID = "mixed-precision";

/** Without a first, a last and others there is nothing to mix. */
const FEWEST_LAYERS = 3;

/**
 * Layers stored in different ways, in one pass: each makes up for what the ones before it changed. What each layer bears is told by its
 * sensitivity (Han, Pool, Tran, Dally: "Learning both Weights and Connections for Efficient Neural Networks", NIPS 2015, figure 6).
 */
export const MIXED_PRECISION = defineRestructuring({
  id: ID,
  title: "Mixed precision",
  summary: "Stores the weights of each layer with a number of bits of its own; layers compute in float as before.",
  guarantee: "approximate",
  keepsSharing: true,
  keepsMacs: true,
  fitsToSamples: true,
  isOfWholeModel: true,
  literature: [
    "Han, Pool, Tran, Dally: Learning both Weights and Connections for Efficient Neural Networks. NIPS 2015",
    "Wang et al.: HAQ: Hardware-Aware Automated Quantization With Mixed Precision. CVPR 2019",
  ],
  answers: {},
  options: [
    {
      id: "layers",
      title: "Layers",
      description:
        "How each layer is stored: its name, or * for all others, and bits (8, 7, 6, 4, 3, 2), table1 to table8 for shared values, sparse0.9 or sparse0.9/4 for pruned ones. Layers that are not named stay as they are. Default: the first and the last one in 8 bits, the others in 4.",
      type: "text",
      example: "conv1 8; * 4; fc3 table5",
    },
  ],
  find: (graph) => {
    const layers = worthwhile(graph, 0.5, scaleBytes);
    const [first] = layers;
    if (layers.length < FEWEST_LAYERS || first === undefined) return [];
    const why = `the first and the last of ${layers.length} layers in 8 bits, the others in 4`;
    return [{ target: "", layers: layers.map(({ id }) => id), why, options: { layers: usualStorages(graph) } }];
  },
  predict: (graph, target, { layers: text }) => {
    const stored = matched(ID, target, storedLayers(graph, target, text));
    const planned = new Map<LayerId, ReturnType<typeof plannedForm>>();
    for (const { layer, storage } of stored) {
      const coding = plannedCoding(layer, storage);
      // How the places of what stays are stored depends on the places.
      if (coding === undefined) return undefined;
      planned.set(layer.id, plannedForm(layer.form, { coding }));
    }
    return { replace: planned };
  },
  rewrite: (graph, target, { layers: text }, context) => {
    const stored = matched(ID, target, storedLayers(graph, target, text));
    const storages = new Map(stored.map(({ layer, storage }) => [layer.id, storage]));
    const layers = stored.map(({ layer }) => layer);
    return compressLayers(graph, layers, context, async (problem, layer) => {
      const storage = storages.get(layer.id);
      if (storage === undefined) throw new RangeError(`${layer.name} has no storage`);
      return compressed(problem, layer, storage, graph.layout);
    });
  },
});

interface StoredLayer {
  readonly layer: WeightedLayer;
  readonly storage: LayerStorage;
}

/** In the order they run; a text says why there are none. @throws {OptionError} */
function storedLayers(graph: NeutralGraph, target: string, text: string | undefined): readonly StoredLayer[] | string {
  if (target !== "") return "it is for the model as a whole: name layers in its option";
  const storages = parseStorages(text ?? usualStorages(graph));
  const layers = weightedLayers(graph);
  const known = new Set(layers.map(({ name }) => name));
  const unknown = [...storages.keys()].find((name) => name !== OTHERS && !known.has(name));
  if (unknown !== undefined) return `"${unknown}" is neither a convolution nor a dense layer`;
  const others = storages.get(OTHERS);
  const gains = new Set(
    others ? worthwhile(graph, bytesPerWeight(others), besides(graph, others)).map(({ id }) => id) : [],
  );
  const stored = layers.flatMap((layer): readonly StoredLayer[] => {
    const storage = storages.get(layer.name) ?? (gains.has(layer.id) ? others : undefined);
    return storage ? [{ layer, storage }] : [];
  });
  if (graph.whyNoPlaces !== undefined && stored.some(({ storage }) => storage.kind === "sparse"))
    return graph.whyNoPlaces;
  return stored.length > 0 ? stored : whyNone(graph);
}

/** What the weights of a layer take beside their bits. */
function besides(graph: NeutralGraph, { kind, bits }: LayerStorage): (form: LinearForm) => number {
  return kind === "quantized" ? scaleBytes : () => (bits > 0 ? tableBytes(graph, bits) : 0);
}

/** First and last layers lose most by few bits. */
function usualStorages(graph: NeutralGraph): string {
  const layers = worthwhile(graph, 0.5, scaleBytes);
  const ends = [...new Set([layers.at(0), layers.at(-1)])].flatMap((layer) => layer?.name ?? []);
  const others: readonly [string, LayerStorage] = [OTHERS, { kind: "quantized", bits: 4 }];
  return formatStorages([
    ...ends.map((name): readonly [string, LayerStorage] => [name, { kind: "quantized", bits: 8 }]),
    others,
  ]);
}

function plannedCoding(layer: WeightedLayer, storage: LayerStorage): WeightCoding | undefined {
  switch (storage.kind) {
    case "quantized":
      return plannedQuantized(layer, storage.bits);
    case "table":
      return isStoredSparse(layer) ? undefined : plannedPalette(storage.bits);
    case "sparse":
      return undefined;
  }
}

async function compressed(
  problem: WeightProblem,
  layer: WeightedLayer,
  storage: LayerStorage,
  layout: NeutralGraph["layout"],
): Promise<CompressedWeights> {
  switch (storage.kind) {
    case "quantized":
      return quantized(problem, layer, storage.bits, 0, layout);
    case "table":
      return sharedWeights(problem, layer, storage.bits, layout);
    case "sparse": {
      const { target, error, energy } = problem;
      const costs = await saliencies(target, error, energy);
      const kept = Math.round((1 - storage.sparsity) * costs.length);
      const mask = energy > 0 ? await stagedMask(target, error, costs, kept) : mostSalient(costs, kept);
      if (storage.bits > 0) return sharedPruned(problem, mask, storage.bits, layout);
      const weights = await refitted(target, error, mask);
      return { weights, coding: prunedCoding(weights, undefined, layout) };
    }
  }
}
