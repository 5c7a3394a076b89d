import { ownEntry } from "../../../own-entry.ts";
import { plausible } from "./plausible.ts";

const KIBIBYTE = 1024;

/** Bytes of memory from `/proc/meminfo`, whose "MemTotal: 7836460 kB" leaves out what the kernel keeps. */
export function parseTotalMemory(meminfo: string): number | null {
  return kibibytesOf(/^MemTotal:[ \t]+(\d+) kB/m.exec(meminfo));
}

/** Bytes that programs could still take, what Android would clear away for them included. */
export function parseAvailableMemory(meminfo: string): number | null {
  return kibibytesOf(/^MemAvailable:[ \t]+(\d+) kB/m.exec(meminfo));
}

function kibibytesOf(match: RegExpExecArray | null): number | null {
  return plausible("bytes", match === null ? null : Number(match[1]) * KIBIBYTE);
}

/** Suffixes of sizes in the `df` of Android 5 and of `-h`. */
const UNITS: Readonly<Record<string, number>> = { K: KIBIBYTE, M: KIBIBYTE ** 2, G: KIBIBYTE ** 3, T: KIBIBYTE ** 4 };

/**
 * Bytes that are free, from `df -k FOLDER`: found by the column's title, "Available" or "Free", for the columns before it differ. A file
 * system with a long name stands on a line of its own.
 */
export function parseFreeSpace(df: string): number | null {
  const [titles = "", ...rows] = df
    .trim()
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const columns = titles
    .replace(/Mounted on/, "Mounted")
    .trim()
    .split(/\s+/);
  const place = columns.findIndex((title) => /^(avail(able)?|free)$/i.test(title));
  if (place < 0 || rows.length === 0) return null;
  const cells = rows.slice(0, 2).join(" ").trim().split(/\s+/);
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(cells[place] ?? "") ?? [];
  if (digits === undefined) return null;
  return plausible("bytes", Math.floor(Number(digits) * (ownEntry(UNITS, unit) ?? KIBIBYTE)));
}
