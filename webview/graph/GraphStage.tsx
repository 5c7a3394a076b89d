import { ownEntry } from "../../profiler/own-entry.ts";
import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Column } from "../../profiler/columns.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { costOf, type Box } from "../../profiler/views/graph-outline.ts";
import { IconButton } from "../controls/controls.tsx";
import { boxTowards } from "./box-navigation.ts";
import { GraphBox, type BoxCost } from "./GraphBox.tsx";
import { GraphLinks } from "./GraphLinks.tsx";
import type { Layout, PlacedBox } from "./layout.ts";
import { besideMap, Minimap } from "./Minimap.tsx";
import {
  centreOn,
  firstLook,
  fit,
  isReadable,
  readable,
  keepInSight,
  reveal,
  zoomAt,
  type Point,
  type Size,
  type Viewport,
} from "./viewport.ts";

/** Of one press of a zoom button or key. */
const ZOOM_STEP = 1.25;

/** Zoom of one pixel of the wheel. */
const WHEEL_ZOOM = 0.004;

/** A box to bring into sight, and when it was asked for. */
export interface GraphTarget {
  readonly id: string;
  readonly serial: number;
  /** The picture grows until its text can be read. */
  readonly isToBeRead: boolean;
}

interface GraphStageProps {
  readonly layout: Layout;
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  readonly column: Column;
  /** null: as it comes. */
  readonly viewport: Viewport | null;
  /** Ids of the boxes drawn for the selected layers. */
  readonly selected: ReadonlySet<string>;
  /** That of the layer where the table's keyboard is. */
  readonly active: Box | undefined;
  readonly found: ReadonlySet<string>;
  readonly target: GraphTarget | null;
  readonly onViewport: (viewport: Viewport) => void;
  readonly onChoose: (placed: PlacedBox) => void;
}

/** The picture: moved by drag, wheel and minimap, zoomed by Ctrl and wheel, walked by the arrow keys. */
export function GraphStage(props: GraphStageProps): JSX.Element {
  const { layout, layers, totals, column, selected, active, found, target, onViewport, onChoose } = props;
  const stage = useRef<HTMLDivElement>(null);
  const screen = useSize(stage);
  const [focused, setFocused] = useState<string | null>(null);
  const viewport = props.viewport ?? firstLook(layout, startOf(layout), screen);
  const clear = besideMap(layout, screen);
  const current = useRef({ viewport, onViewport });
  current.current = { viewport, onViewport };
  const costs = useMemo(() => costsOf(layout, column, totals), [layout, column, totals]);

  useEffect(() => {
    const placed = target && layout.boxes.find(({ box }) => box.id === target.id);
    const { viewport: last } = current.current;
    if (!placed || screen.width === 0) return;
    const head = headOf(placed);
    onViewport(target.isToBeRead && !isReadable(last) ? readable(head, screen) : reveal(last, head, clear));
  }, [target, layout, screen.width > 0]);
  const before = useRef(clear);
  useEffect(() => {
    const placed = layout.boxes.find(({ box }) => box.id === active?.id);
    const { viewport: last } = current.current;
    const next = placed && before.current.width > 0 ? keepInSight(last, headOf(placed), before.current, clear) : last;
    if (next !== last) onViewport(next);
    before.current = clear;
  }, [screen]);
  useWheel(stage, current);

  const focus = (placed: PlacedBox): void => {
    onViewport(reveal(viewport, headOf(placed), clear));
    // A browser that scrolls the focused box into sight by itself would scroll the clipped stage.
    stage.current
      ?.querySelector<HTMLElement>(`[data-box="${CSS.escape(placed.box.id)}"]`)
      ?.focus({ preventScroll: true });
  };
  const zoom = (factor: number): void =>
    onViewport(zoomAt(viewport, factor, { x: screen.width / 2, y: screen.height / 2 }));

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const factor = ownEntry(ZOOM_KEYS, event.key);
    if (factor !== undefined) zoom(factor);
    if (event.key === "0") onViewport(fit(layout, screen));
    const from = layout.boxes.find(({ box }) => box.id === focused);
    const next = from && boxTowards(event.key, from, layout.boxes);
    if (next) focus(next);
    if (next || factor !== undefined || event.key === "0") event.preventDefault();
  };

  const tabStop = layout.boxes.some(({ box }) => box.id === focused) ? focused : (active ?? layout.boxes[0]?.box)?.id;
  return (
    <div
      class="stage"
      ref={stage}
      role="group"
      aria-roledescription={l10n.t("graph")}
      aria-label={l10n.t("Picture of the network. The tab Layers has the same as a table.")}
      data-testid="graph"
      data-vscode-context={NO_MENU}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => drag(event, current.current)}
      onScroll={({ currentTarget }) => currentTarget.scrollTo(0, 0)}
    >
      <div class="world" style={{ transform: `translate(${viewport.x}px, ${viewport.y}px) scale(${viewport.zoom})` }}>
        {layout.boxes.filter(({ isOpen }) => isOpen).map(frameElement)}
        <GraphLinks layout={layout} layers={layers} active={focused ?? active?.id} />
        {layout.boxes.map(boxElement)}
      </div>
      <div class="stage-tools">
        <IconButton icon="zoom-in" label={l10n.t("Zoom in")} onClick={() => zoom(ZOOM_STEP)} />
        <IconButton icon="zoom-out" label={l10n.t("Zoom out")} onClick={() => zoom(1 / ZOOM_STEP)} />
        <IconButton
          icon="screen-full"
          label={l10n.t("Show all of it")}
          onClick={() => onViewport(fit(layout, screen))}
        />
      </div>
      <Minimap
        layout={layout}
        viewport={viewport}
        screen={screen}
        heatOf={(id) => costs.get(id)?.heat ?? 0}
        selected={selected}
        onGo={(point) => onViewport(centreOn(viewport, point, screen))}
      />
    </div>
  );

  function frameElement({ box, x, y, width, height }: PlacedBox): JSX.Element {
    const style = { transform: `translate(${x}px, ${y}px)`, width: `${width}px`, height: `${height}px` };
    return <div class="frame" key={box.id} style={style} />;
  }

  function boxElement(placed: PlacedBox): JSX.Element {
    const { id } = placed.box;
    return (
      <GraphBox
        key={id}
        placed={placed}
        cost={costs.get(id) ?? { column, value: null, share: 0, heat: 0 }}
        isSelected={selected.has(id)}
        isFound={found.has(id)}
        isTabStop={id === tabStop}
        onChoose={onChoose}
        onFocus={setFocused}
      />
    );
  }
}

