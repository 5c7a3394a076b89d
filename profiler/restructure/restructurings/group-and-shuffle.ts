import { LinearFit } from "../approximation/linear-fit.ts";
import type { ConvForm } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { describeConv, findConvs, matchUngroupedConv } from "../matching/match-conv.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { matched, NotApplicableError, defineRestructuring } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";

const ID = "group-and-shuffle";

/** Fewer channels in a group mix too little to be worth a group. */
const SMALLEST_GROUP = 4;

/**
 * A convolution in groups, with a channel shuffle that lets information cross them: Zhang, Zhou, Lin, Sun: "ShuffleNet", CVPR 2018.
 * Every filter keeps the weights on its own group's inputs; with calibration samples they are fitted to what the layer made of all of them. The shuffle stands before or after the convolution, and channels keep their
 * order for whoever reads them: of the two ways, the one that keeps more of the weights' energy is taken.
 */
export const GROUP_AND_SHUFFLE = defineRestructuring({
  id: ID,
  title: "Group and shuffle",
  summary: "Replaces a convolution by a grouped one and a channel shuffle.",
  guarantee: "needs training",
  fitsToSamples: true,
  takesTied: true,
  literature: ["Zhang et al., ShuffleNet, CVPR 2018"],
  answers: {},
  options: [
    {
      id: "groups",
      title: "Groups",
      description: "Must divide the input and the output channels.",
      type: "integer",
      default: 2,
      minimum: 2,
    },
  ],
  strengths: { option: "groups", values: [2, 4, 8] },
  choosesOrder: true,
  find: (graph) => findConvs(graph, match, describeConv, groupsFor),
  predict: (graph, target, options) => {
    const { layer, groups } = grouped(graph, target, options.groups);
    const [outputs = 0, inputs = 0, ...kernel] = layer.form.weight.shape;
    return groupedLayers(
      layer,
      groups,
      plannedWeights([outputs, inputs / groups, ...kernel], layer.form.weight.dataType),
      "after",
      plannedLike(layer.form.bias),
    );
  },
  rewrite: async (graph, target, options, context) => {
    const { layer, groups } = grouped(graph, target, options.groups);
    const { weight } = layer.form;
    const elements = await weight.read();
    const energyOf = (shuffle: "after" | "before"): number => keptEnergy(elements, weight.shape, groups, shuffle);
    const shuffle = energyOf("before") > energyOf("after") ? "before" : "after";
    const [outputs = 0, inputs = 0, ...kernel] = weight.shape;
    const fit = await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id));
    const fitted = await fittedGroups(fit, weight.shape, groups, shuffle);
    const kept = newWeights([outputs, inputs / groups, ...kernel], fitted.kept, weight.dataType);
    const bias = layer.form.bias && newWeights([outputs], fitted.bias, layer.form.bias.dataType);
    return groupedLayers(layer, groups, kept, shuffle, bias);
  },
});

function match(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchUngroupedConv(graph, target);
  if (typeof layer === "string") return layer;
  const [outputs = 0, inputs = 0] = layer.form.weight.shape;
  return smallestGroups(outputs, inputs) === undefined ? `${inputs} and ${outputs} channels make no groups` : layer;
}

function grouped(
  graph: NeutralGraph,
  target: string,
  groups: number,
): { readonly layer: NeutralLayer<ConvForm>; readonly groups: number } {
  const layer = matched(ID, target, match(graph, target));
  const [outputs = 0, inputs = 0] = layer.form.weight.shape;
  if (outputs % groups === 0 && inputs % groups === 0) return { layer, groups };
  throw new NotApplicableError(ID, target, `${groups} groups do not divide ${inputs} and ${outputs} channels`);
}

/** As few groups as divide its channels. */
function groupsFor({ weight }: ConvForm): { readonly groups: number } {
  const [outputs = 0, inputs = 0] = weight.shape;
  return { groups: smallestGroups(outputs, inputs) ?? 2 };
}

