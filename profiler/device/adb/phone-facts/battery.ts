import type { BatteryState } from "../../run-result.ts";
import { plausible } from "./plausible.ts";

/** Behind the state, newer versions print histories whose lines look alike. */
const STATE = /Current Battery Service state:\s*\n((?:[ \t]+\S.*(?:\n|$))+)/;
const POWER = ["AC powered", "USB powered", "Wireless powered", "Dock powered"];
/** `temperature` counts tenths of a degree. */
const TENTHS = 10;

/** Reads `dumpsys battery`; null where there is none (a television, a board). */
export function parseBattery(answer: string): BatteryState | null {
  const block = STATE.exec(answer.replaceAll("\r", ""))?.[1];
  if (block === undefined) return null;
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim();
    if (name !== "" && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  if (fields.get("present") === "false") return null;
  const level = numberOf(fields.get("level"));
  const scale = numberOf(fields.get("scale")) ?? 100;
  const temperature = numberOf(fields.get("temperature"));
  const power = POWER.map((name) => fields.get(name)).filter((value) => value !== undefined);
  return {
    level: level === null || scale <= 0 || level < 0 || level > scale ? null : level / scale,
    celsius: plausible("celsius", temperature === null ? null : temperature / TENTHS),
    isPluggedIn: power.length === 0 ? null : power.includes("true"),
  };
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}