/** Cut, copy and paste have no meaning here: https://code.visualstudio.com/api/extension-guides/webview#context-menus */
const NO_MENU = JSON.stringify({ preventDefaultContextMenuItems: true });

const ZOOM_KEYS: Readonly<Record<string, number>> = { "+": ZOOM_STEP, "=": ZOOM_STEP, "-": 1 / ZOOM_STEP };

/** The uppermost box. */
function startOf({ boxes }: Layout): Point & Size {
  const [first, ...others] = boxes;
  if (!first) return { x: 0, y: 0, width: 0, height: 0 };
  return others.reduce((top, box) => (box.y < top.y ? box : top), first);
}

/** What must be in sight of a box: of an open one, its head. */
function headOf({ x, y, width, height, isOpen }: PlacedBox): Point & Size {
  return { x, y, width, height: isOpen ? Math.min(height, 60) : height };
}

/** Cost of each box, coloured against the most expensive of those that are not open. */
function costsOf({ boxes }: Layout, column: Column, totals: Totals): ReadonlyMap<string, BoxCost> {
  const values = boxes.map(({ box, isOpen }) => ({ id: box.id, isOpen, value: costOf(box, column, totals) }));
  const most = values.reduce((max, { value, isOpen }) => (isOpen ? max : Math.max(max, value ?? 0)), 0);
  const total = column.total === undefined ? 0 : (totals[column.total] ?? 0);
  return new Map(
    values.map(({ id, value }) => [
      id,
      {
        column,
        value,
        share: total > 0 ? (value ?? 0) / total : 0,
        heat: most > 0 ? Math.min(1, (value ?? 0) / most) : 0,
      },
    ]),
  );
}

interface Current {
  readonly viewport: Viewport;
  readonly onViewport: (viewport: Viewport) => void;
}

function drag(event: PointerEvent, { viewport, onViewport }: Current): void {
  const { currentTarget: stage, target } = event;
  if (event.button !== 0 || !(stage instanceof HTMLElement) || !(target instanceof Element)) return;
  if (target.closest("button, .minimap, .stage-tools")) return;
  const start = { x: event.clientX, y: event.clientY };
  const move = ({ clientX, clientY }: PointerEvent): void => {
    const [dx, dy] = [clientX - start.x, clientY - start.y];
    if (Math.abs(dx) + Math.abs(dy) < 3) return;
    stage.classList.add("dragging");
    onViewport({ ...viewport, x: viewport.x + dx, y: viewport.y + dy });
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
function useWheel(stage: { readonly current: HTMLElement | null }, current: { readonly current: Current }): void {
  useEffect(() => {
    const element = stage.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { viewport, onViewport } = current.current;
      const { left = 0, top = 0 } = element?.getBoundingClientRect() ?? {};
      if (event.ctrlKey || event.metaKey) {
        const at = { x: event.clientX - left, y: event.clientY - top };
        onViewport(zoomAt(viewport, Math.exp(-event.deltaY * WHEEL_ZOOM), at));
      } else {
        const [dx, dy] = event.shiftKey ? [event.deltaY, event.deltaX] : [event.deltaX, event.deltaY];
        onViewport({ ...viewport, x: viewport.x - dx, y: viewport.y - dy });
      }
    };
    // A listener of Preact's would be passive.
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, [stage, current]);
}

function useSize(element: { readonly current: HTMLElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return undefined;
    const measure = (): void => setSize({ width: current.clientWidth, height: current.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