function smallestGroups(outputs: number, inputs: number): number | undefined {
  const most = Math.floor(Math.min(outputs, inputs) / SMALLEST_GROUP);
  for (let groups = 2; groups <= most; groups++) if (outputs % groups === 0 && inputs % groups === 0) return groups;
  return undefined;
}

/**
 * Where the filters of a group stand in the layer, and the inputs that they see. Shuffled after: filter `group · size + index` makes what
 * the shuffle puts at `index · groups + group`. Shuffled before: a shuffle in `inputs / groups` groups puts input `index · groups + group` at
 * `group · inputs / groups + index`, so a group sees every groups-th input.
 */
function membersOf(
  group: number,
  [outputs = 0, inputs = 0]: readonly number[],
  groups: number,
  shuffle: "after" | "before",
): { readonly filters: readonly number[]; readonly inputs: readonly number[] } {
  const together = (count: number): readonly number[] =>
    numbered(count / groups, (index) => group * (count / groups) + index);
  const spread = (count: number): readonly number[] => numbered(count / groups, (index) => index * groups + group);
  return shuffle === "after"
    ? { filters: spread(outputs), inputs: together(inputs) }
    : { filters: together(outputs), inputs: spread(inputs) };
}

function numbered(count: number, each: (index: number) => number): readonly number[] {
  return Array.from({ length: count }, (_, index) => each(index));
}

/** What the layer's weights on the inputs of each filter's own group hold of their energy. */
function keptEnergy(
  elements: Float32Array,
  shape: readonly number[],
  groups: number,
  shuffle: "after" | "before",
): number {
  const [, inputs = 0, ...kernel] = shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  let energy = 0;
  for (let group = 0; group < groups; group++) {
    const seen = membersOf(group, shape, groups, shuffle);
    for (const filter of seen.filters) {
      for (const input of seen.inputs) {
        const from = (filter * inputs + input) * taps;
        for (let index = from; index < from + taps; index++) energy += (elements[index] ?? 0) ** 2;
      }
    }
  }
  return energy;
}

/** Weights and bias in the order of the grouped convolution's filters. */
async function fittedGroups(
  fit: LinearFit,
  shape: readonly number[],
  groups: number,
  shuffle: "after" | "before",
): Promise<{ readonly kept: Float32Array; readonly bias: Float32Array }> {
  const [outputs = 0, inputs = 0, ...kernel] = shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  const size = (inputs / groups) * taps;
  const [kept, bias] = [new Float32Array(outputs * size), new Float32Array(outputs)];
  for (let group = 0; group < groups; group++) {
    const members = membersOf(group, shape, groups, shuffle);
    const fitted = await fit.refitToSome(
      members.inputs.flatMap((input) => numbered(taps, (tap) => input * taps + tap)),
    );
    for (const [index, filter] of members.filters.entries()) {
      const place = group * (outputs / groups) + index;
      kept.set(fitted.weight.data.subarray(filter * size, (filter + 1) * size), place * size);
      bias[place] = fitted.bias[filter] ?? 0;
    }
  }
  return { kept, bias };
}

function groupedLayers(
  layer: NeutralLayer<ConvForm>,
  groups: number,
  weight: Weights,
  shuffle: "after" | "before",
  bias: Weights | undefined,
): Rewrite {
  const { form, name, inputs, outputs } = layer;
  const [, inputChannels = 0] = form.weight.shape;
  const shuffled = `${name}_shuffled`;
  if (shuffle === "before") {
    const layers: readonly NewLayer[] = [
      {
        name: shuffled,
        form: { kind: "channel-shuffle", groups: inputChannels / groups },
        inputs,
        outputs: [shuffled],
      },
      { name, form: { ...form, weight, bias, groups }, inputs: [shuffled], outputs },
    ];
    return { remove: [layer.id], insert: layers };
  }
  return {
    remove: [layer.id],
    insert: [
      { name, form: { ...form, weight, bias, groups }, inputs, outputs: [shuffled] },
      { name: shuffled, form: { kind: "channel-shuffle", groups }, inputs: [shuffled], outputs },
    ],
  };
}
