import { inOrder, type CurvePoint, type FitPoint } from "./fit-point.ts";

/** A number that is to become small. */
export type Cost = (point: Pick<FitPoint, "totals" | "downloadBytes">) => number | null;

/** Marks the points that no other one beats: those among which there is something to choose. */
export function withParetoFront(points: readonly FitPoint[], costs: readonly Cost[]): readonly CurvePoint[] {
  return points.map((point) => ({ ...point, isOnParetoFront: !points.some((other) => beats(other, point, costs)) }));
}

/** At least as good in everything, and better in something. */
function beats(a: FitPoint, b: FitPoint, costs: readonly Cost[]): boolean {
  const pairs = [
    [inOrder(a.error), inOrder(b.error)] as const,
    ...costs.map((cost) => [inOrder(cost(a)), inOrder(cost(b))] as const),
  ];
  return pairs.every(([left, right]) => left <= right) && pairs.some(([left, right]) => left < right);
}
