import { HEAD_HEIGHT, type Direction, type Layout } from "../../../../webview/graph/layout/layout.ts";
import { drawLink } from "../../../../webview/graph/link-path.ts";
import type { Area, Point } from "../../../../webview/graph/viewport.ts";

/** Pixels that a line may reach into what it must not cross: it has a width. */
const INSIDE = 1;

/** Between points of a line that are looked at, in parts of a curve. */
const STEPS = 24;

/** Where links run through a box that is not open, or through the words of an open one's head: "from → to through box". */
export function crossings({ boxes, links, direction }: Layout): readonly string[] {
  const kept = boxes.map(({ box, isOpen, headWidth, ...area }): { readonly id: string; readonly area: Area } => ({
    id: box.id,
    area: isOpen ? { ...area, width: headWidth, height: HEAD_HEIGHT } : area,
  }));
  return links.flatMap(({ link, points }) => {
    const line = alongLink(points, direction);
    return kept
      .filter(({ area }) => line.some((point) => isInside(point, area)))
      .map(({ id }) => `${link.from} → ${link.to} through ${id}`);
  });
}

function isInside({ x, y }: Point, area: Area): boolean {
  return (
    x > area.x + INSIDE && x < area.x + area.width - INSIDE && y > area.y + INSIDE && y < area.y + area.height - INSIDE
  );
}

/** Points along a link as it is drawn. */
function alongLink(points: readonly Point[], direction: Direction): readonly Point[] {
  const line: Point[] = [];
  let at: Point = { x: 0, y: 0 };
  const along = (place: (part: number) => Point): void => {
    for (let step = 1; step <= STEPS; step++) line.push(place(step / STEPS));
  };
  drawLink(
    {
      moveTo: (x, y) => {
        at = { x, y };
        line.push(at);
      },
      lineTo: (x, y) => {
        const start = at;
        along((part) => ({ x: start.x + part * (x - start.x), y: start.y + part * (y - start.y) }));
        at = { x, y };
      },
      bezierCurveTo: (x1, y1, x2, y2, x, y) => {
        const { x: x0, y: y0 } = at;
        const curve = (a: number, b: number, c: number, d: number, t: number): number =>
          a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t ** 2 * (1 - t) + d * t ** 3;
        along((part) => ({ x: curve(x0, x1, x2, x, part), y: curve(y0, y1, y2, y, part) }));
        at = { x, y };
      },
    },
    points,
    direction,
  );
  return line;
}
