import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Column } from "../../profiler/columns.ts";
import type { LayerProfile, Structure } from "../../profiler/profile.ts";
import {
  allOpen,
  countVisible,
  findLayers,
  firstOpen,
  MOST_BOXES,
  openTo,
  visibleBox,
} from "../../profiler/views/graph-outline.ts";
import { knownColumn } from "../charts/charts-view.ts";
import { IconButton, TextField } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import type { GraphOrder, SavedPicture } from "../protocol/page.ts";
import type { ProfileHeader } from "../protocol/packed-profile.ts";
import type { Selected } from "../state/selection.ts";
import { costsOf } from "./box-cost.ts";
import { GraphButtons } from "./GraphButtons.tsx";
import { GRAPH_COLUMNS, MEASURED_GRAPH_COLUMNS } from "./graph-columns.ts";
import { GraphStage, type GraphTarget, type ShownStage } from "./GraphStage.tsx";
import { NoPicture, RefusedNote } from "./graph-notes.tsx";
import { INITIAL_GRAPH, type GraphView } from "./graph-view.ts";
import { knownGraph } from "./known-graph.ts";
import { Legend } from "./Legend.tsx";
import type { Layout, PlacedBox } from "./layout/layout.ts";
import { drawPicture } from "./picture/draw-picture.ts";
import { shownLayout, useLayout } from "./use-layout.ts";
import { sightOf, type Area } from "./viewport.ts";

export interface GraphPaneProps {
  readonly header: ProfileHeader;
  readonly layers: readonly LayerProfile[];
  readonly structure: Structure;
  readonly view: GraphView;
  readonly selected: Selected;
  readonly onChange: (changes: Partial<GraphView>) => void;
  readonly onSelectLayer: (index: number) => void;
  /** What a command wants; `onDone` when it is done. */
  readonly order: GraphOrder | null;
  readonly onDone: () => void;
  readonly onSave: (picture: SavedPicture) => Promise<void>;
  /** Asks which picture. */
  readonly onExport: () => void;
}

