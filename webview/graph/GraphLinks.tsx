import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useId, useMemo, useState } from "preact/hooks";
import { formatShape } from "../../profiler/format-numbers.ts";
import type { Link } from "../../profiler/views/graph-links.ts";
import { tensorText } from "./box-text.ts";
import { linksThrough } from "./graph-paths.ts";
import type { Direction, Layout, PlacedLink } from "./layout/layout.ts";
import { linkPath } from "./link-path.ts";
import { meets, type Area, type Point } from "./viewport.ts";

/** Tensors named in one label. */
const NAMED_TENSORS = 4;

interface GraphLinksProps {
  readonly layout: Layout;
  /** What is drawn of the picture. */
  readonly zone: Area;
  /** The box whose links stand out. */
  readonly active: string | undefined;
}

/** What flows from box to box; a link says its tensors when the pointer is on it. */
export const GraphLinks = memo(function GraphLinks({ layout, zone, active }: GraphLinksProps): JSX.Element {
  const { direction } = layout;
  // A page may show two pictures.
  const arrow = useId();
  const [hovered, setHovered] = useState<{ readonly link: Link; readonly at: Point } | null>(null);
  const shapes = useMemo(() => linkShapes(layout), [layout]);
  const drawn = useMemo(() => layout.links.filter(({ area }) => meets(area, zone)), [layout, zone]);
  const through = useMemo(
    () =>
      linksThrough(
        layout.links.map(({ link }) => link),
        active,
      ),
    [layout, active],
  );
  return (
    <>
      <svg
        class="links"
        data-direction={direction}
        width={zone.width}
        height={zone.height}
        viewBox={`${zone.x} ${zone.y} ${zone.width} ${zone.height}`}
        style={{ transform: `translate(${zone.x}px, ${zone.y}px)` }}
        aria-hidden="true"
      >
        <defs>
          <marker id={arrow} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path class="arrow" d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {drawn.map((placed) => (
          <path
            key={keyOf(placed)}
            class={classOf(placed.link, active, hovered?.link, through)}
            d={linkPath(placed.points, direction)}
            marker-end={`url(#${arrow})`}
          />
        ))}
        {shapes
          .filter(({ at }) => meets({ ...at, width: 0, height: 0 }, zone))
          .map(({ id, at, text }) => (
            <text key={id} class="link-shape" x={at.x} y={at.y}>
              {text}
            </text>
          ))}
        {drawn.map((placed) => (
          <path
            key={keyOf(placed)}
            class="link-area"
            d={linkPath(placed.points, direction)}
            onPointerEnter={() => setHovered({ link: placed.link, at: middleOf(placed) })}
            onPointerLeave={() => setHovered(null)}
          />
        ))}
      </svg>
      {hovered && (
        <div
          class="link-label"
          style={{ transform: `translate(${hovered.at.x}px, ${hovered.at.y}px) translate(-50%, -50%)` }}
        >
          {labelOf(hovered.link)}
        </div>
      )}
    </>
  );
});

function keyOf({ link }: PlacedLink): string {
  return `${link.from} ${link.to}`;
}

function classOf(
  link: Link,
  active: string | undefined,
  hovered: Link | undefined,
  through: ReadonlySet<Link>,
): string {
  if (link === hovered || link.from === active || link.to === active) return "link active";
  return through.has(link) ? "link through" : "link";
}

export interface LinkShape {
  readonly id: string;
  readonly at: Point;
  readonly text: string;
}

/** From the start of a link to the words beside it: right of one that runs down, above one that runs to the right. */
const SHAPE_OFFSET: Readonly<Record<Direction, Point>> = { DOWN: { x: 5, y: 14 }, RIGHT: { x: 4, y: -4 } };

/** The shape of what a box hands on, beside the first link that it leaves by. */
export function linkShapes({ links, direction }: Layout): readonly LinkShape[] {
  const told = new Set<string>();
  const { x, y } = SHAPE_OFFSET[direction];
  return links.flatMap(({ link, points: [start] }): readonly LinkShape[] => {
    const [only] = link.tensors;
    if (!start || link.tensors.size !== 1 || !only || told.has(link.from)) return [];
    told.add(link.from);
    return [{ id: link.from, at: { x: start.x + x, y: start.y + y }, text: formatShape(only.shape) }];
  });
}

/** The middle of the longest stretch. */
function middleOf({ points }: PlacedLink): Point {
  let middle: Point = points[0] ?? { x: 0, y: 0 };
  let longest = -1;
  points.forEach((end, position) => {
    const start = points[position - 1];
    const length = start ? Math.abs(end.x - start.x) + Math.abs(end.y - start.y) : -1;
    if (start && length > longest) {
      longest = length;
      middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
    }
  });
  return middle;
}

/** "1×64×112×112 float32", one line a tensor. */
export function labelOf({ tensors }: Link): string {
  const lines = [...tensors].map(tensorText);
  const hidden = lines.length - NAMED_TENSORS;
  return hidden > 0
    ? [...lines.slice(0, NAMED_TENSORS), l10n.t("{0} more", hidden.toLocaleString())].join("\n")
    : lines.join("\n");
}
