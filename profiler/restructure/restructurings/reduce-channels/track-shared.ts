import { sharingWeights } from "../../matching/shared-weights.ts";
import type { ChannelMap, Labels } from "./channel-map.ts";
import type { MakerLayer } from "./linear-layer.ts";
import { block } from "./tracking.ts";

/**
 * Layers that share their weights go on sharing them: the channels that one loses, all lose. Without this each would get weights of its
 * own, and the file would grow.
 */
export function tieShared(map: ChannelMap): void {
  for (const [first, ...others] of sharingWeights(map.graph)) {
    for (const other of others) {
      tieEnds(map, [first, map.labels(first.inputs[0])], [other, map.labels(other.inputs[0])]);
      tieEnds(map, [first, map.labels(first.outputs[0])], [other, map.labels(other.outputs[0])]);
    }
  }
}

type End = readonly [MakerLayer, Labels | undefined];

/** Channels at the same place of both; where those of one must stay, those of the other must. */
function tieEnds(map: ChannelMap, [a, ofA]: End, [b, ofB]: End): void {
  if (ofA && ofB && ofA.channels.length === ofB.channels.length) {
    map.tieAll(ofA.channels, ofB.channels);
    return;
  }
  const why = "shares its weights with a layer whose channels must stay";
  block(a, map, ofA, why);
  block(b, map, ofB, why);
}
