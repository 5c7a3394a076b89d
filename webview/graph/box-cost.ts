import type { Column } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import { costOf } from "../../profiler/views/graph-outline.ts";
import type { Layout } from "./layout/layout.ts";

export interface BoxCost {
  readonly column: Column;
  /** null is unknown. */
  readonly value: number | null;
  /** Of the model's; 0 where the column has no total. */
  readonly share: number;
  /** Of the most expensive box that is drawn: what colours it. */
  readonly heat: number;
}

export interface Costs {
  readonly column: Column;
  readonly of: ReadonlyMap<string, BoxCost>;
  /** The value of full heat; 0 when there is none. */
  readonly most: number;
}

/** Cost of each box, coloured against the most expensive of those that are not open. */
export function costsOf({ boxes }: Pick<Layout, "boxes">, column: Column, totals: Totals): Costs {
  const values = boxes
    .filter(({ box }) => box.layers.length > 0)
    .map(({ box, isOpen }) => ({ id: box.id, isOpen, value: costOf(box, column, totals) }));
  const most = values.reduce((max, { value, isOpen }) => (isOpen ? max : Math.max(max, value ?? 0)), 0);
  const total = column.total === undefined ? 0 : (totals[column.total] ?? 0);
  const of = new Map(
    values.map(({ id, value }) => [
      id,
      {
        column,
        value,
        share: total > 0 ? (value ?? 0) / total : 0,
        heat: most > 0 ? Math.min(1, (value ?? 0) / most) : 0,
      },
    ]),
  );
  return { column, of, most };
}
