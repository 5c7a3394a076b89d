import type { Column } from "../columns.ts";
import type { LayerProfile, Structure, TensorProfile, Totals } from "../profile.ts";
import { numberOf } from "./cost-series.ts";
import { isFolded } from "./folded-rows.ts";
import { layersIn, moduleTree, type TreeNode } from "./module-tree.ts";
import { addsUp } from "./sum-columns.ts";

/** The network as boxes within boxes, of which the user opens those he wants to see into. */
export interface Outline {
  readonly roots: readonly Box[];
  readonly boxes: ReadonlyMap<string, Box>;
  /** Of each box that has none within: the boxes around it and itself, outermost first. */
  readonly paths: ReadonlyMap<string, readonly Box[]>;
}

/** A layer, a module, a run of neighbours where a module has too many of them to draw, or what the model is given and gives. */
export interface Box {
  readonly id: string;
  readonly kind: "layer" | "module" | "range" | "input" | "output";
  readonly name: string;
  readonly children: readonly Box[];
  readonly layers: readonly LayerProfile[];
  /** Of an input or output: what it is. */
  readonly tensor?: TensorProfile;
}

/** What the outline takes of a model's structure. */
export type OutlinedStructure = Pick<Structure, "edges" | "inputs" | "outputs">;

const NO_STRUCTURE: OutlinedStructure = { edges: [], inputs: [], outputs: [] };

/** Neighbours drawn side by side; beyond, they are boxed by ranges. */
export const MOST_SIBLINGS = 60;

/** Boxes of the first picture: what a layout takes a moment for and an eye can follow. */
const FIRST_BOXES = 150;

/** Boxes of any picture: more would take memory and seconds, and nobody could find a way among them. */
export const MOST_BOXES = 20_000;

/** Boxes of all layers that work on data, between the model's inputs and outputs; what tables fold has no place in the picture. */
export function outlineOf(layers: readonly LayerProfile[], structure: OutlinedStructure = NO_STRUCTURE): Outline {
  const shown = layers.filter((layer) => !isFolded(layer));
  const drawn = new Set(shown.map(({ index }) => index));
  const modules = ranged(moduleTree(shown).map(boxOf), "");
  const inputs = structure.inputs.filter(({ readers }) => readers.some((reader) => drawn.has(reader)));
  const outputs = structure.outputs.filter(({ from }) => drawn.has(from));
  const roots = [
    ...ranged(
      inputs.map(({ tensor }) => portBox("input", tensor)),
      "input",
    ),
    ...modules,
    ...ranged(
      outputs.flatMap(({ from, output }) => {
        const tensor = layers[from]?.outputs[output];
        return tensor ? [portBox("output", tensor)] : [];
      }),
      "output",
    ),
  ];
  const boxes = new Map<string, Box>();
  const paths = new Map<string, readonly Box[]>();
  const visit = (box: Box, outside: readonly Box[]): void => {
    boxes.set(box.id, box);
    const path = [...outside, box];
    if (box.children.length === 0) paths.set(box.id, path);
    for (const child of box.children) visit(child, path);
  };
  for (const root of roots) visit(root, []);
  return { roots, boxes, paths };
}

function portBox(kind: "input" | "output", tensor: TensorProfile): Box {
  return { id: portId(kind, tensor.name), kind, name: tensor.name, children: [], layers: [], tensor };
}

/** The box of an input or output; the space keeps it from any module's. */
export function portId(kind: "input" | "output", name: string): string {
  return `${kind} ${name}`;
}

export function layerId(index: number): string {
  return `#${index}`;
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
    const id = `${parent}[${position * length}–${position * length + members.length - 1}]`;
    return { id, kind: "range", name: rangeName(members, layers), children: ranged(members, id), layers };
  });
}

function rangeName(members: readonly Box[], layers: readonly LayerProfile[]): string {
  const [first, last] = [layers[0], layers.at(-1)];
  return first && last
    ? `${layerId(first.index)} – ${layerId(last.index)}`
    : `${members[0]?.name ?? ""} – ${members.at(-1)?.name ?? ""}`;
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

/** All boxes that can be opened. */
export function allOpen({ boxes }: Outline): ReadonlySet<string> {
  return new Set([...boxes.values()].filter(({ children }) => children.length > 0).map(({ id }) => id));
}

/** The innermost box that is drawn for a layer: the layer's own, or the closed one it is in. */
export function visibleBox(outline: Outline, open: ReadonlySet<string>, layer: number): Box | undefined {
  return visibleOf(outline, open, layerId(layer));
}

/** As `visibleBox`, of any box without others in it. */
export function visibleOf({ paths }: Outline, open: ReadonlySet<string>, id: string): Box | undefined {
  const path = paths.get(id);
  return path?.find((box) => !open.has(box.id)) ?? path?.at(-1);
}

/** `open` with every box around a layer opened. */
export function openTo({ paths }: Outline, open: ReadonlySet<string>, layer: number): ReadonlySet<string> {
  const path = paths.get(layerId(layer)) ?? [];
  return new Set([...open, ...path.slice(0, -1).map(({ id }) => id)]);
}

/** Of a box's counted layers together; of a column that does not add up, the largest. null when none of them is known. */
export function costOf({ layers }: Box, column: Column, totals: Totals): number | null {
  const known = layers
    .filter(({ isCounted }) => isCounted)
    .map((layer) => numberOf(column.value(layer, totals)))
    .filter((value) => value !== null);
  if (known.length === 0) return null;
  return known.reduce((sum, value) => (addsUp(column) ? sum + value : Math.max(sum, value)));
}

/** Layers whose name, operator or kind holds the text; in the order of the file. */
export function findLayers({ paths }: Outline, text: string): readonly LayerProfile[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  return [...paths.values()]
    .flatMap((path) => path.at(-1)?.layers ?? [])
    .filter(({ name, op, kind }) => `${name} ${op} ${kind}`.toLowerCase().includes(wanted));
}
