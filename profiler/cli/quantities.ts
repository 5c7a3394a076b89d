import { InvalidArgumentError } from "commander";

/** Numbers with units on the command line. */

const QUANTITY = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)$/i;

const COUNT_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9, t: 1e12 };

const BYTE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gib: 2 ** 30,
};

/** "4200000", "4.2M", "4.2e6" */
export function parseCount(text: string): number {
  return quantity(text, COUNT_UNITS, "a number such as 4200000, 4.2M or 1.5G");
}

/** "500000", "500KB" (1,000 bytes each), "512KiB" (1,024 bytes each) */
export function parseBytes(text: string): number {
  return quantity(text, BYTE_UNITS, "a size such as 500000, 4.2MB or 4MiB");
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

function quantity(text: string, units: Readonly<Record<string, number>>, expected: string): number {
  const [, digits, unit = ""] = QUANTITY.exec(text.trim()) ?? [];
  const name = unit.toLowerCase();
  const factor = Object.hasOwn(units, name) ? units[name] : undefined;
  if (digits === undefined || factor === undefined) throw new InvalidArgumentError(`It must be ${expected}.`);
  return Number(digits) * factor;
}
