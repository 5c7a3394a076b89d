import type { Column } from "../../profiler/columns.ts";
import { MEASURED_COLUMNS } from "../../profiler/views/measured-times.ts";
import { COLUMNS, localised } from "../definitions.ts";

/** Columns that can colour a picture: all whose values are amounts. */
export const GRAPH_COLUMNS: readonly Column[] = COLUMNS.filter(({ id, unit }) => unit !== "text" && id !== "index");

/** Those of a run that is shown beside the estimates. */
export const MEASURED_GRAPH_COLUMNS: readonly Column[] = MEASURED_COLUMNS.map(localised);

export function graphColumn(id: string): Column | undefined {
  return [...GRAPH_COLUMNS, ...MEASURED_GRAPH_COLUMNS].find((column) => column.id === id);
}
