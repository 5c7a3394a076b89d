import type { ModelObservation } from "./learned-latency.ts";

/** Whether data that was kept as JSON is an observation. */
export function isObservation(value: unknown): value is ModelObservation {
  const { file, sha256, seconds, groups } = fieldsOf(value) ?? {};
  if (typeof file !== "string" || typeof sha256 !== "string" || !isTime(seconds) || !Array.isArray(groups))
    return false;
  return groups.every((group: unknown) => {
    const { parts, roofline, operators, seconds: taken } = fieldsOf(group) ?? {};
    const work = Object.values(fieldsOf(parts) ?? { none: undefined });
    return [taken, roofline, operators, ...work].every(isTime);
  });
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
}
