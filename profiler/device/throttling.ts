import { THERMAL_STATUSES, type Conditions } from "./run-result.ts";

/** Governors move the limit by a step or two without meaning anything by it. */
const LIMITED_BELOW = 0.95;

/** What says that a device ran slower than it can: a thermal status, or a limit on its clock. Empty: nothing did. */
export function throttlingOf(before: Conditions, after: Conditions): readonly string[] {
  return [...thermal(before, after), ...limits(after)];
}

function thermal({ thermalStatus: before }: Conditions, { thermalStatus: after }: Conditions): readonly string[] {
  if (after === null || after === "none") return [];
  const hasRisen = before !== null && THERMAL_STATUSES.indexOf(after) > THERMAL_STATUSES.indexOf(before);
  return [hasRisen ? `thermal status rose from ${before} to ${after}` : `thermal status is ${after}`];
}

function limits({ cores }: Conditions): readonly string[] {
  return cores.flatMap(({ core, isOnline, maximumHertz, limitHertz }) => {
    if (!isOnline || maximumHertz === null || limitHertz === null || limitHertz >= LIMITED_BELOW * maximumHertz)
      return [];
    return [`core ${core} is held at ${gigahertz(limitHertz)} of its ${gigahertz(maximumHertz)}`];
  });
}

function gigahertz(hertz: number): string {
  return `${(hertz / 1e9).toFixed(2)} GHz`;
}
