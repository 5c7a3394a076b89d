import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useMemo, useState } from "preact/hooks";
import { formatShape } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { Link } from "../../profiler/views/graph-outline.ts";
import { linksThrough } from "./graph-paths.ts";
import type { Layout, PlacedLink } from "./layout.ts";
import type { Point } from "./viewport.ts";

/** Tensors named in one label. */
const NAMED_TENSORS = 4;

interface GraphLinksProps {
  readonly layout: Layout;
  readonly layers: readonly LayerProfile[];
  /** The box whose links stand out. */
  readonly active: string | undefined;
}

/** What flows from box to box; a link says its tensors when the pointer is on it. */
export const GraphLinks = memo(function GraphLinks({ layout, layers, active }: GraphLinksProps): JSX.Element {
  const [hovered, setHovered] = useState<{ readonly link: Link; readonly at: Point } | null>(null);
  const shapes = useMemo(() => shapesOf(layout, layers), [layout, layers]);
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
      <svg class="links" width={layout.width} height={layout.height} aria-hidden="true">
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path class="arrow" d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        {layout.links.map((placed) => (
          <path
            key={`${placed.link.from} ${placed.link.to}`}
            class={classOf(placed.link, active, hovered?.link, through)}
            d={pathOf(placed)}
            marker-end="url(#arrow)"
          />
        ))}
        {shapes.map(({ id, at, text }) => (
          <text key={id} class="link-shape" x={at.x + 5} y={at.y + 14}>
            {text}
          </text>
        ))}
        {layout.links.map((placed) => (
          <path
            key={`${placed.link.from} ${placed.link.to}`}
            class="link-area"
            d={pathOf(placed)}
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
          {labelOf(hovered.link, layers)}
        </div>
      )}
    </>
  );
});

function classOf(
  link: Link,
  active: string | undefined,
  hovered: Link | undefined,
  through: ReadonlySet<Link>,
): string {
  if (link === hovered || link.from === active || link.to === active) return "link active";
  return through.has(link) ? "link through" : "link";
}

/** The shape of what a box hands on, beside the first link that it leaves by. */
function shapesOf({ links }: Layout, layers: readonly LayerProfile[]): readonly LinkShape[] {
  const told = new Set<string>();
  return links.flatMap(({ link, points: [start] }): readonly LinkShape[] => {
    const outputs = new Set(link.edges.flatMap(({ from, output }) => layers[from]?.outputs[output] ?? []));
    const [only] = outputs;
    if (!start || outputs.size !== 1 || !only || told.has(link.from)) return [];
    told.add(link.from);
    return [{ id: link.from, at: start, text: formatShape(only.shape) }];
  });
}

interface LinkShape {
  readonly id: string;
  readonly at: Point;
  readonly text: string;
}

function pathOf({ points }: PlacedLink): string {
  return points.map(({ x, y }, position) => `${position === 0 ? "M" : "L"}${x} ${y}`).join("");
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

/** "1×64×112×112 float32", one line a tensor, each tensor once. */
export function labelOf({ edges }: Link, layers: readonly LayerProfile[]): string {
  const tensors = new Set(edges.flatMap(({ from, output }) => layers[from]?.outputs[output] ?? []));
  const lines = [...tensors].map(({ shape, dtype }) => `${formatShape(shape)} ${dtype ?? l10n.t("unknown type")}`);
  const hidden = lines.length - NAMED_TENSORS;
  return hidden > 0
    ? [...lines.slice(0, NAMED_TENSORS), l10n.t("{0} more", hidden.toLocaleString())].join("\n")
    : lines.join("\n");
}