/** The network as a picture, boxed by modules and coloured by a cost. */
export function GraphPane(props: GraphPaneProps): JSX.Element {
  const { header, layers, structure, view, selected, onChange, onSelectLayer } = props;
  const { order, onDone, onSave, onExport } = props;
  const stage = useRef<ShownStage | null>(null);
  const { outline, alike } = knownGraph(layers, structure);
  const open = useMemo(() => (view.open === null ? firstOpen(outline) : new Set(view.open)), [outline, view.open]);
  const state = useLayout({ outline, open, direction: view.direction }, layers, structure);
  const columns = useMemo(() => columnsFor(layers), [layers]);
  const column = columns.find(({ id }) => id === view.column) ?? FIRST_COLUMN;
  const [search, setSearch] = useState("");
  const [position, setPosition] = useState(-1);
  const [target, setTarget] = useState<GraphTarget | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const found = useMemo(() => findLayers(outline, search), [outline, search]);
  const foundBoxes = useMemo(
    () => new Set(found.map(({ index }) => visibleBox(outline, open, index)?.id).filter((id) => id !== undefined)),
    [found, outline, open],
  );
  const selectedBox = selected.active === null ? undefined : visibleBox(outline, open, selected.active);
  const selectedBoxes = useMemo(
    () => new Set([...selected.layers].flatMap((index) => visibleBox(outline, open, index)?.id ?? [])),
    [selected, outline, open],
  );

  const show = (id: string, isToBeRead = false): void =>
    setTarget((last) => ({ id, isToBeRead, serial: (last?.serial ?? 0) + 1 }));
  useEffect(() => {
    if (selectedBox) show(selectedBox.id);
  }, [selectedBox?.id]);

  /** @returns whether the picture stays small enough to be drawn */
  const setOpen = (wanted: ReadonlySet<string>): boolean => {
    const boxes = countVisible(outline, wanted);
    const isSmall = boxes <= MOST_BOXES;
    setRefused(
      isSmall
        ? null
        : l10n.t(
            "That would draw {0} boxes. Close some first: up to {1} can be drawn.",
            boxes.toLocaleString(),
            MOST_BOXES.toLocaleString(),
          ),
    );
    if (isSmall) onChange({ open: [...wanted] });
    return isSmall;
  };

  /** Opens or closes a box, or all that hold the same. */
  const toggle = (id: string, all: boolean): void => {
    const wanted = new Set(open);
    const closes = wanted.has(id);
    for (const box of all ? (alike.get(id) ?? []).map((like) => like.id) : [id]) {
      if (closes) wanted.delete(box);
      else wanted.add(box);
    }
    if (setOpen(wanted)) show(id);
  };

  const choose = ({ box }: PlacedBox, all: boolean): void => {
    const [layer] = box.layers;
    if (box.children.length > 0) toggle(box.id, all);
    else if (layer) onSelectLayer(layer.index);
  };

  const step = (by: number): void => {
    if (found.length === 0) return;
    const next = (position + by + found.length) % found.length;
    const layer = found[next];
    setPosition(next);
    if (!layer) return;
    setOpen(openTo(outline, open, layer.index));
    onSelectLayer(layer.index);
    show(`#${layer.index}`, true);
  };

  const layout = shownLayout(state);
  const costs = useMemo(() => costsOf(layout ?? NO_LAYOUT, column, header.totals), [layout, column, header.totals]);
  useEffect(() => {
    if (!order || !layout) return;
    if (order.kind === "toggle") toggle(order.box, true);
    else {
      const area = order.part === "view" && stage.current ? inSight(stage.current) : null;
      drawPicture(layout, costs, area, order.format)
        .then(onSave)
        .catch((error: unknown) => setRefused(error instanceof Error ? error.message : String(error)));
    }
    onDone();
  }, [order, layout]);
  return (
    <div class="graph-pane">
      <div class="graph-bar" role="toolbar" aria-label={l10n.t("Graph")}>
        <div class="graph-find" onKeyDown={({ key, shiftKey }) => key === "Enter" && step(shiftKey ? -1 : 1)}>
          <TextField
            label={l10n.t("Find a layer")}
            placeholder={l10n.t("Find a layer by name, operator or kind")}
            icon="search"
            class="graph-search"
            value={search}
            onInput={(text) => {
              setSearch(text);
              setPosition(-1);
            }}
            onEscape={() => setSearch("")}
          />
        </div>
        <span class="graph-found" role="status">
          {search.trim() !== "" && foundText(position, found.length)}
        </span>
        {found.length > 0 && (
          <>
            <IconButton icon="arrow-up" label={l10n.t("Previous match")} onClick={() => step(-1)} />
            <IconButton icon="arrow-down" label={l10n.t("Next match")} onClick={() => step(1)} />
          </>
        )}
        <label class="graph-column">
          <span>{l10n.t("Colour by")}</span>
          <Select
            label={l10n.t("Colour by")}
            value={column.id}
            choices={columns.map(({ id, title }) => ({ value: id, text: title }))}
            onChange={(id) => onChange({ column: id })}
          />
        </label>
        <IconButton icon="device-camera" label={l10n.t("Export as picture…")} onClick={onExport} />
        <GraphButtons
          direction={view.direction}
          onChange={onChange}
          onOpenAll={() => setOpen(allOpen(outline))}
          onCloseAll={() => setOpen(new Set())}
          onReset={() => setRefused(null)}
        />
      </div>
      <RefusedNote reason={refused} />
      {layout && layout.boxes.length > 0 ? (
        <GraphStage
          label={l10n.t("Picture of the network. The tab Layers has the same as a table.")}
          layout={layout}
          costs={costs}
          alike={alike}
          viewport={view.viewport}
          selected={selectedBoxes}
          active={selectedBox}
          found={foundBoxes}
          target={target}
          stage={stage}
          legend={<Legend costs={costs} />}
          onViewport={(viewport) => onChange({ viewport })}
          onChoose={choose}
        />
      ) : (
        <NoPicture state={state} />
      )}
    </div>
  );
}

function inSight({ camera, screen }: ShownStage): Area {
  return sightOf(camera.viewport, screen);
}

const NO_LAYOUT: Layout = { direction: "DOWN", width: 0, height: 0, boxes: [], links: [] };

/** What a picture is coloured by until the user chooses, and where the chosen column is not there. */
const FIRST_COLUMN = knownColumn(INITIAL_GRAPH.column);

/** Those of a run only where one is shown. */
function columnsFor(layers: readonly LayerProfile[]): readonly Column[] {
  const isMeasured = layers.some(({ measured }) => measured !== undefined);
  return isMeasured ? [...GRAPH_COLUMNS, ...MEASURED_GRAPH_COLUMNS] : GRAPH_COLUMNS;
}

function foundText(position: number, count: number): string {
  if (count === 0) return l10n.t("nothing found");
  return position < 0
    ? l10n.t("{0} found", count.toLocaleString())
    : l10n.t("{0} of {1}", (position + 1).toLocaleString(), count.toLocaleString());
}
