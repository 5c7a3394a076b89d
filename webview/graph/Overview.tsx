import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ChartTheme } from "../charts/theme.ts";
import type { Costs } from "./box-cost.ts";
import { heated, readColours } from "./graph-colours.ts";
import type { Layout } from "./layout/layout.ts";
import { drawLink } from "./link-path.ts";
import { meets, type Area } from "./viewport.ts";

interface OverviewProps {
  readonly layout: Layout;
  readonly costs: Costs;
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

function paint(context: CanvasRenderingContext2D, { layout, costs, zone, zoom, selected, found }: OverviewProps): void {
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
  for (const { box, x, y, width, height, isOpen } of boxes) {
    const mark = selected.has(box.id) ? colours.focus : found.has(box.id) ? colours.found : null;
    if (!isOpen) {
      context.fillStyle = heated(colours, costs.of.get(box.id)?.heat ?? 0);
      context.fillRect(x, y, width, height);
      context.strokeStyle = mark ?? colours.border;
      context.lineWidth = (mark === null ? 1 : 3) / zoom;
      context.strokeRect(x, y, width, height);
    } else if (width * zoom > 60 && height * zoom > 30) {
      context.fillStyle = colours.text;
      context.fillText(box.name, x + 4 / zoom, y + 12 / zoom, width - 8 / zoom);
    }
  }
}
