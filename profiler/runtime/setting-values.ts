import { isFloat, type DataType } from "../model/data-type.ts";

/** Constants that a number is compared with. */
export interface Compared {
  /** For being equal: other values lead nowhere. */
  readonly equal: readonly number[];
  /** For being larger or smaller: the numbers on either side of each lead somewhere else. */
  readonly ordered: readonly number[];
}

/**
 * Values of a setting that take every way that a model has for it: what it may be equal to, and a number of each side of what it may be
 * larger than where none of those is there already. In order.
 */
export function settingValues({ equal, ordered }: Compared, type: DataType | undefined): readonly number[] {
  const found = new Set(equal);
  const limits = [...new Set(ordered)].sort((a, b) => a - b);
  const isWhole = type === undefined || !isFloat(type);
  for (let place = 0; place <= limits.length; place += 1) {
    const [below, above] = [limits[place - 1], limits[place]];
    const isThere = [...found].some((value) => value > (below ?? -Infinity) && value < (above ?? Infinity));
    const value = between(below, above, isWhole);
    if (!isThere && value !== undefined && canHold(type, value)) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

/** undefined where no whole number is there. */
function between(below: number | undefined, above: number | undefined, isWhole: boolean): number | undefined {
  if (below === undefined) return above === undefined ? undefined : stepped(above, -1, isWhole);
  if (above === undefined) return stepped(below, 1, isWhole);
  if (!isWhole) return (below + above) / 2;
  const middle = Math.floor((below + above) / 2);
  return middle > below ? middle : undefined;
}

/** By a half of it, so that a share stays one and a rate a rate; from 0 by 1. */
function stepped(limit: number, sign: 1 | -1, isWhole: boolean): number {
  const step = limit === 0 ? 1 : Math.abs(limit) / 2;
  return limit + sign * (isWhole ? Math.max(1, Math.floor(step)) : step);
}

function canHold(type: DataType | undefined, value: number): boolean {
  return value >= 0 || type?.startsWith("uint") !== true;
}
