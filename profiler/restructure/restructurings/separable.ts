import { matrix, type Matrix } from "../../numeric/matrix.ts";
import { truncatedSvd } from "../../numeric/svd.ts";
import { bareConv, pointwiseSteps } from "../matching/conv-steps.ts";
import type { ConvForm } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { LinearFit } from "../approximation/linear-fit.ts";
import { describeConv, findConvs, matchDivisibleConv } from "../matching/match-conv.ts";
import { matched, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "separable";

/**
 * A K×K convolution as a depthwise convolution with m filters a channel and a 1×1 convolution: the factorisation of MobileNet (Howard
 * et al., 2017), computed from trained weights as by Guo et al., "Network Decoupling", BMVC 2018: the m strongest singular vectors of each
 * input channel's filters. Exact when m is the number of a kernel's taps. With calibration samples the 1×1 convolution is fitted to the layer's
 * outputs by least squares.
 */
export const SEPARABLE = defineRestructuring({
  id: ID,
  title: "Separable",
  summary: "Replaces a K×K convolution by a depthwise and a 1×1 convolution.",
  guarantee: "approximate",
  literature: ["Howard et al., MobileNets, 2017", "Guo et al., BMVC 2018"],
  answers: { "parameters-share": 5, "macs-share": 1, "energy-share": 2, "large-kernel": 3 },
  fitsToSamples: true,
  takesTied: true,
  options: [
    {
      id: "multiplier",
      title: "Depth multiplier",
      description: "Filters for each input channel. As many as a kernel has elements make the edit exact, but costly.",
      type: "integer",
      default: 1,
      minimum: 1,
    },
  ],
  strengths: { option: "multiplier", values: [4, 2, 1] },
  find: (graph) => findConvs(graph, match, describeConv),
  predict: (graph, target, options) => {
    const layer = matched(ID, target, match(graph, target));
    const { inputs, outputs, kernel, multiplier } = sizesOf(layer.form, options.multiplier);
    const { dataType } = layer.form.weight;
    const depthwise = plannedWeights([inputs * multiplier, 1, ...kernel], dataType);
    const pointwise = plannedWeights([outputs, inputs * multiplier, ...kernel.map(() => 1)], dataType);
    return twoLayers(layer, depthwise, pointwise, plannedLike(layer.form.bias));
  },
  rewrite: async (graph, target, options, context) => {
    const layer = matched(ID, target, match(graph, target));
    const { inputs, outputs, kernel, taps, multiplier } = sizesOf(layer.form, options.multiplier);
    const { weight, bias } = layer.form;
    const fit = await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id));
    const depthwise = matrix(inputs * multiplier, taps);
    for (let channel = 0; channel < inputs; channel++) {
      context.signal?.throwIfAborted();
      const { v } = await truncatedSvd(filtersOn(fit.weight, channel, taps), multiplier, { products: fit.products });
      for (let index = 0; index < v.data.length; index++) {
        const [tap, filter] = [Math.floor(index / multiplier), index % multiplier];
        depthwise.data[(channel * multiplier + filter) * taps + tap] = v.data[index] ?? 0;
      }
      context.onProgress?.(channel / inputs, "factorising filters");
    }
    // Orthonormal filters: without samples the fit is the projection that the singular value decomposition gives.
    const fitted = await fit.refit(featuresOf(depthwise, inputs, multiplier));
    return twoLayers(
      layer,
      newWeights([inputs * multiplier, 1, ...kernel], depthwise.data, weight.dataType),
      newWeights([outputs, inputs * multiplier, ...kernel.map(() => 1)], fitted.weight.data, weight.dataType),
      bias && newWeights([outputs], fitted.bias, bias.dataType),
    );
  },
});

function match(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchDivisibleConv(graph, target);
  if (typeof layer === "string") return layer;
  const [, inputs = 0, ...kernel] = layer.form.weight.shape;
  if (kernel.every((size) => size === 1)) return "it is a 1×1 convolution already";
  return inputs > 1 ? layer : "it has one input channel, and nothing to mix";
}

interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: readonly number[];
  readonly taps: number;
  /** No more than span all filters of a channel. */
  readonly multiplier: number;
}

function sizesOf({ weight }: ConvForm, multiplier: number): Sizes {
  const [outputs = 0, inputs = 0, ...kernel] = weight.shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  return { inputs, outputs, kernel, taps, multiplier: Math.min(multiplier, taps, outputs) };
}

/** All filters on one input channel: outputs × taps. */
function filtersOn(weight: Matrix, channel: number, taps: number): Matrix {
  const filters = matrix(weight.rows, taps);
  for (let output = 0; output < weight.rows; output++) {
    const from = output * weight.columns + channel * taps;
    filters.data.set(weight.data.subarray(from, from + taps), output * taps);
  }
  return filters;
}

/** The depthwise filters as one map from a patch: (inputs · multiplier) × (inputs · taps). */
function featuresOf(depthwise: Matrix, inputs: number, multiplier: number): Matrix {
  const taps = depthwise.columns;
  const features = matrix(depthwise.rows, inputs * taps);
  for (let filter = 0; filter < depthwise.rows; filter++) {
    const channel = Math.floor(filter / multiplier);
    const from = filter * taps;
    features.data.set(depthwise.data.subarray(from, from + taps), filter * features.columns + channel * taps);
  }
  return features;
}

function twoLayers(
  layer: NeutralLayer<ConvForm>,
  depthwise: Weights,
  pointwise: Weights,
  bias: Weights | undefined,
): Rewrite {
  const inner = `${layer.name}_depthwise`;
  const { form, name, inputs, outputs } = layer;
  const groups = form.weight.shape[1] ?? 1;
  return {
    remove: [layer.id],
    insert: [
      { name: inner, form: bareConv(depthwise, form, groups), inputs, outputs: [inner] },
      {
        name,
        form: { ...form, ...pointwiseSteps(form.strides.length), weight: pointwise, bias },
        inputs: [inner],
        outputs,
      },
    ],
  };
}
