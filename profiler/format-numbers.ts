import type { PrintedDimension } from "./model/shape.ts";

/** Numbers as people read them: three significant digits and a unit. Prefixes are decimal throughout: 1 KB is 1,000 bytes. */

export const UNKNOWN_TEXT = "unknown";

interface Scale {
  readonly unit: string;
  readonly factor: number;
}

const COUNTS = scale(["", 1], [" k", 1e3], [" M", 1e6], [" G", 1e9], [" T", 1e12], [" P", 1e15]);
const BYTES = scale([" B", 1], [" KB", 1e3], [" MB", 1e6], [" GB", 1e9], [" TB", 1e12]);
const PICOJOULES = scale(
  [" pJ", 1],
  [" nJ", 1e3],
  [" µJ", 1e6],
  [" mJ", 1e9],
  [" J", 1e12],
  [" kJ", 1e15],
  [" MJ", 1e18],
);
const SECONDS = scale([" ns", 1e-9], [" µs", 1e-6], [" ms", 1e-3], [" s", 1]);

/** Made when first needed: loading the language's data takes longer than reading a small model. */
const grouped = once(() => new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 }));
const precise = once(() => new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 }));

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** "712", "12.3 M" */
export function formatCount(count: number): string {
  return scaled(count, COUNTS);
}

/** "512 B", "4.10 KB" */
export function formatBytes(bytes: number): string {
  return scaled(bytes, BYTES);
}

/** "3.70 pJ", "1.28 mJ" */
export function formatEnergy(picojoules: number): string {
  return scaled(picojoules, PICOJOULES);
}

/** "5.00 µs", "13.1 ms" */
export function formatTime(seconds: number): string {
  return scaled(seconds, SECONDS);
}

/** "12.3457 µs": as many digits as matter, in the unit that a time is read in. */
export function formatTimeExact(seconds: number): string {
  const { unit, factor } = scaleOf(seconds, SECONDS);
  return `${formatExact(seconds / factor)}${unit}`;
}

/** "12.3 %" of a fraction between 0 and 1; what is there but would round to nothing is "<0.1 %". */
export function formatShare(fraction: number): string {
  if (fraction > 0 && fraction < 0.0005) return "<0.1 %";
  return `${(100 * fraction).toFixed(1)} %`;
}

/** "2.30×" */
export function formatRatio(ratio: number): string {
  return `${digits(ratio)}×`;
}

/** Every digit: "12,345,678". Below 1, as many as matter. */
export function formatExact(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? grouped().format(value) : precise().format(value);
}

/** "1×3×224×224", with names for symbolic sizes; a scalar is "scalar". */
export function formatShape(shape: readonly PrintedDimension[] | null): string {
  if (shape === null) return UNKNOWN_TEXT;
  return shape.length === 0 ? "scalar" : shape.join("×");
}

function scale(...units: readonly (readonly [unit: string, factor: number])[]): readonly Scale[] {
  return units.map(([unit, factor]) => ({ unit, factor }));
}

function scaled(value: number, units: readonly Scale[]): string {
  const { unit, factor } = scaleOf(value, units);
  if (value === 0) return `0${unit}`;
  const inUnit = value / factor;
  return factor === 1 && Number.isInteger(value) ? `${value}${unit}` : `${digits(inUnit)}${unit}`;
}

/** The largest unit that leaves at least 1 after rounding: 999,600 is 1.00 M, not 1000 k. */
function scaleOf(value: number, units: readonly Scale[]): Scale {
  return units.findLast((candidate) => rounded(value, candidate) >= 1) ?? units[0] ?? { unit: "", factor: 1 };
}

function rounded(value: number, { factor }: Scale): number {
  return Number(Math.abs(value / factor).toPrecision(3));
}

/** Three significant digits, never in exponent form for what is large. */
function digits(value: number): string {
  const short = Number(value.toPrecision(3));
  return Math.abs(short) >= 1000 ? short.toFixed(0) : short.toPrecision(3);
}
