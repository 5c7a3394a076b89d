import type { ConvForm } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { LinearFit, sizeOf } from "../approximation/linear-fit.ts";
import { describeConv, findConvs, matchDivisibleConv } from "../matching/match-conv.ts";
import { RANK_OPTIONS, RANK_STRENGTHS, extentOf, rankBySize, type RankScale } from "../approximation/rank.ts";
import { matched, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "split-channels";

/** Fewer channels are no rank to gain from. */
const SMALLEST = 8;

/**
 * A K×K convolution to r channels and a 1×1 convolution from them: Zhang, Zou, He, Sun: "Accelerating Very Deep Convolutional
 * Networks for Classification and Detection", TPAMI 2016. With calibration samples the r channels are the principal components of the
 * layer's outputs, and the mean that they miss goes into the bias where the layer has one.
 */
export const SPLIT_CHANNELS = defineRestructuring({
  id: ID,
  title: "Split channels",
  summary: "Replaces a convolution by one with fewer filters and a 1×1 convolution that mixes them.",
  guarantee: "approximate",
  literature: ["Zhang et al., TPAMI 2016"],
  answers: { "parameters-share": 4, "macs-share": 2, "energy-share": 3 },
  fitsToSamples: true,
  takesTied: true,
  options: RANK_OPTIONS,
  suggested: { cost: 0.5 },
  strengths: RANK_STRENGTHS,
  find: (graph) => findConvs(graph, match, describeConv),
  predict: (graph, target, options) => {
    const layer = matched(ID, target, match(graph, target));
    const rank = rankBySize(options, scaleOf(layer.form));
    if (rank === undefined) return undefined;
    const { weight, bias } = layer.form;
    const [outputs = 0, ...filter] = weight.shape;
    const first = plannedWeights([rank, ...filter], weight.dataType);
    return twoLayers(layer, first, mixing(outputs, rank, layer.form), plannedLike(bias));
  },
  rewrite: async (graph, target, options, context) => {
    const layer = matched(ID, target, match(graph, target));
    const { weight, bias } = layer.form;
    const fit = await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id));
    const factors = await fit.lowRank(extentOf(options, scaleOf(layer.form)));
    const rank = factors.first.rows;
    const [outputs = 0, ...filter] = weight.shape;
    const first = newWeights([rank, ...filter], factors.first.data, weight.dataType);
    const second = newWeights(mixing(outputs, rank, layer.form).shape, factors.second.data, weight.dataType);
    return twoLayers(layer, first, second, bias && newWeights([outputs], factors.bias, bias.dataType));
  },
});

function match(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchDivisibleConv(graph, target);
  if (typeof layer === "string") return layer;
  const [outputs = 0] = layer.form.weight.shape;
  return outputs < SMALLEST ? `${outputs} channels have no low rank to gain from` : layer;
}

function scaleOf({ weight }: ConvForm): RankScale {
  const [outputs = 0, ...filter] = weight.shape;
  const elements = filter.reduce((product, size) => product * size, 1);
  return { full: Math.min(outputs, elements), weights: sizeOf(weight), weightsPerRank: elements + outputs };
}

/** outputs × rank × 1… */
function mixing(outputs: number, rank: number, { weight }: ConvForm): Weights {
  return plannedWeights([outputs, rank, ...weight.shape.slice(2).map(() => 1)], weight.dataType);
}

function twoLayers(layer: NeutralLayer<ConvForm>, first: Weights, second: Weights, bias: Weights | undefined): Rewrite {
  const inner = `${layer.name}_reduced`;
  const { form, name, inputs, outputs } = layer;
  const ones = form.strides.map(() => 1);
  const zeros = form.strides.map(() => 0);
  const steps = { strides: ones, dilations: ones, padsBegin: zeros, padsEnd: zeros };
  return {
    remove: [layer.id],
    insert: [
      {
        name: inner,
        form: { ...form, weight: first, bias: undefined, activation: undefined },
        inputs,
        outputs: [inner],
      },
      { name, form: { ...form, ...steps, weight: second, bias }, inputs: [inner], outputs },
    ],
  };
}
