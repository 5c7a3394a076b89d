import { headOf, type ShownStage } from "../../graph/GraphStage.tsx";
import type { PlacedBox } from "../../graph/layout/layout.ts";
import { visibleBox, visibleOf } from "../../../profiler/views/graph-outline.ts";
import { centreOn, isReadable, putBeside, readable, reveal, type Point, type Size } from "../../graph/viewport.ts";
import type { ComparedLayer } from "../compared-layers.ts";
import type { Side } from "../protocol.ts";
import { otherSide, type ComparedOutlines } from "./compared-outlines.ts";
import type { SideGraph } from "./use-graph.ts";

/** What is to be seen in both pictures: a row, or a box that was chosen in one of them. */
export type Asked =
  | { readonly row: ComparedLayer; readonly from: null }
  | { readonly box: string; readonly from: Side };

/**
 * Brings what was asked for into sight in both pictures, at the same place of both screens; where it is in one alone, the other shows where
 * it would be. What the user has chosen himself moves no further than it must.
 */
export function bringBeside(
  graphs: Readonly<Record<Side, SideGraph>>,
  outlines: ComparedOutlines,
  asked: Asked,
  isOneZoom: boolean,
): void {
  const lead = asked.from ?? (asked.row.before ? "before" : "after");
  const follower = otherSide(lead);
  const [stage, other] = [graphs[lead].stage.current, graphs[follower].stage.current];
  const placed = placedOf(graphs[lead], boxesOf(graphs, outlines, asked, lead));
  if (!placed || !stage || stage.screen.width === 0) return;
  const head = headOf(placed);
  stage.camera.move(asked.from === null ? centred(stage, head) : reveal(stage.camera.viewport, head, stage.clear));
  stage.camera.settle();
  const partner = placedOf(graphs[follower], boxesOf(graphs, outlines, asked, follower));
  if (!partner || !other) return;
  const { viewport } = stage.camera;
  const zoom = isOneZoom ? viewport.zoom : other.camera.viewport.zoom;
  other.camera.move(putBeside(zoom, headOf(partner), viewport, head));
  other.camera.settle();
}

function centred({ camera: { viewport }, screen }: ShownStage, head: Point & Size): ReturnType<typeof readable> {
  if (!isReadable(viewport)) return readable(head, screen);
  return centreOn(viewport, { x: head.x + head.width / 2, y: head.y + head.height / 2 }, screen);
}

/** The id of the box that is drawn on a side for what was asked for. */
function boxesOf(
  graphs: Readonly<Record<Side, SideGraph>>,
  outlines: ComparedOutlines,
  asked: Asked,
  side: Side,
): string | undefined {
  const { outline, open } = graphs[side];
  if (asked.from === side) return asked.box;
  let row = asked.from === null ? asked.row : undefined;
  if (asked.from !== null) {
    const box = graphs[asked.from].outline.boxes.get(asked.box);
    const partner = box && outlines.partnerOf(asked.from, box);
    if (partner) return partner.children.length > 0 ? partner.id : visibleOf(outline, open, partner.id)?.id;
    const [layer] = box?.layers ?? [];
    row = layer && outlines.rowOf(asked.from, layer.index);
  }
  const layer = row && outlines.placeOn(side, row);
  return layer === undefined ? undefined : visibleBox(outline, open, layer)?.id;
}

function placedOf({ layout }: SideGraph, id: string | undefined): PlacedBox | undefined {
  return layout?.boxes.find(({ box }) => box.id === id);
}
