import { createTable, getCoreRowModel, getSortedRowModel, type ColumnDef, type Table } from "@tanstack/table-core";
import { useMemo, useState } from "preact/hooks";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import type { Sort } from "../state/view-state.ts";
import { PAGE_COLUMNS, sortValue } from "./page-columns.ts";

/** Rows in the order of the sort; numbers start with the largest, unknown ones always stand last. */
export function useSortedLayers(
  layers: readonly LayerProfile[],
  totals: Totals,
  sort: Sort | null,
): readonly LayerProfile[] {
  const [table] = useState(() => createLayerTable(totals));
  return useMemo(() => {
    table.setOptions((options) => ({
      ...options,
      data: [...layers],
      columns: columnDefinitions(totals),
      state: { ...table.initialState, sorting: sort ? [{ id: sort.column, desc: sort.isDescending }] : [] },
    }));
    return table.getRowModel().rows.map(({ original }) => original);
  }, [table, layers, totals, sort]);
}

/** A header was chosen: the natural direction first, then the other, then the order of the file. */
export function nextSort(column: string, current: Sort | null): Sort | null {
  const startsDescending = PAGE_COLUMNS.some(({ id, hasBar }) => id === column && hasBar) || column === "shape";
  if (current?.column !== column) return { column, isDescending: startsDescending };
  return current.isDescending === startsDescending ? { column, isDescending: !startsDescending } : null;
}

function createLayerTable(totals: Totals): Table<LayerProfile> {
  return createTable<LayerProfile>({
    data: [],
    columns: columnDefinitions(totals),
    state: {},
    onStateChange: () => undefined,
    renderFallbackValue: null,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
}

function columnDefinitions(totals: Totals): ColumnDef<LayerProfile>[] {
  return PAGE_COLUMNS.map((column) => ({
    id: column.id,
    accessorFn: (layer) => sortValue(column, layer, totals),
    sortUndefined: "last",
    sortingFn: column.unit === "text" && column.id !== "shape" ? "alphanumeric" : "basic",
  }));
}
