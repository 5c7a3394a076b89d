import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { allOpen, countVisible, MOST_BOXES, openTo, type Outline } from "../../../profiler/views/graph-outline.ts";
import { Checkbox, IconButton } from "../../controls/controls.tsx";
import { GraphButtons } from "../../graph/GraphButtons.tsx";
import { RefusedNote } from "../../graph/graph-notes.tsx";
import type { GraphView } from "../../graph/graph-view.ts";
import { knownGraph } from "../../graph/known-graph.ts";
import type { PlacedBox } from "../../graph/layout/layout.ts";
import { follow, zoomAt } from "../../graph/viewport.ts";
import { useStore, type Store } from "../../state/store.ts";
import type { CompareView } from "../compare-view.ts";
import { measureOf, type ComparedLayer } from "../compared-layers.ts";
import { ComparedTensors } from "../ComparedTensors.tsx";
import { MeasureSelect } from "../MeasureSelect.tsx";
import { SIDES, type Side } from "../protocol.ts";
import { ChangeLegend } from "./ChangeLegend.tsx";
import { rowText } from "./compared-marks.ts";
import { ComparedOutlines, otherSide } from "./compared-outlines.ts";
import { GraphSide } from "./GraphSide.tsx";
import { bringBeside, type Asked } from "./bring-beside.ts";
import { useGraph, type GraphChoice, type PicturedModel, type SideGraph } from "./use-graph.ts";

export type { PicturedModel };

/** Of each of both pictures: together they draw as many boxes as one picture may. */
const MOST_OF_SIDE = MOST_BOXES / 2;

export interface ComparedGraphsProps {
  readonly models: Readonly<Record<Side, PicturedModel>>;
  readonly layers: readonly ComparedLayer[];
  readonly paths: Readonly<Record<Side, string>>;
  readonly view: Store<CompareView>;
}

