import type { NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type { Channels, ChannelGroup } from "./groups.ts";
import type { Unit } from "./channel-map.ts";
import { visitContributions } from "./expected-outputs.ts";
import type { ExpectedValues } from "./expected-values.ts";
import { isDepthwise, isLinear } from "./linear-layer.ts";

/** How much each unit matters; what matters least goes first. */
export type Importance = ReadonlyMap<Unit, number>;

/**
 * Sum of the absolute weights of the filters that make a channel (Li et al.: "Pruning Filters for Efficient ConvNets", ICLR 2017), as
 * a share of the layer's mean, so that layers that make channels together count alike.
 */
export async function filterNorms(channels: Channels, group: ChannelGroup): Promise<Importance> {
  const importance = new Map<Unit, number>();
  for (const layer of group.layers) {
    await addNorms(
      importance,
      channels,
      layer,
      layer.form.weight,
      layer.form.kind === "conv-transpose" ? layer.form.groups : undefined,
    );
  }
  return importance;
}

/**
 * Absolute scale that the BatchNormalization behind gives a channel (Liu et al.: "Learning Efficient Convolutional Networks through
 * Network Slimming", ICCV 2017), as a share of the layer's mean.
 * @returns a message where no such layer scales the group's channels
 */
export async function batchNormScales(channels: Channels, group: ChannelGroup): Promise<Importance | string> {
  const units = new Set(group.classes.flatMap((each) => each.units));
  const importance = new Map<Unit, number>();
  for (const layer of channels.map.graph.layersOf("batch-norm")) {
    const labels = channels.map.labels(layer.outputs[0]);
    if (labels?.channels.some((channel) => units.has(channels.map.unit(channel))))
      await addNorms(importance, channels, layer, layer.form.scale);
  }
  if (importance.size > 0) return importance;
  return `no batch normalisation scales the channels of "${group.layers[0]?.name ?? ""}"`;
}

function normsOfRows(elements: Float32Array, { shape: [rows = 0] }: Weights): readonly number[] {
  const size = elements.length / Math.max(1, rows);
  const norms = new Array<number>(rows).fill(0);
  // A call for each element would take ten times as long as all that is done with it.
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let at = row * size; at < (row + 1) * size; at += 1) sum += Math.abs(elements[at] ?? 0);
    norms[row] = sum;
  }
  return norms;
}

/** Of a transposed convolution, whose outputs of each group stand along the second axis. */
function normsOfColumns(elements: Float32Array, { shape }: Weights, groups: number): readonly number[] {
  const [inputs = 0, perGroup = 0, ...kernel] = shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  const norms = new Array<number>(perGroup * groups).fill(0);
  elements.forEach((value, index) => {
    const group = Math.floor(Math.floor(index / (perGroup * taps)) / (inputs / groups));
    const output = group * perGroup + (Math.floor(index / taps) % perGroup);
    norms[output] = (norms[output] ?? 0) + Math.abs(value);
  });
  return norms;
}

/** Adds the norm of each slice along the first axis, or of each output of a transposed convolution in groups, to the unit of the output channel that it makes. */
async function addNorms(
  importance: Map<Unit, number>,
  { map }: Channels,
  { outputs }: NeutralLayer,
  weights: Weights,
  groups?: number,
): Promise<void> {
  const labels = map.labels(outputs[0]);
  const elements = await weights.read();
  const norms = groups === undefined ? normsOfRows(elements, weights) : normsOfColumns(elements, weights, groups);
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / Math.max(norms.length, 1);
  if (labels?.channels.length !== norms.length || mean === 0) return;
  for (const [position, unit] of map.units(labels).entries())
    importance.set(unit, (importance.get(unit) ?? 0) + (norms[position] ?? 0) / mean);
}

/**
 * How much the outputs of the layers behind vary less without a channel, each layer's as a share of what the group's channels give it: what
 * reconstruction measures on samples, by what batch normalization says of the channels.
 * @returns a message where it does not say what all of them are
 */
export async function expectedLosses(
  { map }: Channels,
  group: ChannelGroup,
  expected: ExpectedValues,
): Promise<Importance | string> {
  const own = new Set(group.classes.flatMap((each) => each.units));
  const importance = new Map<Unit, number>();
  for (const layer of map.graph.layers.filter(isLinear)) {
    const labels = map.labels(layer.inputs[0]);
    const units = labels === undefined ? [] : map.units(labels);
    if (isDepthwise(layer.form) || !units.some((unit) => own.has(unit))) continue;
    const moments = expected(layer.inputs[0]);
    if (!units.every((unit, input) => !own.has(unit) || !Number.isNaN(moments.variances[input])))
      return unknownTo(group);
    const losses = new Float64Array(units.length);
    await visitContributions(layer, moments, (_, input, __, variance) => {
      losses[input] = (losses[input] ?? 0) + variance;
    });
    addShares(importance, units, own, losses);
  }
  return importance.size > 0 ? importance : unknownTo(group);
}

/** Of each unit that is the group's own, its share of what these lose together. */
function addShares(
  importance: Map<Unit, number>,
  units: readonly Unit[],
  own: ReadonlySet<Unit>,
  losses: Float64Array,
): void {
  const isOwn = (_: number, input: number): boolean => own.has(units[input] ?? -1);
  const total = losses.filter(isOwn).reduce((sum, loss) => sum + loss, 0);
  for (const [input, unit] of units.entries()) {
    if (!own.has(unit)) continue;
    importance.set(unit, (importance.get(unit) ?? 0) + (losses[input] ?? 0) / (total || 1));
  }
}

function unknownTo({ layers: [first] }: ChannelGroup): string {
  return `no batch normalisation says what the channels of "${first?.name ?? ""}" are where they are read`;
}
