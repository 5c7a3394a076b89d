import assert from "node:assert/strict";
import type { Edge, LayerProfile } from "../../../../profiler/profile.ts";
import { linksOf } from "../../../../profiler/views/graph-links.ts";
import { allOpen, outlineOf, type OutlinedStructure } from "../../../../profiler/views/graph-outline.ts";
import { boxTowards } from "../../../../webview/graph/box-navigation.ts";
import { labelOf, linkShapes } from "../../../../webview/graph/GraphLinks.tsx";
import { INITIAL_GRAPH, restoreGraph } from "../../../../webview/graph/graph-view.ts";
import { layOut, noContents, type PlacedContents } from "../../../../webview/graph/layout/lay-out.ts";
import type { Direction, Layout, PlacedBox } from "../../../../webview/graph/layout/layout.ts";
import { layoutOf, pictureTask } from "../../../../webview/graph/layout/picture-task.ts";
import { layerProfile, profileOf } from "../../../builders/profile-builder.ts";
import { crossings } from "./crossings.ts";

const DIRECTIONS: readonly Direction[] = ["DOWN", "RIGHT"];

/** Layers by name; those in the same module stand together. */
function network(...paths: readonly (readonly string[])[]): readonly LayerProfile[] {
  return profileOf(paths.map((path, place) => layerProfile(`l${place}`, { path }))).layers;
}

function wired(edges: readonly (readonly [from: number, to: number])[]): readonly Edge[] {
  return edges.map(([from, to]) => ({ from, output: 0, to }));
}

function picture(
  layers: readonly LayerProfile[],
  edges: readonly Edge[],
  direction: Direction,
  known: PlacedContents = noContents(),
  open?: ReadonlySet<string>,
): Layout {
  const x = layers[0]?.inputs[0];
  const structure: OutlinedStructure = {
    edges,
    inputs: x ? [{ tensor: x, readers: [0] }] : [],
    outputs: [{ from: layers.length - 1, output: 0 }],
  };
  const outline = outlineOf(layers, structure);
  const opened = open ?? allOpen(outline);
  const task = pictureTask(outline, opened, linksOf(outline, opened, layers, structure), direction);
  return layoutOf(task, layOut(task.task, known));
}

