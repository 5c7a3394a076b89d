import type { JSX } from "preact";
import type { Layout } from "./layout.ts";
import type { Point, Size, Viewport } from "./viewport.ts";

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
  readonly viewport: Viewport;
  readonly screen: Size;
  readonly heatOf: (id: string) => number;
  readonly selected: ReadonlySet<string>;
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

/** All of the picture, small, with the part that is on the screen; a drag moves it. For the pointer: keys move from box to box. */
export function Minimap({ layout, viewport, screen, heatOf, selected, onGo }: MinimapProps): JSX.Element {
  const { width, height, scale } = mapOf(layout, screen);
  const go = (event: PointerEvent): void => {
    if (event.buttons === 0 || !(event.currentTarget instanceof Element)) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    onGo({ x: (event.clientX - left) / scale, y: (event.clientY - top) / scale });
  };
  const { zoom, x, y } = viewport;
  return (
    <svg
      class="minimap"
      aria-hidden="true"
      width={width}
      height={height}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      onPointerDown={go}
      onPointerMove={go}
    >
      {layout.boxes.map(({ box, isOpen, ...area }) => (
        <rect
          key={box.id}
          class={selected.has(box.id) ? "map-box selected" : isOpen ? "map-box open" : "map-box"}
          {...area}
          style={{ "--heat": isOpen ? 0 : heatOf(box.id) }}
        />
      ))}
      <rect
        class="map-screen"
        x={-x / zoom}
        y={-y / zoom}
        width={screen.width / zoom}
        height={screen.height / zoom}
        strokeWidth={1.5 / scale}
      />
    </svg>
  );
}
