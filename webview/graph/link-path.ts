import type { Direction } from "./layout/layout.ts";
import type { Point } from "./viewport.ts";

/** What both a canvas and a path of SVG can draw. */
export interface Pen {
  readonly moveTo: (x: number, y: number) => void;
  readonly lineTo: (x: number, y: number) => void;
  readonly bezierCurveTo: (x1: number, y1: number, x2: number, y2: number, x: number, y: number) => void;
}

/** From point to point: straight along the direction of the network, else in a curve that begins and ends along it. */
export function drawLink(pen: Pen, points: readonly Point[], direction: Direction): void {
  const [first, ...others] = points;
  if (!first) return;
  pen.moveTo(first.x, first.y);
  let { x, y } = first;
  for (const next of others) {
    const isStraight = direction === "DOWN" ? next.x === x : next.y === y;
    if (isStraight) pen.lineTo(next.x, next.y);
    else if (direction === "DOWN") {
      const middle = (y + next.y) / 2;
      pen.bezierCurveTo(x, middle, next.x, middle, next.x, next.y);
    } else {
      const middle = (x + next.x) / 2;
      pen.bezierCurveTo(middle, y, middle, next.y, next.x, next.y);
    }
    ({ x, y } = next);
  }
}

/** As the `d` of a path. */
export function linkPath(points: readonly Point[], direction: Direction): string {
  const parts: string[] = [];
  const round = (numbers: readonly number[]): string => numbers.map((number) => Math.round(10 * number) / 10).join(" ");
  drawLink(
    {
      moveTo: (...to) => parts.push(`M${round(to)}`),
      lineTo: (...to) => parts.push(`L${round(to)}`),
      bezierCurveTo: (...to) => parts.push(`C${round(to)}`),
    },
    points,
    direction,
  );
  return parts.join("");
}