/** Two blocks with a path beside them, one in another module, and what leaves a block from its middle. */
const BLOCKS = network([], ["a"], ["a"], ["a", "inner"], ["a", "inner"], ["a"], ["b"], ["b"], ["b"], [], []);
const WIRES = wired([
  [0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [1, 5], [0, 5], [5, 6], [6, 7], [7, 8], [5, 8], [2, 9], [8, 9], [0, 9], [9, 10], [3, 10],
]); // oxfmt-ignore

describe("The layout of the graph", () => {
  for (const direction of DIRECTIONS) {
    it(`puts boxes into the boxes around them, side by side, running ${direction}`, () => {
      const { boxes, width, height } = picture(BLOCKS, WIRES, direction);
      assert.equal(boxes.length, BLOCKS.length + 3 + 2);
      for (const [place, { box, ...area }] of boxes.entries()) {
        assert.ok(area.x >= 0 && area.y >= 0 && area.x + area.width <= width && area.y + area.height <= height, box.id);
        for (const { box: other, ...beside } of boxes.slice(place + 1)) {
          const isWithin = box.children.some(
            ({ id, children }) => id === other.id || children.some((c) => c.id === other.id),
          );
          const overlaps =
            area.x < beside.x + beside.width &&
            beside.x < area.x + area.width &&
            area.y < beside.y + beside.height &&
            beside.y < area.y + area.height;
          assert.equal(overlaps, isWithin, `${box.id} and ${other.id}`);
        }
      }
    });

    it(`has links touch the boxes at their structure and cross no other box and no words of a head, running ${direction}`, () => {
      const layout = picture(BLOCKS, WIRES, direction);
      assert.equal(layout.links.length, WIRES.length + 2);
      assert.deepEqual(crossings(layout), []);
      const touches = (id: string, point: { readonly x: number; readonly y: number } | undefined): void => {
        const placed = layout.boxes.find(({ box }) => box.id === id);
        assert.ok(placed && point);
        const along = direction === "DOWN" ? point.y - placed.y : point.x - placed.x;
        assert.ok([0, direction === "DOWN" ? placed.height : placed.width].includes(along), id);
      };
      for (const { link, points } of layout.links) {
        touches(link.from, points[0]);
        touches(link.to, points.at(-1));
      }
    });
  }

  it("runs downwards, or to the right", () => {
    const [down, right] = DIRECTIONS.map((direction) => picture(BLOCKS, WIRES, direction));
    assert.ok(down && right && down.height > down.width && right.width > right.height);
  });

  it("keeps the first layers first where modules feed each other both ways", () => {
    const layers = network(["left"], ["right"], ["left"], ["right"]);
    const { boxes, links } = picture(
      layers,
      wired([
        [0, 1],
        [1, 2],
        [2, 3],
      ]),
      "DOWN",
      noContents(),
      new Set(),
    );
    const top = (id: string): number => boxes.find(({ box }) => box.id === id)?.y ?? NaN;
    assert.ok(top("left") < top("right"));
    assert.equal(links.filter(({ link }) => link.from === "right" && link.to === "left").length, 1);
  });

  it("lays out blocks that are alike once, and nothing again that it knows", () => {
    const known = noContents();
    const blocks = Array.from({ length: 12 }, (_, block) => [
      [`block.${block + 10}`],
      [`block.${block + 10}`],
      [`block.${block + 10}`],
    ]);
    const layers = network(...blocks.flat());
    const edges = wired(layers.slice(1).map(({ index }) => [index - 1, index]));
    const { boxes } = picture(layers, edges, "DOWN", known);
    assert.equal(boxes.filter(({ isOpen }) => isOpen).length, 12);
    assert.equal(known.placed.size, 2, "one block, and the picture");
    picture(layers, edges, "DOWN", known, new Set(["block.10"]));
    assert.equal(known.placed.size, 3, "another picture of the same block");
  });

  it("names the tensors of a link, and the shape of what a box hands on once", () => {
    const layout = picture(BLOCKS, WIRES, "DOWN", noContents(), new Set());
    const link = layout.links.find(({ link: { from, to } }) => from === "a" && to === "#9");
    assert.ok(link);
    assert.equal(labelOf(link.link), "1×16×8×8 float32");
    const shapes = linkShapes(layout);
    assert.equal(new Set(shapes.map(({ id }) => id)).size, shapes.length);
    assert.equal(shapes.find(({ id }) => id === "#0")?.text, "1×16×8×8");
  });
});

describe("Walking the graph", () => {
  const placed = (id: string, x: number, y: number): PlacedBox => ({
    box: { id, kind: "layer", name: id, children: [], layers: [] },
    x,
    y,
    width: 100,
    height: 40,
    isOpen: false,
    headWidth: 0,
  });
  const boxes = [placed("top", 0, 0), placed("left", -80, 100), placed("right", 120, 100), placed("below", 10, 160)];
  const [top, left] = boxes;

  it("goes to the nearest box ahead", () => {
    assert.ok(top && left);
    assert.equal(boxTowards("ArrowDown", top, boxes)?.box.id, "below");
    assert.equal(boxTowards("ArrowRight", left, boxes)?.box.id, "right");
    assert.equal(boxTowards("ArrowUp", top, boxes), undefined);
    assert.equal(boxTowards("Enter", top, boxes), undefined);
  });
});

describe("The kept view of the graph", () => {
  it("comes back as it was, or as far as it makes sense", () => {
    const kept = {
      column: "activationBytes",
      open: ["block"],
      direction: "RIGHT",
      viewport: { zoom: 0.5, x: 1, y: 2 },
    };
    assert.deepEqual(restoreGraph(JSON.parse(JSON.stringify(kept))), kept);
    assert.deepEqual(restoreGraph({ column: "name", open: "all", viewport: { zoom: -1, x: 0, y: 0 } }), INITIAL_GRAPH);
    assert.deepEqual(restoreGraph(null), INITIAL_GRAPH);
  });
});
