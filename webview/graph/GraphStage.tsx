import * as l10n from "@vscode/l10n";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { ownEntry } from "../../profiler/own-entry.ts";
import type { Box } from "../../profiler/views/graph-outline.ts";
import { useTheme } from "../charts/theme.ts";
import { IconButton } from "../controls/controls.tsx";
import type { Costs } from "./box-cost.ts";
import type { BoxMark } from "./box-mark.ts";
import { boxTowards } from "./box-navigation.ts";
import type { Camera } from "./camera.ts";
import { drag, useWheel } from "./gestures.ts";
import { GraphBox } from "./GraphBox.tsx";
import { GraphLinks } from "./GraphLinks.tsx";
import type { Layout, PlacedBox } from "./layout/layout.ts";
import { besideMap, Minimap } from "./Minimap.tsx";
import { Overview } from "./Overview.tsx";
import { useCamera } from "./use-camera.ts";
import { useSize } from "./use-size.ts";
import {
  centreOn,
  firstLook,
  fit,
  isReadable,
  keepInSight,
  meets,
  readable,
  reveal,
  zoomAt,
  type Point,
  type Size,
  type Viewport,
} from "./viewport.ts";

/** Of one press of a zoom button or key. */
const ZOOM_STEP = 1.25;

/** Boxes that are elements of the page: more of them and a movement would stutter. Beyond, they are on a canvas. */
const MOST_ELEMENTS = 350;

/** A box to bring into sight, and when it was asked for. */
export interface GraphTarget {
  readonly id: string;
  readonly serial: number;
  /** The picture grows until its text can be read. */
  readonly isToBeRead: boolean;
}

/** What others may do with a picture that is shown. */
export interface ShownStage {
  readonly camera: Camera;
  readonly screen: Size;
  /** The part of the screen that the map leaves. */
  readonly clear: Size;
}

interface GraphStageProps {
  /** Of the whole, for screen readers. */
  readonly label: string;
  readonly layout: Layout;
  readonly costs: Costs;
  /** By the ids of boxes: what became of them since another version. */
  readonly marks?: ReadonlyMap<string, BoxMark>;
  /** Boxes that hold the same, by the ids of each. */
  readonly alike: ReadonlyMap<string, readonly Box[]>;
  /** null: as it comes. */
  readonly viewport: Viewport | null;
  /** Ids of the boxes drawn for the selected layers. */
  readonly selected: ReadonlySet<string>;
  /** That of the layer where the table's keyboard is. */
  readonly active: Box | undefined;
  readonly found: ReadonlySet<string>;
  readonly target: GraphTarget | null;
  /** Gets the picture as it is shown. */
  readonly stage: { current: ShownStage | null };
  /** The picture has its place on the screen. */
  readonly onShown?: () => void;
  readonly legend?: ComponentChildren;
  readonly onViewport: (viewport: Viewport) => void;
  /** @param all whether those like it are meant too */
  readonly onChoose: (placed: PlacedBox, all: boolean) => void;
}

