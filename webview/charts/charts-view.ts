import type { Column } from "../../profiler/columns.ts";
import { COLUMNS, columnOf } from "../definitions.ts";

/** How the user looks at the charts. */
export interface ChartsView {
  /** Columns along the network: one as bars, one as a line. */
  readonly bars: string;
  readonly line: string;
  /** The column that kinds and modules have shares of. */
  readonly shares: string;
}

export const INITIAL_CHARTS: ChartsView = { bars: "macs", line: "activationBytes", shares: "energy" };

/** Columns whose numbers make a chart: amounts, no positions and no shares. */
export const CHART_COLUMNS: readonly Column[] = COLUMNS.filter(
  ({ unit }) => unit !== "text" && unit !== "rows" && unit !== "share",
);

/** Of those, the ones that add up over layers. */
export const SUMMED_COLUMNS: readonly Column[] = CHART_COLUMNS.filter(({ id }) => id !== "activationBytes");

/** Field by field what still makes sense of a view that an older version may have kept. */
export function restoreCharts(kept: unknown): ChartsView {
  const fields: Readonly<Record<string, unknown>> = typeof kept === "object" && kept !== null ? { ...kept } : {};
  const column = (name: keyof ChartsView, columns: readonly Column[]): string => {
    const id = fields[name];
    return typeof id === "string" && columns.some((known) => known.id === id) ? id : INITIAL_CHARTS[name];
  };
  return {
    bars: column("bars", CHART_COLUMNS),
    line: column("line", CHART_COLUMNS),
    shares: column("shares", SUMMED_COLUMNS),
  };
}

/** @throws {RangeError} for a column that there is not */
export function knownColumn(id: string): Column {
  const column = columnOf(id);
  if (!column) throw new RangeError(`There is no column ${id}`);
  return column;
}
