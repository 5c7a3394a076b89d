import type { Shape } from "../../../model/shape.ts";
import type { ConvForm, ConvTransposeForm, Form, FormKind, FormOf } from "../../../neutral/forms.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../../neutral/neutral-graph.ts";
import { ChannelMap, type Channel, type Labels } from "./channel-map.ts";
import { isDepthwise, outputsOf } from "./linear-layer.ts";
import { trackDepthToSpace, trackExpand, trackGroupNorm, trackSpaceToDepth } from "./track-rearranged.ts";
import { isOwnProblem, trackProduct, trackRecurrent, trackSelect } from "./track-products.ts";
import { block, NORMALISES, tensorOf } from "./tracking.ts";
import { innerSizes, reshapeSegments } from "../../matching/reshape-axes.ts";

/**
 * Follows channels through a graph (dependency graph of Fang: "DepGraph: Towards Any Structural Pruning", CVPR 2023, with channels
 * instead of layers as its nodes, so that concatenation, split and shuffle need no rule beyond where each channel goes).
 */
export function trackChannels(graph: NeutralGraph): ChannelMap {
  const map = new ChannelMap(graph);
  for (const layer of graph.layers) track(layer, map);
  for (const { id, isOutput, isCaptured } of graph.tensors) {
    if (isOutput) map.keepAll(map.labels(id), "they are an output of the model");
    if (isCaptured) map.keepAll(map.labels(id), "a graph inside of another layer reads them");
  }
  return map;
}

type Rule<F extends Form> = (layer: NeutralLayer<F>, map: ChannelMap) => void;

const RULES: { readonly [K in FormKind]: Rule<FormOf<K>> } = {
  conv: trackConv,
  "conv-transpose": trackConv,
  dense: trackDense,
  "batch-norm": passChannels,
  pool: passChannels,
  // Others move up beside those that stay: one more thing that the next layers are fitted to.
  "local-response-norm": passChannels,
  resize: passChannels,
  elementwise: trackElementwise,
  activation: passAny,
  unary: passAny,
  identity: passAny,
  softmax: (layer, map) => passUnless(layer, map, layer.form.axes, "compares them with each other"),
  "reduce-mean": trackReduceMean,
  reduce: blockInputs,
  concat: trackConcat,
  split: trackSplit,
  slice: trackSlice,
  pad: trackPad,
  reshape: trackReshape,
  transpose: trackTranspose,
  "channel-shuffle": blockInputs,
  "instance-norm": trackInstanceNorm,
  "group-norm": trackGroupNorm,
  "layer-norm": (layer, map) => passUnless(layer, map, layer.form.axes, NORMALISES),
  expand: trackExpand,
  "depth-to-space": trackDepthToSpace,
  "space-to-depth": trackSpaceToDepth,
  select: trackSelect,
  product: trackProduct,
  recurrent: trackRecurrent,
  constant: () => undefined,
  // Sizes follow from what is left.
  shape: () => undefined,
  opaque: blockInputs,
};

function track<K extends FormKind>(layer: NeutralLayer<FormOf<K>>, map: ChannelMap): void {
  if (largestAxis(layer, map) > Math.min(MOST_ALONG_AXIS, MOST_CHANNELS - map.size)) {
    for (const input of layer.inputs) block(layer, map, map.labels(input), "makes more of them than can be followed");
    return;
  }
  const repeated = layer.inputs.map((input) => map.labels(input)).filter((labels) => labels?.isRepeated);
  if (repeated.length > 0 && !FOLLOWS_REPEATED.has(layer.form.kind)) {
    for (const labels of repeated) block(layer, map, labels, "has them along an axis with those of other samples");
    return;
  }
  const rule: Rule<FormOf<K>> = RULES[layer.form.kind];
  rule(layer, map);
}

/** What stands between the heads of an attention and their products. */
const FOLLOWS_REPEATED: ReadonlySet<FormKind> = new Set([
  "elementwise",
  "identity",
  "product",
  "reshape",
  "shape",
  "softmax",
  "transpose",
  "unary",
]);

/** Each is an entry of a list. A weight that the file makes of a number can have more than memory holds. */
const MOST_ALONG_AXIS = 2 ** 22;
/** Of all layers together; a network has some ten thousand. */
const MOST_CHANNELS = 2 ** 24;

function largestAxis({ outputs }: NeutralLayer, map: ChannelMap): number {
  return outputs
    .flatMap((output) => tensorOf(output, map)?.shape ?? [])
    .reduce<number>((largest, size) => (typeof size === "number" ? Math.max(largest, size) : largest), 0);
}

