import { createTable, getCoreRowModel, getSortedRowModel, type ColumnDef, type Table } from "@tanstack/table-core";
import { useMemo, useState } from "preact/hooks";
import type { Totals } from "../../profiler/profile.ts";
import type { Sort } from "../state/view-state.ts";
import { PAGE_COLUMNS, sortValue } from "./page-columns.ts";
import { childrenOf, type SortedNode, type TableNode } from "./table-tree.ts";

/** Siblings in the order of the sort, modules by their subtotals; numbers start with the largest, unknown ones always stand last. */
export function useSortedNodes(nodes: readonly TableNode[], totals: Totals, sort: Sort | null): readonly SortedNode[] {
  const [table] = useState(() => createNodeTable(totals));
  return useMemo(() => {
    table.setOptions((options) => ({
      ...options,
      data: [...nodes],
      columns: columnDefinitions(totals),
      state: { ...table.initialState, sorting: sort ? [{ id: sort.column, desc: sort.isDescending }] : [] },
    }));
    return table.getRowModel().rows;
  }, [table, nodes, totals, sort]);
}

/** A header was chosen: the natural direction first, then the other, then the order of the file. */
export function nextSort(column: string, current: Sort | null): Sort | null {
  const startsDescending = PAGE_COLUMNS.some(({ id, hasBar }) => id === column && hasBar) || column === "shape";
  if (current?.column !== column) return { column, isDescending: startsDescending };
  return current.isDescending === startsDescending ? { column, isDescending: !startsDescending } : null;
}

function createNodeTable(totals: Totals): Table<TableNode> {
  return createTable<TableNode>({
    data: [],
    columns: columnDefinitions(totals),
    state: {},
    onStateChange: () => undefined,
    renderFallbackValue: null,
    getSubRows: (node) => [...childrenOf(node)],
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
}

function columnDefinitions(totals: Totals): ColumnDef<TableNode>[] {
  return PAGE_COLUMNS.map((column) => ({
    id: column.id,
    accessorFn: (node) => sortValue(column, node, totals),
    sortUndefined: "last",
    sortingFn: column.unit === "text" && column.id !== "shape" ? "alphanumeric" : "basic",
  }));
}
