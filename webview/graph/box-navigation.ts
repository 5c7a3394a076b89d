import { ownEntry } from "../../profiler/own-entry.ts";
import type { PlacedBox } from "./layout/layout.ts";

/** How much further a box seems that is not straight ahead. */
const SIDEWAYS = 2.5;

const DIRECTIONS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
};

/** The nearest box in the direction of an arrow key; undefined when there is none, or for another key. */
export function boxTowards(key: string, from: PlacedBox, boxes: readonly PlacedBox[]): PlacedBox | undefined {
  const direction = ownEntry(DIRECTIONS, key);
  if (!direction) return undefined;
  const [x, y] = direction;
  const start = anchor(from);
  let nearest: PlacedBox | undefined;
  let least = Infinity;
  for (const box of boxes) {
    const end = anchor(box);
    const ahead = (end.x - start.x) * x + (end.y - start.y) * y;
    const aside = Math.abs((end.x - start.x) * y) + Math.abs((end.y - start.y) * x);
    const distance = ahead + SIDEWAYS * aside;
    if (box !== from && ahead > 1 && distance < least) [nearest, least] = [box, distance];
  }
  return nearest;
}

/** An open box is where its head is. */
function anchor({ x, y, width, height, isOpen }: PlacedBox): { readonly x: number; readonly y: number } {
  return { x: x + width / 2, y: isOpen ? y : y + height / 2 };
}
