import type { NeutralLayer, NeutralTensor } from "../../../neutral/neutral-graph.ts";
import type { ChannelMap, Labels } from "./channel-map.ts";

/** Why a layer that normalises over channels lets none go. */
export const NORMALISES = "normalises over them: those that stay would change with those that go";

/** Channels that a layer does not let go. */
export function block(layer: NeutralLayer, map: ChannelMap, labels: Labels | undefined, why: string): void {
  map.keepAll(labels, `${layer.op} "${layer.name}" ${why}`);
}

export function tensorOf(id: number | undefined, map: ChannelMap): NeutralTensor | undefined {
  return id === undefined ? undefined : map.graph.tensors[id];
}
