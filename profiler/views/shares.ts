import type { Column } from "../columns.ts";
import type { LayerProfile, Totals } from "../profile.ts";
import { numberOf } from "./cost-series.ts";
import { layersIn, moduleTree, type TreeNode } from "./module-tree.ts";

/** What a group of layers has of a column's sum. */
export interface Share {
  /** Kind or module; null for what is left of many small groups. */
  readonly name: string | null;
  readonly value: number;
  /** Of the sum over all groups; 0 where that is 0. */
  readonly share: number;
  readonly layers: readonly LayerProfile[];
  /** Layers whose value is unknown and missing from the group's. */
  readonly unknown: number;
}

/** Groups that a person compares at a glance; what is smaller is one bar together. */
export const MOST_SHARES = 12;

/** How much each kind of layer has of a column, largest first. */
export function sharesByKind(layers: readonly LayerProfile[], column: Column, totals: Totals): readonly Share[] {
  return shares(
    groupsBy(layers, ({ kind }) => kind),
    column,
    totals,
  );
}

/** How much each module has of a column, largest first: the outermost modules that are more than one. */
export function sharesByModule(layers: readonly LayerProfile[], column: Column, totals: Totals): readonly Share[] {
  const groups = outermost(moduleTree(layers)).map((node): Group =>
    node.kind === "module"
      ? { name: node.id, layers: layersIn([node]) }
      : { name: node.layer.name, layers: [node.layer] },
  );
  return shares(groups, column, totals);
}

/** The layer that costs most of a group. */
export function mostExpensiveOf({ layers }: Share, column: Column, totals: Totals): LayerProfile | undefined {
  const valueOf = (layer: LayerProfile): number => numberOf(column.value(layer, totals)) ?? 0;
  const [first, ...others] = layers;
  return (
    first &&
    others.reduce((mostExpensive, layer) => (valueOf(layer) > valueOf(mostExpensive) ? layer : mostExpensive), first)
  );
}

interface Group {
  readonly name: string;
  readonly layers: readonly LayerProfile[];
}

function outermost(nodes: readonly TreeNode[]): readonly TreeNode[] {
  const [only] = nodes;
  return nodes.length === 1 && only?.kind === "module" ? outermost(only.children) : nodes;
}

function groupsBy(layers: readonly LayerProfile[], nameOf: (layer: LayerProfile) => string): readonly Group[] {
  const groups = new Map<string, LayerProfile[]>();
  for (const layer of layers) {
    const name = nameOf(layer);
    const group = groups.get(name);
    if (group) group.push(layer);
    else groups.set(name, [layer]);
  }
  return [...groups].map(([name, members]) => ({ name, layers: members }));
}

function shares(groups: readonly Group[], column: Column, totals: Totals): readonly Share[] {
  const valued = groups.map((group) => {
    const values = group.layers.map((layer) => numberOf(column.value(layer, totals)));
    return {
      ...group,
      value: values.reduce<number>((sum, value) => sum + (value ?? 0), 0),
      unknown: values.filter((value) => value === null).length,
    };
  });
  const total = valued.reduce((sum, { value }) => sum + value, 0);
  const sorted = valued
    .filter(({ value, unknown }) => value > 0 || unknown > 0)
    .sort((a, b) => b.value - a.value)
    .map((group): Share => ({ ...group, share: total > 0 ? group.value / total : 0 }));
  return sorted.length <= MOST_SHARES
    ? sorted
    : [...sorted.slice(0, MOST_SHARES - 1), rest(sorted.slice(MOST_SHARES - 1))];
}

function rest(small: readonly Share[]): Share {
  const sum = (of: (share: Share) => number): number => small.reduce((total, share) => total + of(share), 0);
  return {
    name: null,
    value: sum(({ value }) => value),
    share: sum(({ share }) => share),
    layers: small.flatMap(({ layers }) => layers),
    unknown: sum(({ unknown }) => unknown),
  };
}
