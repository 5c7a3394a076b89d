import { ownEntry } from "../../profiler/own-entry.ts";
import { isFolded } from "../../profiler/views/folded-rows.ts";
import { layersIn, moduleTree, sumOf, type Sums, type TreeNode } from "../../profiler/views/module-tree.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { layerLine } from "../state/selection.ts";
import type { Expansion } from "../state/view-state.ts";

/** What a line of the table stands for. */
export type TableNode = ModuleNode | FoldNode | LayerNode;

export interface ModuleNode {
  readonly kind: "module";
  readonly id: string;
  readonly name: string;
  readonly sums: Sums;
  readonly children: readonly TableNode[];
}

/** Neighbours that lead nobody through the network, behind one line. */
export interface FoldNode {
  readonly kind: "fold";
  readonly id: string;
  readonly layers: readonly LayerProfile[];
  readonly sums: Sums;
  readonly children: readonly TableNode[];
}

export interface LayerNode {
  readonly kind: "layer";
  readonly id: string;
  readonly layer: LayerProfile;
  /** Module that the lines above name already; "" at the top. */
  readonly module: string;
}

/** A node after sorting. */
export interface SortedNode {
  readonly original: TableNode;
  readonly subRows: readonly SortedNode[];
}

/** A node that is on the screen, or would be if it were high enough. */
export interface Line {
  readonly id: string;
  readonly node: TableNode;
  /** 1 at the top. */
  readonly level: number;
  /** Among its siblings, from 1. */
  readonly place: number;
  readonly siblings: number;
  /** Id of the line that holds it. */
  readonly parent: string | null;
  /** undefined where there is nothing to expand. */
  readonly isExpanded: boolean | undefined;
}

/** A line that says what it hides must hide more than itself. */
const SHORTEST_RUN = 2;

export interface TreeOptions {
  readonly isTree: boolean;
  /** Neighbours only stand beside each other in the order of the file: a sorted list has one folded run, at its end. */
  readonly isSorted: boolean;
}

/** The lines' nodes: modules with their subtotals, runs of folded rows, layers. A module of one layer is shown as the layer. */
export function tableTree(layers: readonly LayerProfile[], { isTree, isSorted }: TreeOptions): readonly TableNode[] {
  const nodes: readonly TreeNode[] = isTree
    ? moduleTree(layers)
    : layers.map((layer): TreeNode => ({ kind: "layer", id: layerLine(layer.index), depth: 0, layer }));
  return withFolds(nodes, "", isSorted);
}

export function childrenOf(node: TableNode): readonly TableNode[] {
  return node.kind === "layer" ? [] : node.children;
}

export function layersOf(node: TableNode): readonly LayerProfile[] {
  if (node.kind === "layer") return [node.layer];
  return node.kind === "fold" ? node.layers : node.children.flatMap(layersOf);
}

/** Every node by its id, however deep. */
export function nodesById(nodes: readonly TableNode[]): ReadonlyMap<string, TableNode> {
  const byId = new Map<string, TableNode>();
  const visit = (node: TableNode): void => {
    byId.set(node.id, node);
    childrenOf(node).forEach(visit);
  };
  nodes.forEach(visit);
  return byId;
}

/** Ids of the nodes around one, outermost first; undefined when it is not there. */
export function ancestorsOf(nodes: readonly TableNode[], id: string): readonly string[] | undefined {
  for (const node of nodes) {
    if (node.id === id) return [];
    const inside = ancestorsOf(childrenOf(node), id);
    if (inside) return [node.id, ...inside];
  }
  return undefined;
}

/** Distinct layers that some lines stand for, in the order of the file. */
export function layersOfLines(lines: readonly string[], byId: ReadonlyMap<string, TableNode>): readonly LayerProfile[] {
  const layers = new Set(lines.flatMap((id) => byId.get(id) ?? []).flatMap(layersOf));
  return [...layers].sort((a, b) => a.index - b.index);
}

/** Lines that a fresh table shows at most: levels below open only as far as they fit in these. */
const FRESH_LINES = 120;

/** Levels of modules that are open unless the user decides otherwise. */
export function openLevels(nodes: readonly TableNode[]): number {
  let [levels, shown, current] = [0, 0, nodes];
  while (current.length > 0 && shown + current.length <= FRESH_LINES) {
    shown += current.length;
    levels += 1;
    current = current.flatMap((node) => (node.kind === "module" ? node.children : []));
  }
  // The innermost level that fits shows its modules closed.
  return current.length === 0 ? levels : Math.max(0, levels - 1);
}

export interface LineOptions {
  readonly choices: Expansion;
  /** Modules of fewer levels than this are open. */
  readonly openLevels: number;
}

/** Lines from the top. */
export function linesOf(nodes: readonly SortedNode[], options: LineOptions): readonly Line[] {
  const lines: Line[] = [];
  const visit = (siblings: readonly SortedNode[], level: number, parent: string | null): void => {
    siblings.forEach(({ original: node, subRows }, position) => {
      const usual = node.kind === "module" ? level <= options.openLevels : siblings.length === 1 && level === 1;
      const isExpanded = node.kind === "layer" ? undefined : (ownEntry(options.choices, node.id) ?? usual);
      lines.push({ id: node.id, node, level, place: position + 1, siblings: siblings.length, parent, isExpanded });
      if (isExpanded === true) visit(subRows, level + 1, node.id);
    });
  };
  visit(nodes, 1, null);
  return lines;
}

function withFolds(nodes: readonly TreeNode[], module: string, isSorted: boolean): readonly TableNode[] {
  const rows = nodes.map((node) => ({ node, layers: layersIn([node]) }));
  const isFoldedRow = ({ layers }: (typeof rows)[number]): boolean => layers.every(isFolded);
  const show = (run: typeof rows): readonly TableNode[] => run.map(({ node }) => tableNode(node, module, isSorted));
  const fold = (run: typeof rows): readonly TableNode[] => {
    const layers = run.flatMap((row) => row.layers);
    const [first] = layers;
    if (!first || layers.length < SHORTEST_RUN) return show(run);
    return [{ kind: "fold", id: `fold:${module}#${first.index}`, layers, sums: sumOf(layers), children: show(run) }];
  };
  if (isSorted) {
    return [...show(rows.filter((row) => !isFoldedRow(row))), ...fold(rows.filter(isFoldedRow))];
  }
  const result: TableNode[] = [];
  let run: typeof rows = [];
  for (const row of rows) {
    if (isFoldedRow(row)) {
      run.push(row);
    } else {
      result.push(...fold(run), ...show([row]));
      run = [];
    }
  }
  return [...result, ...fold(run)];
}

function tableNode(node: TreeNode, module: string, isSorted: boolean): TableNode {
  if (node.kind === "layer") return layerNode(node.layer, module);
  const layers = layersIn([node]);
  const [only] = layers;
  if (only && layers.length === 1) return layerNode(only, module);
  // What is folded as a whole is not folded once more inside.
  const children = layers.every(isFolded)
    ? node.children.map((child) => tableNode(child, node.id, isSorted))
    : withFolds(node.children, node.id, isSorted);
  return { kind: "module", id: node.id, name: node.name, sums: sumOf(layers), children };
}

function layerNode(layer: LayerProfile, module: string): LayerNode {
  return { kind: "layer", id: layerLine(layer.index), layer, module };
}
