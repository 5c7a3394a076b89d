import * as v from "valibot";
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

function columnAmong(
  columns: readonly Column[],
  usual: string,
): v.GenericSchema<string> & { readonly fallback: string } {
  const known = v.pipe(
    v.string(),
    v.check((id) => columns.some((column) => column.id === id)),
  );
  return v.fallback(known, usual);
}

const CHARTS = v.object({
  bars: columnAmong(CHART_COLUMNS, INITIAL_CHARTS.bars),
  line: columnAmong(CHART_COLUMNS, INITIAL_CHARTS.line),
  shares: columnAmong(SUMMED_COLUMNS, INITIAL_CHARTS.shares),
} satisfies Record<keyof ChartsView, unknown>);

/** Field by field what still makes sense of a view that an older version may have kept. */
export function restoreCharts(kept: unknown): ChartsView {
  return v.parse(v.fallback(CHARTS, INITIAL_CHARTS), kept);
}

/** @throws {RangeError} for a column that there is not */
export function knownColumn(id: string): Column {
  const column = columnOf(id);
  if (!column) throw new RangeError(`There is no column ${id}`);
  return column;
}
