import { plannedWeights, newWeights, type ConvForm, type Weights } from "../../neutral/forms.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { describeConv, findConvs, matchUngroupedConv } from "../matching/match-conv.ts";
import { matched, NotApplicableError, defineRestructuring } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";

const ID = "group-and-shuffle";

/** Fewer channels in a group mix too little to be worth a group. */
const SMALLEST_GROUP = 4;

/**
 * A convolution in groups, with a channel shuffle that lets information cross them: Zhang, Zhou, Lin, Sun: "ShuffleNet", CVPR 2018.
 * Every filter keeps the weights on its own group's inputs. The shuffle stands before or after the convolution, and channels keep their
 * order for whoever reads them: of the two ways, the one that keeps more of the weights' energy is taken.
 */
export const GROUP_AND_SHUFFLE = defineRestructuring({
  id: ID,
  title: "Group and shuffle",
  summary: "Replaces a convolution by a grouped one and a channel shuffle.",
  guarantee: "needs training",
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
    );
  },
  rewrite: async (graph, target, options) => {
    const { layer, groups } = grouped(graph, target, options.groups);
    const { weight } = layer.form;
    const elements = await weight.read();
    const ways = (["after", "before"] as const).map((shuffle) => ({
      shuffle,
      ...keptWeights(elements, weight.shape, groups, shuffle),
    }));
    const [after, before] = ways;
    const best = before && after && before.energy > after.energy ? before : after;
    if (!best) throw new NotApplicableError(ID, target, "it has no weights");
    const [outputs = 0, inputs = 0, ...kernel] = weight.shape;
    const kept = newWeights([outputs, inputs / groups, ...kernel], best.kept, weight.dataType);
    return groupedLayers(layer, groups, kept, best.shuffle);
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
 * Weights in the order of the grouped convolution's filters, and their energy. Shuffled after: filter `group · size + index` makes what
 * the shuffle puts at `index · groups + group`. Shuffled before: a group sees every groups-th input.
 */
function keptWeights(
  elements: Float32Array,
  [outputs = 0, inputs = 0, ...kernel]: readonly number[],
  groups: number,
  shuffle: "after" | "before",
): { readonly kept: Float32Array; readonly energy: number } {
  const taps = kernel.reduce((product, size) => product * size, 1);
  const [filters, seen] = [outputs / groups, inputs / groups];
  const kept = new Float32Array(outputs * seen * taps);
  for (let filter = 0; filter < outputs; filter++) {
    const group = Math.floor(filter / filters);
    const output = shuffle === "after" ? (filter % filters) * groups + group : filter;
    for (let index = 0; index < seen; index++) {
      // A shuffle in `seen` groups before puts input `index · groups + group` at `group · seen + index`.
      const input = shuffle === "after" ? group * seen + index : index * groups + group;
      const from = (output * inputs + input) * taps;
      kept.set(elements.subarray(from, from + taps), (filter * seen + index) * taps);
    }
  }
  return { kept, energy: kept.reduce((sum, value) => sum + value * value, 0) };
}

function groupedLayers(
  layer: NeutralLayer<ConvForm>,
  groups: number,
  weight: Weights,
  shuffle: "after" | "before",
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
      { name, form: { ...form, weight, groups }, inputs: [shuffled], outputs },
    ];
    return { remove: [layer.id], insert: layers };
  }
  const bias = form.bias && gatheredBias(form.bias, groups);
  return {
    remove: [layer.id],
    insert: [
      { name, form: { ...form, weight, bias, groups }, inputs, outputs: [shuffled] },
      { name: shuffled, form: { kind: "channel-shuffle", groups }, inputs: [shuffled], outputs },
    ],
  };
}

/** The bias in the order of the filters, before the shuffle. */
function gatheredBias(bias: Weights, groups: number): Weights {
  const [outputs = 0] = bias.shape;
  const filters = outputs / groups;
  const read = async (): Promise<Float32Array> => {
    const elements = await bias.read();
    return elements.map((_, filter) => elements[(filter % filters) * groups + Math.floor(filter / filters)] ?? 0);
  };
  return { shape: bias.shape, dataType: bias.dataType, read };
}
