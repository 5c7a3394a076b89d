import type { EnergyParts, LayerProfile } from "../profile.ts";

/** A module with what is in it, or one layer. */
export type TreeNode = ModuleNode | LayerNode;

export interface ModuleNode {
  readonly kind: "module";
  /** Path from the root, joined by "/": stable from one profile of a model to the next. */
  readonly id: string;
  readonly name: string;
  readonly depth: number;
  readonly children: readonly TreeNode[];
  readonly sums: Sums;
}

export interface LayerNode {
  readonly kind: "layer";
  readonly id: string;
  readonly depth: number;
  readonly layer: LayerProfile;
}

/** Subtotals of the counted layers in a module. Activations have none: they do not add up to a memory. */
export interface Sums {
  readonly layers: number;
  readonly parameters: number;
  readonly macs: number;
  readonly otherOps: number;
  readonly weightBytes: number;
  readonly energy: EnergyParts;
  readonly latencySeconds: number;
  /** Of a run that is shown; 0 without one. */
  readonly measuredSeconds: number;
  readonly measuredShare: number;
  /** null until it is computed. */
  readonly downloadBytes: number | null;
  /** Counted layers that miss from at least one of the sums. */
  readonly unknownRows: number;
}

/**
 * Layers grouped by the modules that hold them, in file order: a module stands where its first layer stands. A module that holds
 * nothing but one other module is shown as one, "encoder/layer", so that no level is empty.
 */
export function moduleTree(layers: readonly LayerProfile[]): readonly TreeNode[] {
  const root = draft("", "");
  for (const layer of layers) {
    let module = root;
    for (const part of layer.path) module = childModule(module, part);
    module.children.push(layer);
  }
  return finish(root.children, 0);
}

/** The sum over any layers: a module's, or those that the user has selected. */
export function sumOf(layers: readonly LayerProfile[]): Sums {
  const counted = layers.filter(({ isCounted }) => isCounted);
  const total = (value: (layer: LayerProfile) => number | null | undefined): number =>
    counted.reduce((sum, layer) => sum + (value(layer) ?? 0), 0);
  return {
    layers: layers.length,
    parameters: total(({ parameters }) => parameters),
    macs: total(({ macs }) => macs),
    otherOps: total(({ otherOps }) => otherOps),
    weightBytes: total(({ weightBytes }) => weightBytes),
    energy: {
      arithmetic: total(({ energy }) => energy?.arithmetic),
      weights: total(({ energy }) => energy?.weights),
      activations: total(({ energy }) => energy?.activations),
    },
    latencySeconds: total(({ latencySeconds }) => latencySeconds),
    measuredSeconds: total(({ measured }) => measured?.seconds),
    measuredShare: total(({ measured }) => measured?.share),
    downloadBytes: counted.some(({ downloadBytes }) => downloadBytes !== undefined)
      ? total(({ downloadBytes }) => downloadBytes)
      : null,
    unknownRows: counted.filter(isUnknown).length,
  };
}

function isUnknown({ role, parameters, macs, otherOps, weightBytes, energy, latencySeconds }: LayerProfile): boolean {
  return role === "compute" && [parameters, macs, otherOps, weightBytes, energy, latencySeconds].includes(null);
}

interface Draft {
  readonly id: string;
  readonly name: string;
  readonly children: (Draft | LayerProfile)[];
  readonly modules: Map<string, Draft>;
}

function draft(id: string, name: string): Draft {
  return { id, name, children: [], modules: new Map() };
}

function childModule(parent: Draft, name: string): Draft {
  const known = parent.modules.get(name);
  if (known) return known;
  const module = draft(parent.id === "" ? name : `${parent.id}/${name}`, name);
  parent.modules.set(name, module);
  parent.children.push(module);
  return module;
}

function finish(children: readonly (Draft | LayerProfile)[], depth: number): readonly TreeNode[] {
  return children.map((child): TreeNode => {
    if (!isDraft(child)) return { kind: "layer", id: `#${child.index}`, depth, layer: child };
    const { module, name } = withoutEmptyLevels(child);
    const inside = finish(module.children, depth + 1);
    return { kind: "module", id: module.id, name, depth, children: inside, sums: sumOf(layersIn(inside)) };
  });
}

function withoutEmptyLevels(module: Draft): { readonly module: Draft; readonly name: string } {
  let inner = module;
  let name = module.name;
  for (let [only] = inner.children; inner.children.length === 1 && only && isDraft(only); [only] = inner.children) {
    inner = only;
    name = `${name}/${only.name}`;
  }
  return { module: inner, name };
}

/** All layers below some nodes, in order. */
export function layersIn(nodes: readonly TreeNode[]): readonly LayerProfile[] {
  return nodes.flatMap((node) => (node.kind === "layer" ? [node.layer] : layersIn(node.children)));
}

function isDraft(child: Draft | LayerProfile): child is Draft {
  return "modules" in child;
}
