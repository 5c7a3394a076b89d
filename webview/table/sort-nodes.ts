import { useMemo } from "preact/hooks";
import type { Totals } from "../../profiler/profile.ts";
import type { Sort } from "../state/view-state.ts";
import { PAGE_COLUMNS, sortValue } from "./page-columns.ts";
import { childrenOf, type SortedNode, type TableNode } from "./table-tree.ts";

/** Siblings in the order of the sort, modules by their subtotals; numbers start with the largest, unknown ones always stand last. */
export function useSortedNodes(nodes: readonly TableNode[], totals: Totals, sort: Sort | null): readonly SortedNode[] {
  return useMemo(() => sortNodes(nodes, comparatorOf(totals, sort)), [nodes, totals, sort]);
}

/** A header was chosen: the natural direction first, then the other, then the order of the file. */
export function nextSort(column: string, current: Sort | null): Sort | null {
  const startsDescending = PAGE_COLUMNS.some(({ id, hasBar }) => id === column && hasBar) || column === "shape";
  if (current?.column !== column) return { column, isDescending: startsDescending };
  return current.isDescending === startsDescending ? { column, isDescending: !startsDescending } : null;
}

type Comparator = (a: TableNode, b: TableNode) => number;

/** "conv2" before "conv10" */
const NAMES = new Intl.Collator("en", { numeric: true });

/** null: the order of the file. */
export function comparatorOf(totals: Totals, sort: Sort | null): Comparator | null {
  const column = PAGE_COLUMNS.find(({ id }) => id === sort?.column);
  if (!column || !sort) return null;
  const sign = sort.isDescending ? -1 : 1;
  return (a, b) => {
    const [first, second] = [sortValue(column, a, totals), sortValue(column, b, totals)];
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
    if (typeof first === "number" && typeof second === "number") return sign * (first - second);
    return sign * NAMES.compare(String(first), String(second));
  };
}

export function sortNodes(nodes: readonly TableNode[], comparator: Comparator | null): readonly SortedNode[] {
  const order = comparator ? nodes.toSorted(comparator) : nodes;
  return order.map((original) => ({ original, subRows: sortNodes(childrenOf(original), comparator) }));
}
