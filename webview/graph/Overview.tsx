import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ChartTheme } from "../charts/theme.ts";
import type { Costs } from "./box-cost.ts";
import type { BoxMark } from "./box-mark.ts";
import { heated, marked, readColours, type GraphColours } from "./graph-colours.ts";
import type { Layout, PlacedBox } from "./layout/layout.ts";
import { drawLink } from "./link-path.ts";
import { meets, type Area } from "./viewport.ts";

interface OverviewProps {
  readonly layout: Layout;
  readonly costs: Costs;
  readonly marks: ReadonlyMap<string, BoxMark>;
  readonly zone: Area;
  /** At which it is drawn. */
  readonly zoom: number;
  readonly selected: ReadonlySet<string>;
  readonly found: ReadonlySet<string>;
  /** Drawn anew when it changes. */
  readonly theme: ChartTheme;
}

/** Where so many boxes are in sight that none can be read: colours and lines on a canvas, which costs the same however many there are. */
export const Overview = memo(function Overview(props: OverviewProps): JSX.Element {
  const { zone, zoom } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const scale = zoom * devicePixelRatio;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.setTransform(scale, 0, 0, scale, -zone.x * scale, -zone.y * scale);
    paint(context, props);
  });
  return (
    <canvas
      class="overview"
      ref={canvas}
      aria-hidden="true"
      width={Math.ceil(zone.width * scale)}
      height={Math.ceil(zone.height * scale)}
      style={{ width: `${zone.width}px`, height: `${zone.height}px`, transform: `translate(${zone.x}px, ${zone.y}px)` }}
    />
  );
});

function paint(context: CanvasRenderingContext2D, props: OverviewProps): void {
  const { layout, costs, marks, zone, zoom, selected, found } = props;
  const colours = readColours();
  context.clearRect(zone.x, zone.y, zone.width, zone.height);
  context.lineWidth = 1 / zoom;
  context.strokeStyle = colours.border;
  context.font = `${11 / zoom}px ${colours.font}`;
  const boxes = layout.boxes.filter((placed) => meets(placed, zone));
  for (const { x, y, width, height } of boxes.filter(({ isOpen }) => isOpen)) context.strokeRect(x, y, width, height);
  context.strokeStyle = colours.line;
  context.globalAlpha = 0.55;
  context.beginPath();
  for (const { points, area } of layout.links) if (meets(area, zone)) drawLink(context, points, layout.direction);
  context.stroke();
  context.globalAlpha = 1;
  for (const placed of boxes) {
    const { box, x, y, width, height, isOpen } = placed;
    const change = marks.get(box.id);
    const mark = selected.has(box.id) ? colours.focus : found.has(box.id) ? colours.found : null;
    if (!isOpen) {
      context.fillStyle = change ? marked(colours, change.kind) : heated(colours, costs.of.get(box.id)?.heat ?? 0);
      context.fillRect(x, y, width, height);
      context.lineWidth = 2 / zoom;
      if (change) drawMark(context, placed, change, colours);
      context.strokeStyle = mark ?? (change ? colours.marks[change.kind] : colours.border);
      context.lineWidth = (mark === null ? 1 : 3) / zoom;
      context.strokeRect(x, y, width, height);
    } else if (width * zoom > 60 && height * zoom > 30) {
      context.fillStyle = colours.text;
      context.fillText(box.name, x + 4 / zoom, y + 12 / zoom, width - 8 / zoom);
    }
  }
}

/** What tells the marks apart without their colours: a cross through what was removed, a bar along what was added, a slash in what changed. */
function drawMark(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: PlacedBox,
  { kind }: BoxMark,
  { marks }: GraphColours,
): void {
  context.strokeStyle = marks[kind];
  context.fillStyle = marks[kind];
  if (kind === "added") {
    context.fillRect(x, y, width / 4, height);
    return;
  }
  context.beginPath();
  context.moveTo(x, y + height);
  context.lineTo(x + width, y);
  if (kind === "removed") {
    context.moveTo(x, y);
    context.lineTo(x + width, y + height);
  }
  context.stroke();
}