function blockInputs(layer: NeutralLayer, map: ChannelMap): void {
  const why = layer.form.kind === "opaque" ? `cannot do without them: ${layer.form.why}` : "is not understood";
  for (const input of layer.inputs) block(layer, map, map.labels(input), why);
}

/** Channels come out where they went in. */
function passAny(layer: NeutralLayer, map: ChannelMap): void {
  map.label(layer.outputs[0], map.labels(layer.inputs[0]));
}

function passUnless(layer: NeutralLayer, map: ChannelMap, axes: readonly number[], why: string): void {
  const labels = map.labels(layer.inputs[0]);
  if (labels !== undefined && axes.includes(labels.axis)) block(layer, map, labels, why);
  passAny(layer, map);
}

/** Layers that treat every channel alike, and other axes not. */
function passChannels(layer: NeutralLayer, map: ChannelMap): void {
  const labels = channelsOf(layer, map);
  if (labels) map.label(layer.outputs[0], labels);
}

/** Exporters write a normalisation in groups as this one of groups; of one group, its channels lie where it takes the mean. */
function trackInstanceNorm(layer: NeutralLayer<FormOf<"instance-norm">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  const channelAxis = tensorOf(layer.inputs[0], map)?.channelAxis;
  if (labels !== undefined && channelAxis !== undefined && labels.axis > channelAxis)
    block(layer, map, labels, NORMALISES);
  else passChannels(layer, map);
}

/** Labels of the first input, where they lie along its channel axis; others are blocked. */
function channelsOf(layer: NeutralLayer, map: ChannelMap): Labels | undefined {
  const labels = map.labels(layer.inputs[0]);
  if (labels === undefined || labels.axis === tensorOf(layer.inputs[0], map)?.channelAxis) return labels;
  block(layer, map, labels, "has its channels along another axis");
  return undefined;
}

function trackConv(layer: NeutralLayer<ConvForm | ConvTransposeForm>, map: ChannelMap): void {
  const { groups } = layer.form;
  const outChannels = outputsOf(layer.form);
  const inputs = channelsOf(layer, map);
  const axis = tensorOf(layer.outputs[0], map)?.channelAxis;
  if (axis === undefined) {
    block(layer, map, inputs, "has an output of unknown rank");
    return;
  }
  if (isDepthwise(layer.form)) {
    // Depthwise: every channel has filters of its own, which come and go with it.
    const multiplier = outChannels / groups;
    const channels = inputs?.channels.flatMap((channel) => new Array<Channel>(multiplier).fill(channel));
    map.label(layer.outputs[0], channels && { axis, channels });
    return;
  }
  if (inputs) tieAcross(map, inputs.channels, groups);
  const channels = map.add(outChannels);
  tieAcross(map, channels, groups);
  const keeps = layer.form.kind === "conv-transpose" ? layer.form.keepsChannels : undefined;
  if (keeps !== undefined) block(layer, map, { axis, channels }, keeps);
  map.label(layer.outputs[0], { axis, channels });
}

/** Groups of a convolution are of one size: the channels at one place of every group go together. */
function tieAcross(map: ChannelMap, channels: readonly Channel[], groups: number): void {
  const size = channels.length / groups;
  for (const [index, channel] of channels.entries()) map.tie(channels[index % size], channel);
}

function trackDense(layer: NeutralLayer<FormOf<"dense">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  const rank = tensorOf(layer.inputs[0], map)?.shape?.length;
  const outputRank = tensorOf(layer.outputs[0], map)?.shape?.length;
  if (labels?.axis !== (rank ?? 0) - 1) block(layer, map, labels, "has its features along another axis");
  if (outputRank === undefined) return;
  map.label(layer.outputs[0], { axis: outputRank - 1, channels: map.add(layer.form.weight.shape[0] ?? 0) });
}

function trackElementwise(layer: NeutralLayer<FormOf<"elementwise">>, map: ChannelMap): void {
  const [left, right] = layer.inputs;
  const { constant } = layer.form;
  const output = layer.outputs[0];
  const rank = tensorOf(output, map)?.shape?.length;
  const operands: readonly Operand[] = [
    { labels: map.labels(left), shape: tensorOf(left, map)?.shape },
    constant
      ? { labels: undefined, shape: constant.shape }
      : { labels: map.labels(right), shape: tensorOf(right, map)?.shape },
  ];
  const aligned = operands.map((operand) => align(operand, rank));
  const [a, b] = aligned.map(({ labels }) => labels);
  if (a?.axis === b?.axis && a?.channels.length === b?.channels.length && a?.isRepeated === b?.isRepeated)
    map.tieAll(a?.channels ?? [], b?.channels ?? []);
  else {
    for (const [index, { labels }] of aligned.entries()) {
      const isConstant = constant !== undefined && index === 0;
      if (labels && !goesWith(labels, aligned[1 - index]?.shape, isConstant))
        block(layer, map, labels, "combines them with others that stay");
    }
  }
  map.label(output, a && b ? wider(a, b) : (a ?? b));
}

