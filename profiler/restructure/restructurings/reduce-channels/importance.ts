import type { NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { Weights } from "../../../neutral/forms.ts";
import type { Channels, ChannelGroup } from "./groups.ts";
import type { Unit } from "./channel-map.ts";

/** How much each unit matters; what matters least goes first. */
export type Importance = ReadonlyMap<Unit, number>;

/**
 * Sum of the absolute weights of the filters that make a channel (Li et al.: "Pruning Filters for Efficient ConvNets", ICLR 2017), as
 * a share of the layer's mean, so that layers that make channels together count alike.
 */
export async function filterNorms(channels: Channels, group: ChannelGroup): Promise<Importance> {
  const importance = new Map<Unit, number>();
  for (const layer of group.layers) {
    await addNorms(importance, channels, layer, layer.form.weight);
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
  return `no batch normalization scales the channels of "${group.layers[0]?.name ?? ""}"`;
}

/** Adds the norm of each slice along the first axis to the unit of the output channel that it makes. */
async function addNorms(
  importance: Map<Unit, number>,
  { map }: Channels,
  { outputs }: NeutralLayer,
  weights: Weights,
): Promise<void> {
  const labels = map.labels(outputs[0]);
  const elements = await weights.read();
  const size = elements.length / (weights.shape[0] ?? 1);
  const norms = Array.from({ length: weights.shape[0] ?? 0 }, (_, channel) =>
    elements.subarray(channel * size, (channel + 1) * size).reduce((sum, value) => sum + Math.abs(value), 0),
  );
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / Math.max(norms.length, 1);
  if (labels?.channels.length !== norms.length || mean === 0) return;
  for (const [position, unit] of map.units(labels).entries())
    importance.set(unit, (importance.get(unit) ?? 0) + (norms[position] ?? 0) / mean);
}
