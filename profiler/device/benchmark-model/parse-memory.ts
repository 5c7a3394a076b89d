import { ownEntry } from "../../own-entry.ts";

/** Memory that `benchmark_model` tells, bytes; null where it does not. */
export interface BenchmarkMemory {
  /** What it saw at most while it looked on (`report_peak_memory_footprint`). */
  readonly peakBytes: number | null;
  /** What its process grew by until the model was ready, and until the end. */
  readonly initBytes: number | null;
  readonly overallBytes: number | null;
}

/** What it calls MB. */
const MEBIBYTE = 2 ** 20;
const UNITS: Readonly<Record<string, number>> = { KB: 2 ** 10, MB: MEBIBYTE, GB: 2 ** 30 };

/** Every wording: TFLite's since 2.4, TFLite's before, and LiteRT 2's, a line each. */
const PEAK = [
  /Overall peak memory footprint \((KB|MB|GB)\)[^:]*: *([\d.]+)/,
  /Peak memory (?:usage|footprint)[^:=]*: *([\d.]+) *(KB|MB|GB)/i,
];
const BOTH = /[Mm]emory footprint[^:]*\((KB|MB|GB)\): *init=(-?[\d.]+) *overall=(-?[\d.]+)/;
const INIT = /\bInit footprint: *(-?[\d.]+) *(KB|MB|GB)/;
const OVERALL = /\bOverall footprint: *(-?[\d.]+) *(KB|MB|GB)/;

export function memoryOf(lines: readonly string[]): BenchmarkMemory {
  let peakBytes: number | null = null;
  let initBytes: number | null = null;
  let overallBytes: number | null = null;
  for (const line of lines) {
    for (const pattern of PEAK) peakBytes = positive(...split(pattern.exec(line))) ?? peakBytes;
    const [, unit, init, overall] = BOTH.exec(line) ?? [];
    initBytes = positive(init, unit) ?? positive(...split(INIT.exec(line))) ?? initBytes;
    overallBytes = positive(overall, unit) ?? positive(...split(OVERALL.exec(line))) ?? overallBytes;
  }
  return { peakBytes, initBytes, overallBytes };
}

/** Number and unit, in whichever order a line has them. */
function split(found: RegExpExecArray | null): readonly [number: string | undefined, unit: string | undefined] {
  const [, first, second] = found ?? [];
  return first !== undefined && ownEntry(UNITS, first) !== undefined ? [second, first] : [first, second];
}

/** A model that takes nothing, or less than that, is one that was not measured. */
function positive(number: string | undefined, unit: string | undefined): number | null {
  const bytes = Number(number ?? "NaN") * (ownEntry(UNITS, unit ?? "") ?? Number.NaN);
  return bytes > 0 ? bytes : null;
}
