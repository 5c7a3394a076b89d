import type { FormOf } from "../../../neutral/forms.ts";
import type { NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { Channel, ChannelMap } from "./channel-map.ts";
import { block, NORMALISES, tensorOf } from "./tracking.ts";

/** A group is normalised by what all its channels are: whole groups alone can go. */
export function trackGroupNorm(layer: NeutralLayer<FormOf<"group-norm">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  if (labels === undefined) return;
  if (labels.axis !== tensorOf(layer.inputs[0], map)?.channelAxis) {
    block(layer, map, labels, "has its channels along another axis");
    return;
  }
  if (layer.form.groups === 1) {
    block(layer, map, labels, NORMALISES);
    return;
  }
  const size = labels.channels.length / layer.form.groups;
  for (const [index, channel] of labels.channels.entries()) map.tie(labels.channels[index - (index % size)], channel);
  map.label(layer.outputs[0], labels);
}

/** Channels that are repeated along other axes; the sizes must be the file's, or those of a tensor with the same channels. */
export function trackExpand(layer: NeutralLayer<FormOf<"expand">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  const from = tensorOf(layer.inputs[0], map)?.shape;
  const to = tensorOf(layer.outputs[0], map)?.shape;
  if (labels === undefined) return;
  if (from === undefined || to === undefined) {
    block(layer, map, labels, "has a shape that only the run knows");
    return;
  }
  const axis = labels.axis + to.length - from.length;
  if (from[labels.axis] !== to[axis]) {
    block(layer, map, labels, "repeats them");
    return;
  }
  if (layer.form.target === undefined) {
    const sizes = map.graph.producer(layer.node.inputs[1]);
    const model = sizes?.form.kind === "shape" ? map.labels(sizes.node.inputs[0]) : undefined;
    if (model?.axis !== axis || model.channels.length !== labels.channels.length) {
      block(layer, map, labels, "has a shape that only the run knows");
      return;
    }
    map.tieAll(labels.channels, model.channels);
  }
  map.label(layer.outputs[0], { axis, channels: labels.channels });
}

/** Blocks of block² channels become one channel each. */
export function trackDepthToSpace(
  layer: NeutralLayer<FormOf<"depth-to-space" | "space-to-depth">>,
  map: ChannelMap,
): void {
  const labels = onChannels(layer, map);
  if (labels === undefined) return;
  const places = layer.form.block ** 2;
  const count = labels.channels.length / places;
  const channels = Array.from({ length: count }, (_, channel): Channel => {
    const members = Array.from({ length: places }, (__, place) =>
      layer.form.isGrouped ? labels.channels[channel * places + place] : labels.channels[place * count + channel],
    );
    for (const member of members) map.tie(members[0], member);
    return members[0] ?? 0;
  });
  map.label(layer.outputs[0], { axis: labels.axis, channels });
}

/** Each channel becomes block² of them, one place of the block after the other. */
export function trackSpaceToDepth(
  layer: NeutralLayer<FormOf<"depth-to-space" | "space-to-depth">>,
  map: ChannelMap,
): void {
  const labels = onChannels(layer, map);
  if (labels === undefined) return;
  const channels = Array.from({ length: layer.form.block ** 2 }, () => labels.channels).flat();
  map.label(layer.outputs[0], { axis: labels.axis, channels });
}

function onChannels(layer: NeutralLayer, map: ChannelMap): ReturnType<ChannelMap["labels"]> {
  const labels = map.labels(layer.inputs[0]);
  if (labels === undefined || labels.axis === tensorOf(layer.inputs[0], map)?.channelAxis) return labels;
  block(layer, map, labels, "has its channels along another axis");
  return undefined;
}
