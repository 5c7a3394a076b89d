import type { DenseForm } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import { whyNoInnerRange } from "../matching/inner-range.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { opaqueRefusals, whyOpaque } from "../matching/opaque-refusals.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { LinearFit } from "../approximation/linear-fit.ts";
import { RANK_OPTIONS, RANK_STRENGTHS, extentOf, rankBySize, type RankScale } from "../approximation/rank.ts";
import { matched, type Finding, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "dense-low-rank";

/** Smaller ones cost more in overhead than they save. */
const SMALLEST = 16;

/**
 * A fully connected layer of outFeatures × inFeatures as two of rank r, which have r · (outFeatures + inFeatures) weights: Denton,
 * Zaremba, Bruna, LeCun, Fergus: "Exploiting Linear Structure Within Convolutional Networks for Efficient Evaluation", NIPS 2014;
 * with calibration samples by the principal components of the outputs (Zhang, Zou, He, Sun: "Accelerating Very Deep Convolutional
 * Networks for Classification and Detection", TPAMI 2016).
 */
export const DENSE_LOW_RANK = defineRestructuring({
  id: ID,
  title: "Low rank",
  summary: "Replaces a dense layer by two with fewer features between them.",
  guarantee: "approximate",
  literature: ["Denton et al., NIPS 2014", "Zhang et al., TPAMI 2016"],
  answers: { "dense-head": 1, "parameters-share": 1, "energy-share": 1 },
  fitsToSamples: true,
  takesTied: true,
  options: RANK_OPTIONS,
  // Layers behind flattened maps are the most redundant ones (Denton 2014).
  suggested: { cost: 0.25 },
  strengths: RANK_STRENGTHS,
  find: (graph) => [
    ...graph.layersOf("dense").map((layer) => findingAt(graph, layer)),
    ...opaqueRefusals(graph, "dense"),
  ],
  predict: (graph, target, options) => {
    const layer = matched(ID, target, match(graph, target));
    const rank = rankBySize(options, scaleOf(layer.form));
    if (rank === undefined) return undefined;
    const { weight, bias } = layer.form;
    const [outputs = 0, inputs = 0] = weight.shape;
    return twoLayers(
      layer,
      plannedWeights([rank, inputs], weight.dataType),
      plannedWeights([outputs, rank], weight.dataType),
      plannedLike(bias),
    );
  },
  rewrite: async (graph, target, options, context) => {
    const layer = matched(ID, target, match(graph, target));
    const fit = await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id));
    const { first, second, bias } = await fit.lowRank(extentOf(options, scaleOf(layer.form)));
    const { dataType } = layer.form.weight;
    const newBias = layer.form.bias && newWeights([bias.length], bias, layer.form.bias.dataType);
    return twoLayers(
      layer,
      newWeights([first.rows, first.columns], first.data, dataType),
      newWeights([second.rows, second.columns], second.data, dataType),
      newBias,
    );
  },
});

function match(graph: NeutralGraph, target: string): NeutralLayer<DenseForm> | string {
  const layer = graph.layer(target);
  if (!layer) return "there is no such layer";
  if (!isKind(layer, "dense")) return whyOpaque(layer, `${layer.op} is not a dense layer`);
  return whyNoInnerRange(graph, layer) ?? layer;
}

function findingAt(graph: NeutralGraph, layer: NeutralLayer<DenseForm>): Finding {
  const reason = whyNoInnerRange(graph, layer);
  if (reason !== undefined) return { target: layer.name, reason };
  const [outputs = 0, inputs = 0] = layer.form.weight.shape;
  if (Math.min(outputs, inputs) < SMALLEST) {
    return { target: layer.name, reason: `a ${outputs}×${inputs} layer has no low rank to gain from` };
  }
  return { target: layer.name, layers: [layer.id], why: `dense, ${outputs}×${inputs} weights` };
}

function scaleOf({ weight }: DenseForm): RankScale {
  const [outputs = 0, inputs = 0] = weight.shape;
  return { full: Math.min(outputs, inputs), weights: outputs * inputs, weightsPerRank: outputs + inputs };
}

function twoLayers(
  layer: NeutralLayer<DenseForm>,
  first: Weights,
  second: Weights,
  bias: Weights | undefined,
): Rewrite {
  const inner = `${layer.name}_reduced`;
  const { form, name, inputs, outputs } = layer;
  return {
    remove: [layer.id],
    insert: [
      {
        name: inner,
        form: { kind: "dense", weight: first, bias: undefined, activation: undefined },
        inputs,
        outputs: [inner],
      },
      { name, form: { ...form, weight: second, bias }, inputs: [inner], outputs },
    ],
  };
}
