import type { ProfiledOperator, ProfiledRun } from "../ort-profile.ts";

/** What a page tells of the GPU's profile. */
export interface GpuProfile {
  /** Behind the first, which builds programs and lays out weights. */
  readonly runs: number;
  /** "NODE&OPERATOR&PROGRAM" and µs of the GPU, in the order in which they ran, those of the first run too. */
  readonly events: readonly (readonly [name: string, microseconds: number])[];
}

const MICROSECOND = 1e-6;

/** @returns undefined for anything else */
export function readGpuProfile(text: string): GpuProfile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("runs" in value) || !("events" in value)) return undefined;
  const { runs, events } = value;
  if (!Number.isSafeInteger(runs) || Number(runs) < 0 || !Array.isArray(events) || !events.every(isEvent))
    return undefined;
  return { runs: Number(runs), events };
}

function isEvent(event: unknown): event is readonly [string, number] {
  if (!Array.isArray(event) || event.length !== 2) return false;
  const pair: readonly unknown[] = event;
  const [name, duration] = pair;
  return typeof name === "string" && typeof duration === "number" && Number.isFinite(duration) && duration >= 0;
}

/**
 * The profile as runs of operators: each program ran equally often in each run. What only the first run has, the layout of weights, is left
 * out with it.
 */
export function gpuRuns({ runs, events }: GpuProfile): readonly ProfiledRun[] {
  const byName = new Map<string, number[]>();
  for (const [name, microseconds] of events) byName.set(name, [...(byName.get(name) ?? []), microseconds]);
  return Array.from({ length: runs }, (_, index) => {
    const operators = [...byName].flatMap(([name, times]) => {
      const each = Math.floor(times.length / (runs + 1));
      // Behind what the first run has more than the others.
      const start = times.length - each * (runs - index);
      return times.slice(start, start + each).map((microseconds) => operatorOf(name, microseconds * MICROSECOND));
    });
    return { seconds: operators.reduce((sum, { seconds }) => sum + seconds, 0), operators };
  });
}

/** Names of nodes may hold the sign, operators and programs do not. */
function operatorOf(event: string, seconds: number): ProfiledOperator {
  const parts = event.split("&");
  const op = parts.at(-2) ?? "";
  return { name: parts.slice(0, -2).join("&") || event, op, seconds, path: [], outputShapes: [] };
}
