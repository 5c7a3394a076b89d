import { InvalidArgumentError } from "commander";
import type { Unit } from "../columns.ts";
import { BIG_CORES } from "../device/target.ts";
import { parseQuantity } from "../quantity.ts";

/** Numbers with units on the command line. */

/** "4200000", "4.2M", "4.2e6" */
export function parseCount(text: string): number {
  return quantity(text, "MACs", "a number such as 4200000, 4.2M or 1.5G");
}

/** "500000", "500KB" (1,000 bytes each), "512KiB" (1,024 bytes each) */
export function parseBytes(text: string): number {
  return quantity(text, "bytes", "a size such as 500000, 4.2MB or 4MiB");
}

/** "0.02", "20ms", in seconds */
export function parseTime(text: string): number {
  return quantity(text, "s", "a time such as 20ms or 0.02");
}

/** "0.985", "98.5%" */
export function parseShare(text: string): number {
  const share = quantity(text, "share", "a share such as 0.985 or 98.5%");
  if (share > 1) throw new InvalidArgumentError("It must not be more than 1, which is 100%.");
  return share;
}

export function parseWhole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number.");
  return value;
}

/** Above 0. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

/** At least 1. */
export function parsePositive(text: string): number {
  const value = parseWhole(text);
  if (value === 0) throw new InvalidArgumentError("It must be at least 1.");
  return value;
}

/** "4", or several to compare: "1,2,4" */
export function parseThreads(text: string): readonly number[] {
  return text.split(",").map((each) => parsePositive(each.trim()));
}

/** Cores beyond are on no device; a typing error would make a list of millions. */
const MOST_CORES = 1024;

/** "4-7", "0,2,4-5", as taskset takes them, or "big" */
export function parseCores(text: string): readonly number[] | typeof BIG_CORES {
  if (text === BIG_CORES) return text;
  const cores = text.split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || from > to || to >= MOST_CORES)
      throw new InvalidArgumentError("It must be cores such as 4-7 or 0,2.");
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  return [...new Set(cores)];
}

/** One more `NAME=N`. A name may hold "=", a number cannot. */
export function parseDimension(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [, name, value] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined || !Number.isSafeInteger(Number(value))) {
    throw new InvalidArgumentError("It must be NAME=N with a whole number, such as batch=1.");
  }
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return { ...before, [name]: Number(value) };
}

function quantity(text: string, unit: Unit, expected: string): number {
  const value = parseQuantity(text, unit);
  if (value === undefined) throw new InvalidArgumentError(`It must be ${expected}.`);
  return value;
}