/** The graphs of both models side by side: what differs is marked, and what is chosen in one is shown in the other. */
export function ComparedGraphs({ models, layers, paths, view }: ComparedGraphsProps): JSX.Element {
  const choice = useStore(view);
  const outlines = useMemo(
    () => new ComparedOutlines({ before: outlineOf(models.before), after: outlineOf(models.after) }, layers),
    [models, layers],
  );
  const selected = layers[choice.selected ?? -1];
  const chosenFor = (side: Side): GraphChoice => ({ view: choice.graphs[side], measure: measureOf(choice), selected });
  const graphs: Readonly<Record<Side, SideGraph>> = {
    before: useGraph("before", models.before, outlines, chosenFor("before")),
    after: useGraph("after", models.after, outlines, chosenFor("after")),
  };
  const [refused, setRefused] = useState<string | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [shown, setShown] = useState(0);

  const { direction } = choice.graphs.before;
  const change = (side: Side, changes: Partial<GraphView>): void =>
    view.update({ graphs: { ...view.value.graphs, [side]: { ...view.value.graphs[side], ...changes } } });
  const changeBoth = (changes: Partial<GraphView>): void => SIDES.forEach((side) => change(side, changes));
  const isStill = SIDES.every((side) => graphs[side].state.kind !== "running");

  useEffect(() => {
    if (selected) setAsked({ row: selected, from: null });
  }, []);
  useEffect(() => {
    if (asked && isStill) bringBeside(graphs, outlines, asked, choice.movesTogether);
  }, [asked, shown, isStill]);
  useEffect(() => {
    for (const side of SIDES) {
      const camera = graphs[side].stage.current?.camera;
      if (!camera) continue;
      camera.onSteer = (before, after) => {
        const other = graphs[otherSide(side)].stage.current?.camera;
        if (view.value.movesTogether && other) other.move(follow(other.viewport, before, after));
      };
    }
  }, [shown]);

  /** @returns whether both pictures stay small enough to be drawn */
  const setOpen = (wanted: Partial<Readonly<Record<Side, ReadonlySet<string>>>>): boolean => {
    const counts = SIDES.map((side) => (wanted[side] ? countVisible(graphs[side].outline, wanted[side]) : 0));
    const most = Math.max(...counts);
    const isSmall = most <= MOST_OF_SIDE;
    setRefused(
      isSmall
        ? null
        : l10n.t(
            "That would draw {0} boxes in one picture. Close some first: up to {1} can be drawn in each.",
            most.toLocaleString(),
            MOST_OF_SIDE.toLocaleString(),
          ),
    );
    if (isSmall) for (const side of SIDES) if (wanted[side]) change(side, { open: [...wanted[side]] });
    return isSmall;
  };

  /** Opens or closes a module, and the one that holds the same in the other picture. */
  const toggle = (side: Side, id: string, all: boolean): void => {
    const wanted = { before: new Set(graphs.before.open), after: new Set(graphs.after.open) };
    const closes = wanted[side].has(id);
    const { outline, alike } = graphs[side];
    const chosen = outline.boxes.get(id);
    for (const box of all ? (alike.get(id) ?? []) : chosen ? [chosen] : []) {
      const partner = outlines.partnerOf(side, box);
      setIn(wanted[side], box.id, !closes);
      if (partner && partner.children.length > 0) setIn(wanted[otherSide(side)], partner.id, !closes);
    }
    if (setOpen(wanted)) setAsked({ box: id, from: side });
  };

  const choose = (side: Side, { box }: PlacedBox, all: boolean): void => {
    const [layer] = box.layers;
    if (box.children.length > 0) {
      toggle(side, box.id, all);
      return;
    }
    const row = layer && outlines.rowOf(side, layer.index);
    if (row) view.update({ selected: row.position });
    setAsked({ box: box.id, from: side });
  };

  const { differences } = outlines;
  const place = differences.findIndex(({ position }) => position === choice.selected);
  const step = (by: number): void => {
    const row = nextDifference(differences, choice.selected, by);
    if (!row) return;
    const wanted = SIDES.flatMap((side) => {
      const index = outlines.placeOn(side, row);
      return index === undefined ? [] : [[side, openTo(graphs[side].outline, graphs[side].open, index)] as const];
    });
    setOpen(Object.fromEntries(wanted));
    view.update({ selected: row.position });
    setAsked({ row, from: null });
  };

  const together = (movesTogether: boolean): void => {
    view.update({ movesTogether });
    const [lead, other] = SIDES.map((side) => graphs[side].stage.current);
    if (!movesTogether || !lead || !other) return;
    const { viewport } = other.camera;
    const middle = { x: other.screen.width / 2, y: other.screen.height / 2 };
    other.camera.move(zoomAt(viewport, lead.camera.viewport.zoom / viewport.zoom, middle));
  };

  return (
    <div class="graph-pane">
      <div class="graph-bar compare-graphs-bar" role="toolbar" aria-label={l10n.t("Graphs")}>
        <MeasureSelect view={view} />
        <IconButton
          icon="arrow-up"
          label={l10n.t("Previous difference")}
          isDisabled={differences.length === 0}
          onClick={() => step(-1)}
        />
        <IconButton
          icon="arrow-down"
          label={l10n.t("Next difference")}
          isDisabled={differences.length === 0}
          onClick={() => step(1)}
        />
        <span class="graph-found" data-testid="differences">
          {differencesText(place, differences.length)}
        </span>
        <ChangeLegend outlines={outlines} />
        <Checkbox label={l10n.t("Move together")} isChecked={choice.movesTogether} onChange={together} />
        <GraphButtons
          direction={direction}
          onChange={changeBoth}
          onOpenAll={() => setOpen({ before: allOpen(graphs.before.outline), after: allOpen(graphs.after.outline) })}
          onCloseAll={() => setOpen({ before: new Set(), after: new Set() })}
          onReset={() => {
            setRefused(null);
            setAsked(null);
          }}
        />
      </div>
      <p class="visually-hidden" role="status" data-testid="graph-selected">
        {selected && rowText(selected)}
      </p>
      <RefusedNote reason={refused} />
      <div class="compare-graphs">
        {SIDES.map((side) => (
          <GraphSide
            key={side}
            graph={graphs[side]}
            path={paths[side]}
            viewport={choice.graphs[side].viewport}
            onShown={() => setShown((count) => count + 1)}
            onViewport={(viewport) => change(side, { viewport })}
            onChoose={(placed, all) => choose(side, placed, all)}
          />
        ))}
      </div>
      {selected && <ComparedTensors row={selected} onClose={() => view.update({ selected: null })} />}
    </div>
  );
}

function outlineOf({ layers, structure }: PicturedModel): Outline {
  return knownGraph(layers, structure).outline;
}

function setIn(ids: Set<string>, id: string, isIn: boolean): void {
  if (isIn) ids.add(id);
  else ids.delete(id);
}

/** The difference after or before a row, round and round; without a row the first or last. */
function nextDifference(
  differences: readonly ComparedLayer[],
  selected: number | null,
  by: number,
): ComparedLayer | undefined {
  const place =
    by > 0
      ? differences.findIndex(({ position }) => selected === null || position > selected)
      : differences.findLastIndex(({ position }) => selected === null || position < selected);
  return differences.at(place < 0 ? (by > 0 ? 0 : -1) : place);
}

function differencesText(place: number, count: number): string {
  if (count === 0) return l10n.t("no differences");
  if (place >= 0) return l10n.t("{0} of {1}", (place + 1).toLocaleString(), count.toLocaleString());
  return count === 1 ? l10n.t("1 difference") : l10n.t("{0} differences", count.toLocaleString());
}
