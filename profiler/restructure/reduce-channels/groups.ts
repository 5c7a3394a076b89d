import type { LiftedGraph } from "../lifted.ts";
import type { ChannelMap, Channel, Labels } from "./channel-map.ts";
import { isDepthwise, isLinear, type LinearLayer } from "./linear-layer.ts";
import { trackChannels } from "./track-channels.ts";
import { UnionFind } from "./union-find.ts";

/** Channels that one decision takes out together, wherever they are: known by the first of them. */
export type Unit = Channel;

/** Layers whose output channels hang together: by residual adds, shuffles, groups. */
export interface ChannelGroup {
  /** Convolutions and dense layers that make the channels, or carry them on (depthwise), in execution order. */
  readonly layers: readonly LinearLayer[];
  /** Units that can be taken out; none when the group is blocked. */
  readonly classes: readonly UnitClass[];
  /** Why units must stay, where some must. */
  readonly blocked: string | undefined;
}

/**
 * Units that have as many positions in every tensor: which of them goes is all one to the sizes. The same share of each class is
 * taken, so that what an edit saves is known before any weight is read, and no layer is left without channels.
 */
export interface UnitClass {
  readonly units: readonly Unit[];
}

/** What can be taken out of a graph, and what goes with it. */
export interface Channels {
  readonly map: ChannelMap;
  /** In execution order of their first layers. */
  readonly groups: readonly ChannelGroup[];
}

/** Tracking follows every channel through the graph: once is enough for all edits that are looked for in it. */
const FOUND = new WeakMap<LiftedGraph, Channels>();

export function findChannels(graph: LiftedGraph): Channels {
  const found = FOUND.get(graph) ?? channelsOf(graph);
  FOUND.set(graph, found);
  return found;
}

function channelsOf(graph: LiftedGraph): Channels {
  const map = trackChannels(graph);
  const makers = graph.layers.flatMap((layer): readonly Maker[] => {
    const labels = map.labels(layer.outputs[0]);
    if (!isLinear(layer) || labels === undefined) return [];
    return [{ layer, units: new Set(map.units(labels)) }];
  });
  const kept = map.keptUnits();
  const classes = classesOf(map);
  const groups = joinedUnits(makers).map((units): ChannelGroup => {
    const layers = makers.filter((maker) => [...maker.units].some((unit) => units.has(unit))).map(({ layer }) => layer);
    return groupOf(layers, units, kept, classes);
  });
  return { map, groups };
}

interface Maker {
  readonly layer: LinearLayer;
  readonly units: ReadonlySet<Unit>;
}

/** Units of layers that share some. A depthwise layer makes none: channels from several sides may pass through it. */
function joinedUnits(makers: readonly Maker[]): readonly ReadonlySet<Unit>[] {
  const joined = new UnionFind();
  const making = makers.filter(({ layer }) => !isDepthwise(layer.form));
  const owner = new Map<Unit, number>();
  joined.add(making.length);
  for (const [index, { units }] of making.entries()) {
    for (const unit of units) {
      const other = owner.get(unit);
      if (other === undefined) owner.set(unit, index);
      else joined.tie(index, other);
    }
  }
  const groups = new Map<number, Set<Unit>>();
  for (const [index, { units }] of making.entries()) {
    const first = joined.find(index);
    groups.set(first, new Set([...(groups.get(first) ?? []), ...units]));
  }
  return [...groups.values()];
}

function groupOf(
  layers: readonly LinearLayer[],
  units: ReadonlySet<Unit>,
  kept: ReadonlyMap<Unit, string>,
  classes: ReadonlyMap<Unit, string>,
): ChannelGroup {
  const ordered = [...units].sort((a, b) => a - b);
  const byClass = new Map<string, Unit[]>();
  for (const unit of ordered) {
    if (kept.has(unit)) continue;
    const key = classes.get(unit) ?? "";
    const members = byClass.get(key);
    if (members) members.push(unit);
    else byClass.set(key, [unit]);
  }
  return {
    layers,
    classes: [...byClass.values()].map((members) => ({ units: members })),
    blocked: ordered.map((unit) => kept.get(unit)).find((why) => why !== undefined),
  };
}

/** For each unit, how many positions it has in which tensors. */
function classesOf(map: ChannelMap): ReadonlyMap<Unit, string> {
  const places = new Map<Unit, string[]>();
  for (const [tensor, labels] of map.labelled()) {
    for (const [unit, count] of countUnits(map, labels)) {
      const place = `${tensor}×${count}`;
      const known = places.get(unit);
      if (known) known.push(place);
      else places.set(unit, [place]);
    }
  }
  return new Map([...places].map(([unit, list]) => [unit, list.join()]));
}

/** How many positions of a tensor belong to each unit. */
export function countUnits(map: ChannelMap, labels: Labels): ReadonlyMap<Unit, number> {
  const counts = new Map<Unit, number>();
  for (const unit of map.units(labels)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return counts;
}
