import * as v from "valibot";
import { fields, jsonOf, notNegative, size } from "../../outside-data.ts";
import type { ProfiledOperator, ProfiledRun } from "../ort-profile.ts";

const GPU_PROFILE = fields({
  /** Behind the first, which builds programs and lays out weights. */
  runs: size,
  /** "NODE&OPERATOR&PROGRAM" and µs of the GPU, in the order in which they ran, those of the first run too. */
  events: v.pipe(v.array(v.pipe(v.strictTuple([v.string(), notNegative]), v.readonly())), v.readonly()),
});

/** What a page tells of the GPU's profile. */
export type GpuProfile = v.InferOutput<typeof GPU_PROFILE>;

const MICROSECOND = 1e-6;

/** @returns undefined for anything else */
export function readGpuProfile(text: string): GpuProfile | undefined {
  return jsonOf(GPU_PROFILE, text);
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