interface Operand {
  readonly labels: Labels | undefined;
  readonly shape: Shape | undefined;
}

/** As broadcasting sees it: missing axes come first, and have one element. */
function align({ labels, shape }: Operand, rank: number | undefined): Operand {
  if (shape === undefined || rank === undefined) return { labels, shape: undefined };
  const missing = rank - shape.length;
  return {
    labels: labels && { ...labels, axis: labels.axis + missing },
    shape: [...new Array<number>(missing).fill(1), ...shape],
  };
}

/** Whether the other operand has nothing to lose along the axis, or is sliced with it. */
function goesWith({ axis, channels, isRepeated }: Labels, other: Shape | undefined, isConstant: boolean): boolean {
  const size = other?.[axis];
  return size === 1 || (isConstant && !isRepeated && size === channels.length);
}

function wider(a: Labels, b: Labels): Labels {
  return b.channels.length > a.channels.length ? b : a;
}

function trackReduceMean(layer: NeutralLayer<FormOf<"reduce-mean">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  const { axes, keepsAxes } = layer.form;
  if (labels === undefined) return;
  if (axes.includes(labels.axis)) {
    block(layer, map, labels, "takes their mean");
    return;
  }
  const gone = keepsAxes ? 0 : axes.filter((axis) => axis < labels.axis).length;
  map.label(layer.outputs[0], { ...labels, axis: labels.axis - gone });
}

function trackConcat(layer: NeutralLayer<FormOf<"concat">>, map: ChannelMap): void {
  const { axis } = layer.form;
  const parts = layer.inputs.map((input) => ({ labels: map.labels(input), size: tensorOf(input, map)?.shape?.[axis] }));
  const [first] = parts;
  if (
    parts.every(({ labels }) => labels !== undefined && labels.axis !== axis && labels.axis === first?.labels?.axis)
  ) {
    // Joined along another axis: the same channels of every part.
    for (const { labels } of parts) map.tieAll(first?.labels?.channels ?? [], labels?.channels ?? []);
    map.label(layer.outputs[0], first?.labels);
    return;
  }
  const isJoined = parts.every(
    ({ labels, size }) => labels?.axis === axis || (labels === undefined && typeof size === "number"),
  );
  if (!isJoined || parts.every(({ labels }) => labels === undefined)) {
    for (const { labels } of parts) block(layer, map, labels, "joins them with others that stay");
    return;
  }
  const why = `${layer.op} "${layer.name}" takes them from where they cannot be taken out`;
  const channels = parts.flatMap(({ labels, size }) => labels?.channels ?? map.addKept(Number(size), why));
  map.label(layer.outputs[0], { axis, channels });
}

function trackSplit(layer: NeutralLayer<FormOf<"split">>, map: ChannelMap): void {
  const { axis, sizes } = layer.form;
  const labels = map.labels(layer.inputs[0]);
  let begin = 0;
  for (const [index, size] of sizes.entries()) {
    map.label(layer.outputs[index], labels?.axis === axis ? sliced(labels, begin, begin + size) : labels);
    begin += size;
  }
}

function trackSlice(layer: NeutralLayer<FormOf<"slice">>, map: ChannelMap): void {
  const { axis, begin, end } = layer.form;
  const labels = map.labels(layer.inputs[0]);
  map.label(layer.outputs[0], labels?.axis === axis ? sliced(labels, begin, end) : labels);
}

function sliced({ axis, channels }: Labels, begin: number, end: number): Labels {
  return { axis, channels: channels.slice(begin, end) };
}

function trackPad(layer: NeutralLayer<FormOf<"pad">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  if (labels === undefined) return;
  const { begin, end, mode } = layer.form;
  const [before = 0, after = 0] = [begin[labels.axis], end[labels.axis]];
  if (before === 0 && after === 0) {
    map.label(layer.outputs[0], labels);
    return;
  }
  const why = `${layer.op} "${layer.name}" adds them`;
  if (mode !== "constant" || before < 0 || after < 0) {
    block(layer, map, labels, "pads along them");
    return;
  }
  const channels = [...map.addKept(before, why), ...labels.channels, ...map.addKept(after, why)];
  map.label(layer.outputs[0], { axis: labels.axis, channels });
}

