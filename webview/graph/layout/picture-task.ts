import type { Link } from "../../../profiler/views/graph-links.ts";
import type { Box, Outline } from "../../../profiler/views/graph-outline.ts";
import type { Area, Point } from "../viewport.ts";
import { boxText } from "../box-text.ts";
import { BOX, HEAD_HEIGHT, type Direction, type Layout, type PlacedLink } from "./layout.ts";
import type { LayoutAnswer, LayoutTask, TaskBox } from "./layout-task.ts";

/** Pixels of a character of a head's words, of what stands beside them (arrow, how many are alike, cost), and the most of both together. */
const CHARACTER = 7.6;
const BESIDE_NAME = 130;
const WIDEST_HEAD = 300;

/** Pixels of a character of a box's title and of the line below it, of a cost, of what is left free beside texts, and the most of a line. */
const TITLE_CHARACTER = 8.6;
const FOOT_CHARACTER = 6.8;
const COST = 52;
const SIDE = 10;
const MOST_TEXT = 260;

/** Pixels that the round sides of an input or output take of each line, beside those of a box. */
const ROUND = 14;

/** Pixels of a closed module's arrow, and of how many are alike. */
const MODULE = 44;

/** Pixels of the symbol of a marked box. */
const MARK = 18;

/** Names of nearly equal length have heads of equal width: blocks that are alike in all else are laid out once. */
const HEAD_STEP = 20;

/** The drawn boxes, parents first, and what the worker must know of them. */
export interface PictureTask {
  readonly boxes: readonly Box[];
  readonly links: readonly Link[];
  readonly task: LayoutTask;
}

export function pictureTask(
  outline: Outline,
  open: ReadonlySet<string>,
  links: readonly Link[],
  direction: Direction,
  hasMarks = false,
): PictureTask {
  const beside = hasMarks ? MARK : 0;
  const boxes: Box[] = [];
  const taskBoxes: TaskBox[] = [];
  const places = new Map<string, number>();
  const visit = (box: Box, parent: number): void => {
    const isOpen = open.has(box.id) && box.children.length > 0;
    const place = boxes.push(box) - 1;
    places.set(box.id, place);
    taskBoxes.push({ parent, isOpen, headWidth: headWidth(box, beside) });
    if (isOpen) for (const child of box.children) visit(child, place);
  };
  for (const root of outline.roots) visit(root, -1);
  const known = links.filter(({ from, to }) => places.has(from) && places.has(to));
  return {
    boxes,
    links: known,
    task: {
      direction,
      width: boxWidth(
        boxes.filter((_, place) => !taskBoxes[place]?.isOpen),
        beside,
      ),
      height: BOX.height,
      headHeight: HEAD_HEIGHT,
      boxes: taskBoxes,
      links: known.map(({ from, to }) => [places.get(from) ?? 0, places.get(to) ?? 0] as const),
    },
  };
}

/** @param beside pixels of what else stands in the line */
function headWidth({ name }: Box, beside: number): number {
  const words = name.length * CHARACTER + BESIDE_NAME + beside;
  return Math.min(WIDEST_HEAD, Math.ceil(words / HEAD_STEP) * HEAD_STEP);
}

/**
 * All boxes are as wide as the widest text in one of them, so that neither an operator nor its kernel is cut; of long names the end is.
 */
function boxWidth(boxes: readonly Box[], beside: number): number {
  const widest = boxes.reduce((most, box) => {
    const { title, name, weights } = boxText(box);
    const round = box.tensor ? ROUND : 0;
    const module = box.children.length > 0 ? MODULE : 0;
    const foot = name.length * FOOT_CHARACTER + (weights === "" ? 0 : weights.length * FOOT_CHARACTER + SIDE);
    return Math.max(
      most,
      Math.min(title.length * TITLE_CHARACTER + COST + beside + round + module, MOST_TEXT),
      Math.min(foot + round, MOST_TEXT),
    );
  }, 0);
  return Math.max(BOX.width, Math.ceil((widest + 2 * SIDE) / HEAD_STEP) * HEAD_STEP);
}

/** What the worker made of it. */
export function layoutOf({ boxes, links, task }: PictureTask, answer: LayoutAnswer): Layout {
  return {
    direction: task.direction,
    width: answer.width,
    height: answer.height,
    boxes: boxes.map((box, place) => {
      const [x = 0, y = 0, width = 0, height = 0] = answer.boxes.subarray(4 * place, 4 * place + 4);
      const { isOpen = false, headWidth: head = 0 } = task.boxes[place] ?? {};
      return { box, x, y, width, height, isOpen, headWidth: Math.min(head, width) };
    }),
    links: links.map((link, place): PlacedLink => {
      const points = pointsOf(answer.links[place] ?? new Float64Array());
      return { link, points, area: areaOf(points) };
    }),
  };
}

function areaOf(points: readonly Point[]): Area {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

function pointsOf(numbers: Float64Array): readonly Point[] {
  return Array.from({ length: numbers.length / 2 }, (_, place) => ({
    x: numbers[2 * place] ?? 0,
    y: numbers[2 * place + 1] ?? 0,
  }));
}
