import type { Totals } from "../../profile.ts";
import type { CurvePoint, FitPoint } from "./fit-point.ts";

/** Marks the points that no other one beats: those among which there is something to choose. */
export function withParetoFront(points: readonly FitPoint[], costs: readonly (keyof Totals)[]): readonly CurvePoint[] {
  return points.map((point) => ({ ...point, isOnParetoFront: !points.some((other) => beats(other, point, costs)) }));
}

/** At least as good in everything, and better in something. */
function beats(a: FitPoint, b: FitPoint, costs: readonly (keyof Totals)[]): boolean {
  const pairs = [
    [a.error, b.error] as const,
    ...costs.map((total) => [a.totals[total] ?? Infinity, b.totals[total] ?? Infinity] as const),
  ];
  return pairs.every(([left, right]) => left <= right) && pairs.some(([left, right]) => left < right);
}
