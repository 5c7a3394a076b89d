import { useMemo } from "preact/hooks";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import type { ViewState } from "../state/view-state.ts";
import { useSortedNodes } from "./sort-nodes.ts";
import { linesOf, nodesById, openLevels, tableTree, type Line, type TableNode } from "./table-tree.ts";

export interface TableLines {
  /** Whether modules are shown as lines of their own. */
  readonly isTree: boolean;
  readonly nodes: readonly TableNode[];
  readonly byId: ReadonlyMap<string, TableNode>;
  readonly lines: readonly Line[];
}

/** All levels: what a filter finds is not hidden in a closed module. */
const EVERY_LEVEL = Infinity;

/**
 * The lines of the table, from the layers that pass the filter to what is open of them.
 * @param hasModules whether the model has modules at all: without them the tree would be a list
 */
export function useTableLines(
  layers: readonly LayerProfile[],
  totals: Totals,
  view: ViewState,
  hasModules: boolean,
): TableLines {
  const { sort, layout, filter, expansion, filteredExpansion } = view;
  const isTree = layout === null ? hasModules : layout === "tree" && hasModules;
  const isSorted = sort !== null;
  const nodes = useMemo(() => tableTree(layers, { isTree, isSorted }), [layers, isTree, isSorted]);
  const byId = useMemo(() => nodesById(nodes), [nodes]);
  const sorted = useSortedNodes(nodes, totals, sort);
  const isFiltered = filter.trim() !== "";
  // Sorted, the modules are a ranking: only the way to the largest layer is open, which the table brings into sight.
  const isRanking = isSorted && sort.isDescending;
  const levels = useMemo(
    () => (isFiltered ? EVERY_LEVEL : isRanking ? 0 : openLevels(nodes)),
    [nodes, isFiltered, isRanking],
  );
  const choices = isFiltered ? filteredExpansion : expansion;
  const lines = useMemo(() => linesOf(sorted, { choices, openLevels: levels }), [sorted, choices, levels]);
  return { isTree, nodes, byId, lines };
}
