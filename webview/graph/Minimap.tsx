import type { JSX } from "preact";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef, type MutableRef } from "preact/hooks";
import type { ChartTheme } from "../charts/theme.ts";
import type { Costs } from "./box-cost.ts";
import type { BoxMark } from "./box-mark.ts";
import { readColours } from "./graph-colours.ts";
import type { Layout } from "./layout/layout.ts";
import { sightOf, type Point, type Size, type Viewport } from "./viewport.ts";

/** Pixels that the map may take. A network is much higher than wide: a low map of it would be a sliver. */
const LARGEST: Size = { width: 140, height: 320 };
const LOWEST = 160;
const LEAST = 8;

/** Between the map and the edge of the screen. */
const MARGIN = 8;

/** Part of the screen's height that the map may take. */
const LARGEST_PART = 0.7;

interface MinimapProps {
  readonly layout: Layout;
  readonly costs: Costs;
  readonly marks: ReadonlyMap<string, BoxMark>;
  readonly screen: Size;
  readonly selected: ReadonlySet<string>;
  /** The frame around what is on the screen, which `frameMap` moves. */
  readonly frame: MutableRef<HTMLDivElement | null>;
  readonly theme: ChartTheme;
  /** Brings a point of the picture to the middle of the screen. */
  readonly onGo: (point: Point) => void;
}

/** The map's own size, and its scale against the picture. */
function mapOf(layout: Size, screen: Size): Size & { readonly scale: number } {
  const highest = Math.min(LARGEST.height, Math.max(LOWEST, LARGEST_PART * screen.height));
  const scale = Math.min(LARGEST.width / layout.width, highest / layout.height);
  return { width: Math.max(LEAST, layout.width * scale), height: Math.max(LEAST, layout.height * scale), scale };
}

/** What the map leaves of the screen: boxes that must be seen belong there. */
export function besideMap(layout: Size, screen: Size): Size {
  return { width: screen.width - mapOf(layout, screen).width - MARGIN, height: screen.height };
}

/** Moves the map's frame to what is on the screen. */
export function frameMap(frame: HTMLElement | null, layout: Size, viewport: Viewport, screen: Size): void {
  if (!frame) return;
  const { scale } = mapOf(layout, screen);
  const { x, y, width, height } = sightOf(viewport, screen);
  frame.style.transform = `translate(${x * scale}px, ${y * scale}px)`;
  frame.style.width = `${width * scale}px`;
  frame.style.height = `${height * scale}px`;
}

/** All of the picture, small, with the part that is on the screen; a drag moves it. For the pointer: keys move from box to box. */
export const Minimap = memo(function Minimap(props: MinimapProps): JSX.Element {
  const { layout, costs, marks, screen, selected, frame, theme, onGo } = props;
  const { width, height, scale } = mapOf(layout, screen);
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const colours = readColours();
    const size = scale * devicePixelRatio;
    context.setTransform(size, 0, 0, size, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    for (const { box, x, y, width: across, height: down, isOpen } of layout.boxes) {
      if (isOpen) continue;
      const mark = marks.get(box.id);
      const heat = 100 * (costs.of.get(box.id)?.heat ?? 0);
      context.fillStyle = selected.has(box.id)
        ? colours.focus
        : mark
          ? colours.marks[mark.kind]
          : `color-mix(in srgb, ${colours.cost} ${heat.toFixed(1)}%, ${colours.muted})`;
      context.fillRect(x, y, Math.max(across, 1 / scale), Math.max(down, 1 / scale));
    }
  }, [layout, costs, marks, scale, selected, theme]);
  const go = (event: PointerEvent): void => {
    if (event.buttons === 0 || !(event.currentTarget instanceof Element)) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    onGo({ x: (event.clientX - left) / scale, y: (event.clientY - top) / scale });
  };
  return (
    <div
      class="minimap"
      aria-hidden="true"
      style={{ width: `${width}px`, height: `${height}px` }}
      onPointerDown={go}
      onPointerMove={go}
    >
      <canvas
        ref={canvas}
        width={Math.ceil(width * devicePixelRatio)}
        height={Math.ceil(height * devicePixelRatio)}
        style={{ width: `${width}px`, height: `${height}px` }}
      />
      <div class="map-screen" ref={frame} />
    </div>
  );
});
