/** One power rail's cumulative energy. */
export interface RailReading {
  readonly name: string;
  /** "CPU(BIG)"; null where the phone does not tell. */
  readonly subsystem: string | null;
  readonly joules: number;
}

/**
 * Both generations of the phone's power statistics, asked directly: Android's own `dumpsys powerstats` names the rails but not what they
 * have counted. Pixel 6 and newer answer the first, Pixel 3 to 5 the second.
 */
export const POWER_RAILS_COMMAND = [
  "dumpsys android.hardware.power.stats.IPowerStats/default;",
  "lshal debug android.hardware.power.stats@1.0::IPowerStats/default",
].join(" ");

const HEADER = /^=+ PowerStats HAL \d(?:\.\d)? (?:energy meter|rail energy data) =+\s*$/;
const END = /^=+ /;
/** "[S2M_VDD_CPUCL2]:CPU(BIG)     153265.21 mWs", with the difference to the last call in brackets behind it if that was asked for. */
const ROW = /^\s*(?:\[([^\]]+)\]:?([^\t]*?)|(\S+))\s+(\d+(?:\.\d+)?) mWs(?:\s*\(.*\))?\s*$/;
const MILLIJOULES = 1000;
/** Characters; real rows have a hundred. */
const LONGEST_ROW = 1000;

/** Reads the rails' cumulative energies; empty where the phone has none. */
export function parsePowerRails(answer: string): readonly RailReading[] {
  const lines = answer.split(/\r?\n/);
  const start = lines.findIndex((line) => HEADER.test(line));
  if (start < 0) return [];
  const length = lines.slice(start + 1).findIndex((line) => END.test(line));
  const section = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  return section.flatMap((line) => {
    const [, bracketed, subsystem = "", plain, millijoules] = (line.length > LONGEST_ROW ? null : ROW.exec(line)) ?? [];
    const name = bracketed ?? plain;
    if (name === undefined || millijoules === undefined) return [];
    return [{ name, subsystem: subsystem.trim() || null, joules: Number(millijoules) / MILLIJOULES }];
  });
}
