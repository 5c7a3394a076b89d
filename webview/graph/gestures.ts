import { useEffect } from "preact/hooks";
import type { Camera } from "./camera.ts";
import { zoomAt } from "./viewport.ts";

/** Zoom of one pixel of the wheel. */
const WHEEL_ZOOM = 0.004;

/** A press that moves less is a click. */
const DRAG_PIXELS = 3;

/** A drag moves the picture. */
export function drag(event: PointerEvent, camera: Camera): void {
  const { currentTarget: stage, target } = event;
  if (event.button !== 0 || !(stage instanceof HTMLElement) || !(target instanceof Element)) return;
  if (target.closest("button, .minimap, .stage-tools")) return;
  const start = { x: event.clientX, y: event.clientY };
  const { viewport } = camera;
  const move = ({ clientX, clientY }: PointerEvent): void => {
    const [dx, dy] = [clientX - start.x, clientY - start.y];
    if (Math.abs(dx) + Math.abs(dy) < DRAG_PIXELS) return;
    stage.classList.add("dragging");
    camera.steer({ ...viewport, x: viewport.x + dx, y: viewport.y + dy });
  };
  const end = (): void => {
    stage.removeEventListener("pointermove", move);
    // The click that ends a drag opens nothing: the class keeps it from the boxes until it is over.
    setTimeout(() => stage.classList.remove("dragging"));
  };
  stage.addEventListener("pointermove", move);
  addEventListener("pointerup", end, { once: true });
}

/** Moves by the wheel and zooms by Ctrl and the wheel, as VS Code's own pictures do. */
export function useWheel(stage: { readonly current: HTMLElement | null }, camera: Camera): void {
  useEffect(() => {
    const element = stage.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { viewport } = camera;
      const { left = 0, top = 0 } = element?.getBoundingClientRect() ?? {};
      if (event.ctrlKey || event.metaKey) {
        const at = { x: event.clientX - left, y: event.clientY - top };
        camera.steer(zoomAt(viewport, Math.exp(-event.deltaY * WHEEL_ZOOM), at));
      } else {
        const [dx, dy] = event.shiftKey ? [event.deltaY, event.deltaX] : [event.deltaX, event.deltaY];
        camera.steer({ ...viewport, x: viewport.x - dx, y: viewport.y - dy });
      }
    };
    // A listener of Preact's would be passive.
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [stage, camera]);
}
