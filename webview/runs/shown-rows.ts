import { isMeasured, type RunResult } from "../../profiler/device/run-result.ts";
import type { LayerProfile } from "../../profiler/profile.ts";

/** The row that is shown for a row of a run; null where there is none. */
export type ShownRow = (row: number | null) => number | null;

/**
 * Finds the rows of a run in the model that is shown, which may be another version: by name, since edits move rows.
 * @param layers those that are shown
 */
export function shownRows({ layers: times }: RunResult, layers: readonly Pick<LayerProfile, "name">[]): ShownRow {
  const names = new Map(isMeasured(times) ? times.rows.map(({ layer, name }) => [layer, name]) : []);
  const rows = new Map(layers.map(({ name }, row) => [name, row]));
  return (row) => {
    const name = row === null ? undefined : names.get(row);
    if (row === null || name === undefined) return null;
    return layers[row]?.name === name ? row : (rows.get(name) ?? null);
  };
}
