import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { ChannelMap, Labels, Unit } from "./channel-map.ts";
import { isDepthwise, isMaker, type MakerLayer } from "./linear-layer.ts";
import { trackChannels } from "./track-channels.ts";
import { tieShared } from "./track-shared.ts";
import { UnionFind } from "./union-find.ts";
import { UnitClasses } from "./unit-classes.ts";

/** Layers whose output channels hang together: by residual adds, shuffles, groups. */
export interface ChannelGroup {
  /** Convolutions and dense layers that make the channels, or carry them on (depthwise), in execution order. */
  readonly layers: readonly MakerLayer[];
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
  readonly unitClasses: UnitClasses;
}

/** Tracking follows every channel through the graph: once is enough for all edits that are looked for in it. */
const FOUND = new WeakMap<NeutralGraph, Channels>();

export function findChannels(graph: NeutralGraph): Channels {
  const found = FOUND.get(graph) ?? channelsOf(graph);
  FOUND.set(graph, found);
  return found;
}

function channelsOf(graph: NeutralGraph): Channels {
  const map = trackChannels(graph);
  tieShared(map);
  const kept = map.keptUnits();
  const unitClasses = new UnitClasses(map);
  const groups = joinedMakers(map).map(({ layers, units }) => groupOf(layers, units, kept, unitClasses));
  return { map, groups, unitClasses };
}

interface Joined {
  readonly layers: MakerLayer[];
  /** From the first made to the last. */
  readonly units: Unit[];
}

/** Layers that share units, and those units. A depthwise layer makes none: channels from several sides may pass through it. */
function joinedMakers(map: ChannelMap): readonly Joined[] {
  const makers = map.graph.layers.filter(isMaker).flatMap((layer) => {
    const labels = map.labels(layer.outputs[0]);
    return labels === undefined ? [] : [{ layer, units: map.units(labels) }];
  });
  const joined = new UnionFind();
  const owners = new Int32Array(map.size).fill(NOBODY);
  joined.add(makers.length);
  for (const [index, { layer, units }] of makers.entries()) {
    if (isDepthwise(layer.form)) continue;
    for (const unit of units) {
      const other = owners[unit] ?? NOBODY;
      if (other === NOBODY) owners[unit] = index;
      else joined.tie(index, other);
    }
  }
  const groups = new Map<number, Joined>();
  for (const { layer, units } of makers) {
    const firsts = new Set(units.map((unit) => owners[unit] ?? NOBODY).filter((owner) => owner !== NOBODY));
    for (const first of new Set([...firsts].map((owner) => joined.find(owner)))) {
      const group = groups.get(first) ?? { layers: [], units: [] };
      groups.set(first, group);
      group.layers.push(layer);
    }
  }
  for (const [unit, owner] of owners.entries()) if (owner !== NOBODY) groups.get(joined.find(owner))?.units.push(unit);
  return [...groups.values()];
}

const NOBODY = -1;

function groupOf(
  layers: readonly MakerLayer[],
  units: readonly Unit[],
  kept: ReadonlyMap<Unit, string>,
  unitClasses: UnitClasses,
): ChannelGroup {
  const byClass = new Map<number, Unit[]>();
  for (const unit of units) {
    if (kept.has(unit)) continue;
    const key = unitClasses.classOf(unit);
    const members = byClass.get(key);
    if (members) members.push(unit);
    else byClass.set(key, [unit]);
  }
  return {
    layers,
    classes: [...byClass.values()].map((members) => ({ units: members })),
    blocked: units.map((unit) => kept.get(unit)).find((why) => why !== undefined),
  };
}

/** How many positions of a tensor belong to each unit. */
export function countUnits(map: ChannelMap, labels: Labels): ReadonlyMap<Unit, number> {
  const counts = new Map<Unit, number>();
  for (const unit of map.units(labels)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return counts;
}
