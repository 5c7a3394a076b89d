import type { ElkNode } from "elkjs/lib/elk-api.js";
import type { Box, Link, Outline } from "../../profiler/views/graph-outline.ts";
import type { Point, Size } from "./viewport.ts";

/** Where everything of a picture is, in pixels from its upper left corner. */
export interface Layout extends Size {
  readonly boxes: readonly PlacedBox[];
  readonly links: readonly PlacedLink[];
}

export interface PlacedBox extends Point, Size {
  readonly box: Box;
  readonly isOpen: boolean;
}

export interface PlacedLink {
  readonly link: Link;
  readonly points: readonly Point[];
}

/** Which way the network runs, as ELK names it. */
export type Direction = "DOWN" | "RIGHT";

/** Pixels of a layer or a closed box; the style sheet fits its text into them. */
const BOX: Size = { width: 176, height: 46 };

/** Of the line above an open box's contents. */
export const HEAD_HEIGHT = 26;

/** Names of ELK: https://eclipse.dev/elk/reference/options.html */
const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.spacing.nodeNodeBetweenLayers": "28",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.spacing.nodeNode": "24",
  "elk.spacing.edgeNode": "14",
  "elk.padding": "[top=8,left=8,bottom=8,right=8]",
} as const;

const OPEN_BOX_OPTIONS = { "elk.padding": `[top=${HEAD_HEIGHT + 10},left=12,bottom=12,right=12]` } as const;

/** The drawn boxes and what flows between them, as ELK takes them. */
export function toElk(
  outline: Outline,
  open: ReadonlySet<string>,
  links: readonly Link[],
  direction: Direction = "DOWN",
): ElkNode {
  const pointsUp = upwards(outline);
  const nodeOf = (box: Box): ElkNode =>
    open.has(box.id) && box.children.length > 0
      ? { id: box.id, layoutOptions: OPEN_BOX_OPTIONS, children: box.children.map(nodeOf) }
      : { id: box.id, ...BOX };
  return {
    id: "",
    layoutOptions: { ...OPTIONS, "elk.direction": direction },
    children: outline.roots.map(nodeOf),
    edges: links.map((link, position) => {
      const ends = [link.from, link.to];
      const [above, below] = pointsUp(link) ? ends.toReversed() : ends;
      return { id: `link ${position}`, sources: [above ?? ""], targets: [below ?? ""] };
    }),
  };
}

/**
 * Modules whose layers interleave in the file feed each other both ways. ELK would break such a cycle anywhere: it gets every link downwards
 * in the order of the outline, so that the first layers stand at the top.
 */
function upwards({ boxes }: Outline): (link: Link) => boolean {
  const places = new Map([...boxes.keys()].map((id, place) => [id, place]));
  return ({ from, to }) => (places.get(from) ?? 0) > (places.get(to) ?? 0);
}

/** What ELK made of it; boxes before those in them. */
export function fromElk(root: ElkNode, outline: Outline, links: readonly Link[]): Layout {
  const pointsUp = upwards(outline);
  const boxes: PlacedBox[] = [];
  const visit = ({ id, x = 0, y = 0, width = 0, height = 0, children = [] }: ElkNode): void => {
    const box = outline.boxes.get(id);
    if (box) boxes.push({ box, x, y, width, height, isOpen: children.length > 0 });
    for (const child of children) visit(child);
  };
  for (const child of root.children ?? []) visit(child);
  const placed = (root.edges ?? []).flatMap(({ id, sections = [] }): PlacedLink[] => {
    const link = links[Number(id.slice("link ".length))];
    const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
      startPoint,
      ...bendPoints,
      endPoint,
    ]);
    return link && points.length > 1 ? [{ link, points: pointsUp(link) ? points.toReversed() : points }] : [];
  });
  return { width: root.width ?? 0, height: root.height ?? 0, boxes, links: placed };
}
