import { ownEntry } from "./own-entry.ts";
import type { Unit } from "./columns.ts";

/** Numbers with units as people type them: "4.2M", "500 KB", "3mJ". The inverse of format-numbers.ts, which see for the prefixes. */

const COUNTS = { "": 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9, t: 1e12, p: 1e15 };

const BYTES = {
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

/** Picojoules. */
const ENERGIES = { "": 1, pj: 1, nj: 1e3, uj: 1e6, µj: 1e6, mj: 1e9, j: 1e12, kj: 1e15 };

/** Seconds. */
const TIMES = { "": 1, ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1 };

const SHARES = { "": 1, "%": 0.01 };

const RATIOS = { "": 1, x: 1 };

const PREFIXES: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  elements: COUNTS,
  MACs: COUNTS,
  operations: COUNTS,
  rows: COUNTS,
  bytes: BYTES,
  pJ: ENERGIES,
  s: TIMES,
  share: SHARES,
  ratio: RATIOS,
  text: {},
};

const QUANTITY = /^(\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([a-zµ%]*)$/i;

/** The number that `text` names in the base unit (one element, byte, picojoule, second, whole); undefined when it is none. */
export function parseQuantity(text: string, unit: Unit): number | undefined {
  const [, digits, name = ""] = QUANTITY.exec(text.trim()) ?? [];
  const prefixes = PREFIXES[unit];
  const key = name.toLowerCase();
  if (digits === undefined || !Object.hasOwn(prefixes, key)) return undefined;
  return Number(digits) * (ownEntry(prefixes, key) ?? 1);
}