function trackTranspose(layer: NeutralLayer<FormOf<"transpose">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  if (labels) map.label(layer.outputs[0], { ...labels, axis: layer.form.permutation.indexOf(labels.axis) });
}

function trackReshape(layer: NeutralLayer<FormOf<"reshape">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  if (labels === undefined) return;
  const from = tensorOf(layer.inputs[0], map)?.shape;
  const to = tensorOf(layer.outputs[0], map)?.shape;
  if (layer.form.target === undefined || !from || !to) {
    block(layer, map, labels, "has a shape that only the run knows");
    return;
  }
  const segment = reshapeSegments(from, to)?.find(
    (each) => labels.axis >= each.from.begin && labels.axis < each.from.end,
  );
  const sizes =
    segment && innerSizes(from.slice(segment.from.begin, segment.from.end), to.slice(segment.to.begin, segment.to.end));
  if (!segment || !sizes) {
    block(layer, map, labels, "mixes them with axes whose size only the run knows");
    return;
  }
  const { before, after } = sizes;
  if (!(before.reduce((product, size) => product * size, 1) <= MOST_FOLLOWED)) {
    block(layer, map, labels, "has too many elements to follow each");
    return;
  }
  const spread = spreadAlong(labels.channels, before, labels.axis - segment.from.begin);
  const isBatch = (axis: number): boolean => isOwnProblem(map.graph, layer.outputs[0], segment.to.begin + axis);
  const axis = freeAxis(spread, after, map, isBatch);
  const channels = tieSlices(spread, after, axis, map);
  const isRepeated = typeof to[segment.to.begin + axis] !== "number";
  map.label(layer.outputs[0], { axis: segment.to.begin + axis, channels, ...(isRepeated && { isRepeated }) });
}

/** Elements of a sample that channels are spread over: of a map of features there are a million. */
const MOST_FOLLOWED = 2 ** 24;

/** The channel of every element over some axes, row-major, when positions along one of them have channels. */
function spreadAlong(channels: readonly Channel[], sizes: readonly number[], axis: number): readonly Channel[] {
  const inner = sizes.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = sizes.slice(0, axis).reduce((product, size) => product * size, 1);
  const once = channels.flatMap((channel) => new Array<Channel>(inner).fill(channel));
  return Array.from({ length: outer }, () => once).flat();
}

/**
 * The axis along which channels can still be taken out after a reshape. Where channels lie over several axes (groups × channels of a
 * shuffle), whole slices must go: those that are computed by themselves (heads of an attention, groups of a normalisation), else across
 * the longest axis, which leaves most to choose.
 */
function freeAxis(
  spread: readonly Channel[],
  sizes: readonly number[],
  map: ChannelMap,
  isBatch: (axis: number) => boolean,
): number {
  const isFree = (axis: number): boolean => {
    const slices = slicesOf(spread, sizes, axis).map((slice) => new Set(slice.map((channel) => map.unit(channel))));
    return slices.every(({ size }) => size === 1);
  };
  const free = sizes.findIndex((size, axis) => size > 1 && isFree(axis));
  if (free >= 0) return free;
  const own = sizes.findIndex((size, axis) => size > 1 && isBatch(axis));
  return own >= 0 ? own : sizes.indexOf(Math.max(...sizes));
}

/** Ties what shares a position along the axis. */
function tieSlices(
  spread: readonly Channel[],
  sizes: readonly number[],
  axis: number,
  map: ChannelMap,
): readonly Channel[] {
  return slicesOf(spread, sizes, axis).map(([first = 0, ...others]) => {
    for (const other of others) map.tie(first, other);
    return first;
  });
}

/** Elements at each position along an axis. */
function slicesOf<T>(elements: readonly T[], sizes: readonly number[], axis: number): readonly (readonly T[])[] {
  const size = sizes[axis] ?? 1;
  const inner = sizes.slice(axis + 1).reduce((product, each) => product * each, 1);
  const slices: T[][] = Array.from({ length: size }, () => []);
  for (const [index, element] of elements.entries()) slices[Math.floor(index / inner) % size]?.push(element);
  return slices;
}

/** The axis of a constant operand that goes along an axis of the output, when it has positions there. */
export function constantAxis({ shape }: Weights, rank: number, axis: number): number | undefined {
  const own = axis - (rank - shape.length);
  return own >= 0 && (shape[own] ?? 1) > 1 ? own : undefined;
}
