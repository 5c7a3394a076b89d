import type { Column } from "../columns.ts";
import type { Edge, LayerProfile, Totals } from "../profile.ts";
import { numberOf } from "./cost-series.ts";
import { layersIn, moduleTree, type TreeNode } from "./module-tree.ts";

/** The network as boxes within boxes, of which the user opens those he wants to see into. */
export interface Outline {
  readonly roots: readonly Box[];
  readonly boxes: ReadonlyMap<string, Box>;
  /** Boxes around each layer and the layer's own, outermost first, by the layer's index. */
  readonly around: ReadonlyMap<number, readonly Box[]>;
}

/** A layer, a module, or a run of neighbours where a module has too many of them to draw. */
export interface Box {
  readonly id: string;
  readonly kind: "layer" | "module" | "range";
  readonly name: string;
  readonly children: readonly Box[];
  readonly layers: readonly LayerProfile[];
}

/** Neighbours drawn side by side; beyond, they are boxed by ranges. */
export const MOST_SIBLINGS = 60;

/** Boxes of the first picture: what a layout takes a moment for and an eye can follow. */
export const FIRST_BOXES = 150;

/** Boxes of any picture: more would make every movement slow. */
export const MOST_BOXES = 600;

/** Boxes of all layers that a run computes; shape arithmetic and constants have no place in the picture. */
export function outlineOf(layers: readonly LayerProfile[]): Outline {
  const roots = ranged(moduleTree(layers.filter(({ role }) => role === "compute")).map(boxOf), "");
  const boxes = new Map<string, Box>();
  const around = new Map<number, readonly Box[]>();
  const visit = (box: Box, outside: readonly Box[]): void => {
    boxes.set(box.id, box);
    const path = [...outside, box];
    const [layer] = box.layers;
    if (box.kind === "layer" && layer) around.set(layer.index, path);
    for (const child of box.children) visit(child, path);
  };
  for (const root of roots) visit(root, []);
  return { roots, boxes, around };
}

function boxOf(node: TreeNode): Box {
  if (node.kind === "layer")
    return { id: node.id, kind: "layer", name: node.layer.name, children: [], layers: [node.layer] };
  // Around a single layer a box says nothing that the layer does not.
  const [only] = node.children;
  if (node.children.length === 1 && only?.kind === "layer") return boxOf(only);
  const children = ranged(node.children.map(boxOf), node.id);
  return { id: node.id, kind: "module", name: node.name, children, layers: layersIn(node.children) };
}

/** Puts neighbours into ranges of equal length, and those into longer ones, until no level has too many. */
function ranged(boxes: readonly Box[], parent: string): readonly Box[] {
  if (boxes.length <= MOST_SIBLINGS) return boxes;
  const levels = Math.ceil(Math.log(boxes.length) / Math.log(MOST_SIBLINGS));
  const length = Math.ceil(boxes.length ** (1 - 1 / levels));
  return Array.from({ length: Math.ceil(boxes.length / length) }, (_, position): Box => {
    const members = boxes.slice(position * length, (position + 1) * length);
    const layers = members.flatMap((member) => member.layers);
    const id = `${parent}[${layers[0]?.index ?? 0}–${layers.at(-1)?.index ?? 0}]`;
    return { id, kind: "range", name: rangeName(layers), children: ranged(members, id), layers };
  });
}

function rangeName(layers: readonly LayerProfile[]): string {
  return `#${layers[0]?.index ?? 0} – #${layers.at(-1)?.index ?? 0}`;
}

/** The boxes to open at first: level by level, as long as the picture stays small. */
export function firstOpen({ roots }: Outline, most = FIRST_BOXES): ReadonlySet<string> {
  const open = new Set<string>();
  let visible = roots.length;
  let level = roots;
  while (level.length > 0) {
    for (const box of level) {
      if (box.children.length === 0 || visible + box.children.length > most) continue;
      open.add(box.id);
      visible += box.children.length;
    }
    level = level.flatMap((box) => (open.has(box.id) ? box.children : []));
  }
  return open;
}

/** How many boxes, open ones included, a picture has. */
export function countVisible({ roots }: Outline, open: ReadonlySet<string>): number {
  const count = (boxes: readonly Box[]): number =>
    boxes.reduce((sum, box) => sum + 1 + (open.has(box.id) ? count(box.children) : 0), 0);
  return count(roots);
}

/** The innermost box that is drawn for a layer: the layer's own, or the closed one it is in. */
export function visibleBox({ around }: Outline, open: ReadonlySet<string>, layer: number): Box | undefined {
  const path = around.get(layer);
  return path?.find(({ id }) => !open.has(id)) ?? path?.at(-1);
}

/** `open` with every box around a layer opened. */
export function openTo({ around }: Outline, open: ReadonlySet<string>, layer: number): ReadonlySet<string> {
  const path = around.get(layer) ?? [];
  return new Set([...open, ...path.slice(0, -1).map(({ id }) => id)]);
}

/** All tensors that flow from one drawn box to another. */
export interface Link {
  readonly from: string;
  readonly to: string;
  readonly edges: readonly Edge[];
}

/** What flows between the drawn boxes; nothing for what stays within one. */
export function linksOf(outline: Outline, open: ReadonlySet<string>, edges: readonly Edge[]): readonly Link[] {
  const links = new Map<string, { from: string; to: string; edges: Edge[] }>();
  for (const edge of edges) {
    const from = visibleBox(outline, open, edge.from)?.id;
    const to = visibleBox(outline, open, edge.to)?.id;
    if (from === undefined || to === undefined || from === to) continue;
    const key = JSON.stringify([from, to]);
    const link = links.get(key);
    if (link) link.edges.push(edge);
    else links.set(key, { from, to, edges: [edge] });
  }
  return [...links.values()];
}

/** Sum of a column over the counted layers of a box; null when none of them is known. */
export function costOf({ layers }: Box, column: Column, totals: Totals): number | null {
  const known = layers
    .filter(({ isCounted }) => isCounted)
    .map((layer) => numberOf(column.value(layer, totals)))
    .filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
}

/** Layers whose name, operator or kind holds the text; in the order of the file. */
export function findLayers({ around }: Outline, text: string): readonly LayerProfile[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  return [...around.values()]
    .flatMap((path) => path.at(-1)?.layers ?? [])
    .filter(({ name, op, kind }) => `${name} ${op} ${kind}`.toLowerCase().includes(wanted));
}
