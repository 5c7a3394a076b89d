import { THERMAL_STATUSES, type ThermalStatus } from "../../run-result.ts";
import { plausible } from "./plausible.ts";

export interface ThermalState {
  readonly status: ThermalStatus | null;
  readonly temperatures: readonly Temperature[];
}

export interface Temperature {
  readonly sensor: string;
  readonly celsius: number;
  readonly isProcessor: boolean;
}

/** `android.os.Temperature.TYPE_…` of sensors in degrees; 6 to 8 are currents, voltages and charges of the battery's limits. */
const TYPES = { processor: 0, notDegrees: new Set([6, 7, 8]) };
const SECTIONS = ["Current temperatures from HAL:", "Cached temperatures:"];

/** Reads `dumpsys thermalservice` (Android 10 and newer): what the sensors say now, else what they last said. */
export function parseThermal(answer: string): ThermalState {
  const [, status] = /^[ \t]*Thermal Status: (\d+)/m.exec(answer) ?? [];
  const lines = answer.split(/\r?\n/);
  const sections = SECTIONS.map((title) => temperaturesIn(lines, title));
  return {
    status: status === undefined ? null : (THERMAL_STATUSES[Number(status)] ?? null),
    temperatures: sections.find((found) => found.length > 0) ?? [],
  };
}

function temperaturesIn(lines: readonly string[], title: string): readonly Temperature[] {
  const start = lines.findIndex((line) => line.trim() === title);
  if (start < 0) return [];
  const found: Temperature[] = [];
  for (const line of lines.slice(start + 1)) {
    const [, body] = /^\s*Temperature\{(.*)\}\s*$/.exec(line) ?? [];
    if (body === undefined) break;
    const temperature = readTemperature(body);
    if (temperature !== undefined) found.push(temperature);
  }
  return found;
}

/** "mValue=62.5, mType=0, mName=CPU0, mStatus=0" */
function readTemperature(body: string): Temperature | undefined {
  const fields = new Map(
    body.split(/,\s*(?=m[A-Z])/).map((field) => {
      const at = field.indexOf("=");
      return [field.slice(0, at), field.slice(at + 1)] as const;
    }),
  );
  const celsius = plausible("celsius", Number(fields.get("mValue") ?? Number.NaN));
  const type = Number(fields.get("mType") ?? -1);
  // 0 is how a sensor says that it is not there.
  if (celsius === null || celsius === 0 || TYPES.notDegrees.has(type)) return undefined;
  return { sensor: fields.get("mName") ?? "", celsius, isProcessor: type === TYPES.processor };
}