/** The picture: moved by drag, wheel and minimap, zoomed by Ctrl and wheel, walked by the arrow keys. */
export function GraphStage(props: GraphStageProps): JSX.Element {
  const { layout, costs, marks = UNMARKED, alike, selected, active, found, target, onViewport, onChoose } = props;
  const stage = useRef<HTMLDivElement>(null);
  const screen = useSize(stage);
  const theme = useTheme();
  const [focused, setFocused] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const viewport = props.viewport ?? firstLook(layout, startOf(layout), screen);
  const clear = besideMap(layout, screen);
  const { camera, world, frame, zone, zoom } = useCamera(layout, screen, viewport, onViewport);
  useWheel(stage, camera);
  props.stage.current = { camera, screen, clear };
  useEffect(() => {
    if (screen.width > 0) props.onShown?.();
  }, [screen.width > 0]);

  useEffect(() => {
    const placed = target && layout.boxes.find(({ box }) => box.id === target.id);
    if (!placed || screen.width === 0) return;
    const head = headOf(placed);
    const { viewport: last } = camera;
    camera.move(target.isToBeRead && !isReadable(last) ? readable(head, screen) : reveal(last, head, clear));
    camera.settle();
  }, [target, layout, screen.width > 0]);
  useEffect(() => {
    // What was chosen elsewhere is what Tab leads to.
    if (stage.current?.contains(document.activeElement) !== true) setFocused(null);
  }, [active?.id]);
  const before = useRef(clear);
  useEffect(() => {
    const placed = layout.boxes.find(({ box }) => box.id === active?.id);
    const { viewport: last } = camera;
    const next = placed && before.current.width > 0 ? keepInSight(last, headOf(placed), before.current, clear) : last;
    if (next !== last) camera.move(next);
    before.current = clear;
  }, [screen]);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    // A browser that scrolls the focused box into sight by itself would scroll the clipped stage.
    stage.current
      ?.querySelector<HTMLElement>(`[data-box="${CSS.escape(wanted.current)}"]`)
      ?.focus({ preventScroll: true });
    wanted.current = null;
  });

  const focus = (placed: PlacedBox): void => {
    camera.steer(reveal(camera.viewport, headOf(placed), clear));
    wanted.current = placed.box.id;
    setFocused(placed.box.id);
  };
  const zoomBy = (factor: number): void =>
    camera.steer(zoomAt(camera.viewport, factor, { x: screen.width / 2, y: screen.height / 2 }));

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const factor = ownEntry(ZOOM_KEYS, event.key);
    if (factor !== undefined) zoomBy(factor);
    if (event.key === "0") camera.move(fit(layout, screen));
    const from = layout.boxes.find(({ box }) => box.id === focused);
    const next = from && boxTowards(event.key, from, layout.boxes);
    if (next) focus(next);
    if (next || factor !== undefined || event.key === "0") event.preventDefault();
  };

  const onClick = (event: MouseEvent): void => {
    const { target: clicked, currentTarget, shiftKey, clientX, clientY } = event;
    if (!(clicked instanceof Element) || !(currentTarget instanceof HTMLElement)) return;
    const id = clicked.closest("[data-box]")?.getAttribute("data-box") ?? null;
    if (id !== null) {
      const placed = layout.boxes.find(({ box }) => box.id === id);
      if (placed) onChoose(placed, shiftKey);
    } else if (
      isCrowded &&
      clicked.closest(".stage-tools, .minimap") === null &&
      !currentTarget.classList.contains("dragging")
    ) {
      const { left, top } = currentTarget.getBoundingClientRect();
      const { x, y, zoom: scale } = camera.viewport;
      const at = { x: (clientX - left - x) / scale, y: (clientY - top - y) / scale, width: 0, height: 0 };
      const hit = layout.boxes.findLast((placed) => meets(placed, at));
      if (hit) camera.steer(readable(hit.isOpen ? { ...at, width: 1, height: 1 } : headOf(hit), screen));
    }
  };

  const inZone = useMemo(() => layout.boxes.filter((placed) => meets(placed, zone)), [layout, zone]);
  const isCrowded = inZone.length > MOST_ELEMENTS;
  const tabStop = layout.boxes.some(({ box }) => box.id === focused) ? focused : (active ?? layout.boxes[0]?.box)?.id;
  const elements = isCrowded
    ? layout.boxes.filter(({ box: { id } }) => id === tabStop)
    : [...inZone, ...layout.boxes.filter((placed) => placed.box.id === tabStop && !inZone.includes(placed))];
  return (
    <div
      class="stage"
      ref={stage}
      role="group"
      aria-roledescription={l10n.t("graph")}
      aria-label={props.label}
      data-testid="graph"
      onKeyDown={onKeyDown}
      onPointerDown={(event) => drag(event, camera)}
      onClick={onClick}
      onFocusIn={({ target: entered }) => {
        const id = entered instanceof Element ? entered.getAttribute("data-box") : null;
        const placed = layout.boxes.find(({ box }) => box.id === id);
        if (!placed) return;
        setFocused(placed.box.id);
        camera.move(reveal(camera.viewport, headOf(placed), clear));
      }}
      onContextMenu={(event) => {
        // What has no menu of ours would get the browser's or VS Code's cut and paste, which mean nothing here.
        if (event.target instanceof Element && event.target.closest("[data-vscode-context]") === null)
          event.preventDefault();
      }}
      onScroll={({ currentTarget }) => currentTarget.scrollTo(0, 0)}
    >
      <div class="world" ref={world}>
        {isCrowded ? (
          <Overview
            layout={layout}
            costs={costs}
            marks={marks}
            zone={zone}
            zoom={zoom}
            selected={selected}
            found={found}
            theme={theme}
          />
        ) : (
          <>
            {inZone.filter(({ isOpen }) => isOpen).map(frameElement)}
            <GraphLinks layout={layout} zone={zone} active={focused ?? active?.id} />
          </>
        )}
        {elements.map((placed) => (
          <GraphBox
            key={placed.box.id}
            placed={placed}
            cost={costs.of.get(placed.box.id)}
            mark={marks.get(placed.box.id)}
            alike={alike.get(placed.box.id)?.length ?? 0}
            isSelected={selected.has(placed.box.id)}
            isFound={found.has(placed.box.id)}
            isTabStop={placed.box.id === tabStop}
          />
        ))}
      </div>
      <div class="stage-tools">
        <IconButton icon="zoom-in" label={l10n.t("Zoom in")} onClick={() => zoomBy(ZOOM_STEP)} />
        <IconButton icon="zoom-out" label={l10n.t("Zoom out")} onClick={() => zoomBy(1 / ZOOM_STEP)} />
        <IconButton
          icon="screen-full"
          label={l10n.t("Show all of it")}
          onClick={() => camera.move(fit(layout, screen))}
        />
      </div>
      {props.legend}
      <Minimap
        layout={layout}
        costs={costs}
        marks={marks}
        screen={screen}
        selected={selected}
        frame={frame}
        theme={theme}
        onGo={(point) => camera.steer(centreOn(camera.viewport, point, screen))}
      />
    </div>
  );
}

const UNMARKED: ReadonlyMap<string, BoxMark> = new Map();

function frameElement({ box, x, y, width, height }: PlacedBox): JSX.Element {
  const style = { transform: `translate(${x}px, ${y}px)`, width: `${width}px`, height: `${height}px` };
  return <div class="frame" key={box.id} style={style} />;
}

const ZOOM_KEYS: Readonly<Record<string, number>> = { "+": ZOOM_STEP, "=": ZOOM_STEP, "-": 1 / ZOOM_STEP };

/** The uppermost box. */
function startOf({ boxes }: Layout): Point & Size {
  const [first, ...others] = boxes;
  if (!first) return { x: 0, y: 0, width: 0, height: 0 };
  return others.reduce((top, box) => (box.y < top.y ? box : top), first);
}

/** What must be in sight of a box: of an open one, its head. */
export function headOf({ x, y, width, height, isOpen }: PlacedBox): Point & Size {
  return { x, y, width, height: isOpen ? Math.min(height, 60) : height };
}
