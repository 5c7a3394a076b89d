import { useEffect, useLayoutEffect, useRef, useState, type MutableRef } from "preact/hooks";
import { Camera } from "./camera.ts";
import type { Layout } from "./layout/layout.ts";
import { frameMap } from "./Minimap.tsx";
import { serves, sightOf, zoneAround, type Area, type Size, type Viewport } from "./viewport.ts";

export interface Sight {
  readonly camera: Camera;
  readonly world: MutableRef<HTMLDivElement | null>;
  readonly frame: MutableRef<HTMLDivElement | null>;
  /** What is drawn of the picture, and at which zoom it was when that was chosen. */
  readonly zone: Area;
  readonly zoom: number;
}

/** Moves what is drawn without rendering it; renders when the sight leaves what is drawn. */
export function useCamera(
  layout: Layout,
  screen: Size,
  viewport: Viewport,
  onViewport: (viewport: Viewport) => void,
): Sight {
  const world = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(() => drawnAt(viewport, screen, layout));
  const latest = useRef({ layout, screen, onViewport, drawn });
  latest.current = { layout, screen, onViewport, drawn };
  const [camera] = useState(
    () =>
      new Camera(
        viewport,
        (next, isMoving) => {
          const { layout: shown, screen: size, drawn: last } = latest.current;
          const { current: element } = world;
          if (element) {
            element.style.transform = `translate(${next.x}px, ${next.y}px) scale(${next.zoom})`;
            element.classList.toggle("moving", isMoving);
          }
          frameMap(frame.current, shown, next, size);
          const isSharp = isMoving || last.zoom === next.zoom;
          if (isSharp && serves(last.zone, sightOf(next, size), shown)) return;
          latest.current.drawn = drawnAt(next, size, shown);
          setDrawn(latest.current.drawn);
        },
        (next) => latest.current.onViewport(next),
      ),
  );
  useLayoutEffect(() => camera.start(viewport), [viewport.x, viewport.y, viewport.zoom, layout, screen]);
  useEffect(() => () => camera.settle(), [camera]);
  return { camera, world, frame, ...drawn };
}

function drawnAt(viewport: Viewport, screen: Size, layout: Layout): { readonly zone: Area; readonly zoom: number } {
  return { zone: zoneAround(sightOf(viewport, screen), layout), zoom: viewport.zoom };
}
