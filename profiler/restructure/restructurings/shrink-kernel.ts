import { LinearFit } from "../approximation/linear-fit.ts";
import { pointwiseSteps } from "../matching/conv-steps.ts";
import type { ConvForm } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { findConvs, matchUngroupedConv } from "../matching/match-conv.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { matched, defineRestructuring } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";

const ID = "shrink-kernel";

/**
 * K×K filters shrunk to 1×1, all of them or a share, the others beside them: the expand layer of SqueezeNet (Iandola et al., 2016).
 * A shrunk filter keeps its middle tap; with calibration samples it is fitted to what the layer made of them. Channels keep their order, so the filters that shrink are the first or the last ones: those whose
 * outer taps weigh less.
 */
export const SHRINK_KERNEL = defineRestructuring({
  id: ID,
  title: "Shrink kernel",
  summary: "Replaces K×K filters by 1×1 filters.",
  guarantee: "needs training",
  fitsToSamples: true,
  takesTied: true,
  literature: ["Iandola et al., SqueezeNet, 2016"],
  answers: { "macs-share": 6, "large-kernel": 4 },
  options: [
    {
      id: "share",
      title: "Share of the filters",
      description: "Filters that become 1×1; SqueezeNet has half of each.",
      type: "number",
      default: 0.5,
      minimum: 0.01,
      maximum: 1,
    },
  ],
  strengths: { option: "share", values: [0.25, 0.5, 1] },
  find: (graph) => findConvs(graph, match, describeFilters),
  predict: (graph, target, options) => {
    const layer = matched(ID, target, match(graph, target));
    const shrunk = shrunkFilters(layer.form, options.share);
    const planned = (shape: readonly number[]): Weights => plannedWeights(shape, layer.form.weight.dataType);
    return besideEachOther(layer, graph, shrunk, "last", planned, plannedLike(layer.form.bias));
  },
  rewrite: async (graph, target, options, context) => {
    const layer = matched(ID, target, match(graph, target));
    const { weight, bias } = layer.form;
    const shrunk = shrunkFilters(layer.form, options.share);
    const elements = await weight.read();
    const which = lighterEnd(layer.form, elements, shrunk);
    const [outputs = 0, inputs = 0] = weight.shape;
    const filter = elements.length / outputs;
    const taps = filter / inputs;
    const middles = Array.from({ length: inputs }, (_, input) => input * taps + Math.floor(taps / 2));
    const points = await (await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id))).refitToSome(middles);
    const isPoint = (shape: readonly number[]): boolean => shape.slice(2).every((size) => size === 1);
    const cut = (shape: readonly number[], from: number): Weights => {
      const [all, size] = isPoint(shape) ? [points.weight.data, inputs] : [elements, filter];
      return newWeights(shape, all.slice(from * size, (from + (shape[0] ?? 0)) * size), weight.dataType);
    };
    const fitted = bias && newWeights([outputs], points.bias, bias.dataType);
    return besideEachOther(layer, graph, shrunk, which, cut, fitted);
  },
});

function match(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchUngroupedConv(graph, target);
  if (typeof layer === "string") return layer;
  const { weight, padsBegin, padsEnd, dilations } = layer.form;
  const kernel = weight.shape.slice(2);
  if (kernel.every((size) => size === 1)) return "it is a 1×1 convolution already";
  // Else a 1×1 filter at the same positions would need negative padding.
  const isCentred = kernel.every((size, axis) => {
    const middle = ((size - 1) / 2) * (dilations[axis] ?? 1);
    return size % 2 === 1 && padsBegin[axis] === middle && padsEnd[axis] === middle;
  });
  return isCentred ? layer : "its kernels are not centred on the positions they are computed for";
}

function describeFilters({ weight }: ConvForm): string {
  const [outputs = 0, , ...kernel] = weight.shape;
  return `${outputs} filters of ${kernel.join("×")}`;
}

function shrunkFilters({ weight }: ConvForm, share: number): number {
  const [outputs = 0] = weight.shape;
  return Math.min(outputs, Math.max(1, Math.round(outputs * share)));
}

/** The end of the filters whose outer taps have less energy. */
function lighterEnd({ weight }: ConvForm, elements: Float32Array, shrunk: number): "first" | "last" {
  const [outputs = 0, inputs = 1] = weight.shape;
  const filter = elements.length / outputs;
  const taps = filter / inputs;
  const outer = (from: number): number => {
    let energy = 0;
    for (let index = from * filter; index < (from + shrunk) * filter; index++) {
      if (index % taps !== Math.floor(taps / 2)) energy += (elements[index] ?? 0) ** 2;
    }
    return energy;
  };
  return outer(0) < outer(outputs - shrunk) ? "first" : "last";
}

function besideEachOther(
  layer: NeutralLayer<ConvForm>,
  graph: NeutralGraph,
  shrunk: number,
  which: "first" | "last",
  cut: (shape: readonly number[], from: number) => Weights,
  /** Of all filters as 1×1 ones; of each, what it takes to keep the mean of what it makes. */
  pointBias: Weights | undefined,
): Rewrite {
  const { form, name, inputs, outputs } = layer;
  const [filters = 0, channels = 0, ...kernel] = form.weight.shape;
  const points = kernel.map(() => 1);
  const pointSteps = { ...pointwiseSteps(kernel.length), strides: form.strides };
  const kept = filters - shrunk;
  if (kept === 0) {
    const weight = cut([filters, channels, ...points], 0);
    return { replace: new Map([[layer.id, { ...form, ...pointSteps, weight, bias: pointBias }]]) };
  }
  const [pointFrom, wideFrom] = which === "first" ? [0, shrunk] : [kept, 0];
  const point: NewLayer = {
    name: `${name}_1x1`,
    form: {
      ...form,
      ...pointSteps,
      weight: cut([shrunk, channels, ...points], pointFrom),
      bias: sliced(pointBias, pointFrom, shrunk),
    },
    inputs,
    outputs: [`${name}_1x1`],
  };
  const wide: NewLayer = {
    name: `${name}_${kernel.join("x")}`,
    form: { ...form, weight: cut([kept, channels, ...kernel], wideFrom), bias: sliced(form.bias, wideFrom, kept) },
    inputs,
    outputs: [`${name}_${kernel.join("x")}`],
  };
  // In the same order whichever filters shrink: a prediction does not know them.
  const parts = [point, wide];
  const joined = which === "first" ? parts : parts.toReversed();
  const axis = graph.layout === "channels-first" ? 1 : kernel.length + 1;
  const concat: NewLayer = {
    name,
    form: { kind: "concat", axis, activation: undefined },
    inputs: joined.flatMap((part) => part.outputs),
    outputs,
  };
  return { remove: [layer.id], insert: [...parts, concat] };
}

function sliced(bias: Weights | undefined, from: number, count: number): Weights | undefined {
  if (!bias) return undefined;
  return { shape: [count], dataType: bias.dataType, read: async () => (await bias.read()).slice(from, from + count) };
}
