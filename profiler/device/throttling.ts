import {
  THERMAL_STATUSES,
  type Conditions,
  type ConditionsSample,
  type CoreFrequency,
  type ThermalStatus,
} from "./run-result.ts";

/** Governors move the limit by a step or two without meaning anything by it. */
const LIMITED_BELOW = 0.95;

/**
 * What says that a device ran slower than it can: a thermal status, or a limit on its clock, behind the run or at a moment of it. Empty:
 * nothing did.
 * @param isFixed the phone holds its clocks below their maximum because it was asked to: what counts then is a limit below that
 */
export function throttlingOf(
  before: Conditions,
  after: Conditions,
  during: readonly ConditionsSample[] = [],
  isFixed = false,
): readonly string[] {
  return [...thermal(before, after, during), ...limits(isFixed ? before : undefined, after, during)];
}

function thermal(
  { thermalStatus: before }: Conditions,
  { thermalStatus: after }: Conditions,
  during: readonly ConditionsSample[],
): readonly string[] {
  const worst = during.reduce((most, { thermalStatus }) => Math.max(most, rank(thermalStatus)), rank(after));
  const status = THERMAL_STATUSES[worst];
  if (status === undefined || status === "none") return [];
  const hasRisen = before !== null && worst > rank(before);
  const rise = `thermal status rose from ${before ?? ""} to ${status}`;
  if (!hasRisen) return [`thermal status is ${status}`];
  return [after === status ? rise : `${rise} during the run, and is ${after ?? "unknown"} after it`];
}

function rank(status: ThermalStatus | null): number {
  return status === null ? -1 : THERMAL_STATUSES.indexOf(status);
}

function limits(
  held: Conditions | undefined,
  { cores }: Conditions,
  during: readonly ConditionsSample[],
): readonly string[] {
  return cores.flatMap((core) => {
    const limit = lowest(core, during);
    const own = held?.cores.find((each) => each.core === core.core)?.limitHertz ?? core.maximumHertz;
    if (!core.isOnline || own === null || limit === null || limit >= LIMITED_BELOW * own) return [];
    return [`core ${core.core} is held at ${gigahertz(limit)} of its ${gigahertz(own)}`];
  });
}

function lowest({ core, limitHertz }: CoreFrequency, during: readonly ConditionsSample[]): number | null {
  const all = [limitHertz, ...during.map(({ cores }) => cores.find((each) => each.core === core)?.limitHertz ?? null)];
  const known = all.filter((each) => each !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function gigahertz(hertz: number): string {
  return `${(hertz / 1e9).toFixed(2)} GHz`;
}
