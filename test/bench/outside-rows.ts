import { isMeasured, type RunResult } from "../../profiler/device/run-result.ts";

/** Of the issue that asked for it. */
export const MOST_OUTSIDE_ROWS = 0.02;

/** Part of the operators' time that belongs to no row. */
export function outsideRows(layers: RunResult["layers"]): number {
  if (!isMeasured(layers)) return 1;
  const sum = (times: readonly { readonly seconds: number }[]): number =>
    times.reduce((total, { seconds }) => total + seconds, 0);
  const outside = sum(layers.unmapped.filter(({ op }) => op !== null));
  return outside / (outside + sum(layers.rows));
}
