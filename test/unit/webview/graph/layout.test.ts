import assert from "node:assert/strict";
import { firstOpen, linksOf, outlineOf } from "../../../../profiler/views/graph-outline.ts";
import { boxTowards } from "../../../../webview/graph/box-navigation.ts";
import { labelOf } from "../../../../webview/graph/GraphLinks.tsx";
import { INITIAL_GRAPH, restoreGraph } from "../../../../webview/graph/graph-view.ts";
import { fromElk, toElk, type PlacedBox } from "../../../../webview/graph/layout.ts";
import { layerProfile, profileOf } from "../../../builders/profile-builder.ts";

const { layers } = profileOf([
  layerProfile("stem"),
  layerProfile("a", { path: ["block"] }),
  layerProfile("b", { path: ["block"] }),
]);
const EDGES = [
  { from: 0, output: 0, to: 1 },
  { from: 1, output: 0, to: 2 },
];
const OUTLINE = outlineOf(layers);
const OPEN = firstOpen(OUTLINE);
const LINKS = linksOf(OUTLINE, OPEN, EDGES);

describe("The layout of the graph", () => {
  it("asks for open boxes around their contents, and for a link between what is drawn", () => {
    const { children, edges } = toElk(OUTLINE, OPEN, LINKS);
    assert.deepEqual(
      children?.map(({ id, children: inside }) => [id, inside?.map((child) => child.id)]),
      [
        ["#0", undefined],
        ["block", ["#1", "#2"]],
      ],
    );
    assert.deepEqual(
      edges?.map(({ sources, targets }) => [...sources, ...targets]),
      [
        ["#0", "#1"],
        ["#1", "#2"],
      ],
    );
    assert.deepEqual(
      toElk(OUTLINE, new Set(), linksOf(OUTLINE, new Set(), EDGES)).children?.map(({ children: inside }) => inside),
      [undefined, undefined],
    );
  });

  it("runs downwards, or to the right", () => {
    const directionOf = (...direction: readonly ("DOWN" | "RIGHT")[]): unknown =>
      toElk(OUTLINE, OPEN, LINKS, ...direction).layoutOptions?.["elk.direction"];
    assert.deepEqual([directionOf(), directionOf("RIGHT")], ["DOWN", "RIGHT"]);
  });

  it("has every link point down where modules interleave, and turns its bends round again", () => {
    const interleaved = outlineOf(
      profileOf([
        layerProfile("a", { path: ["left"] }),
        layerProfile("b", { path: ["right"] }),
        layerProfile("c", { path: ["left"] }),
        layerProfile("d", { path: ["right"] }),
      ]).layers,
    );
    const links = linksOf(interleaved, new Set(), [
      { from: 0, output: 0, to: 1 },
      { from: 1, output: 0, to: 2 },
    ]);
    const graph = toElk(interleaved, new Set(), links);
    const { edges: drawn = [] } = graph;
    assert.deepEqual(
      drawn.map(({ sources, targets }) => [...sources, ...targets]),
      [
        ["left", "right"],
        ["left", "right"],
      ],
    );
    const [top, bottom] = [
      { x: 0, y: 0 },
      { x: 0, y: 9 },
    ];
    const edges = drawn.map((edge) => ({ ...edge, sections: [{ id: "s", startPoint: top, endPoint: bottom }] }));
    assert.deepEqual(
      fromElk({ ...graph, edges }, interleaved, links).links.map(({ points }) => points),
      [
        [top, bottom],
        [bottom, top],
      ],
    );
  });

  it("takes boxes and bends from the answer", () => {
    const [x, y] = [5, 7];
    const layout = fromElk(
      {
        id: "",
        width: 100,
        height: 200,
        children: [
          { id: "#0", x, y, width: 10, height: 10 },
          { id: "block", x, y: 40, width: 30, height: 60, children: [{ id: "#1", x, y: 50, width: 10, height: 10 }] },
        ],
        edges: [
          {
            id: "link 0",
            sources: ["#0"],
            targets: ["#1"],
            sections: [{ id: "s", startPoint: { x, y }, bendPoints: [{ x: 6, y }], endPoint: { x: 6, y: 50 } }],
          },
          { id: "link 1", sources: ["#1"], targets: ["#2"] },
        ],
      },
      OUTLINE,
      LINKS,
    );
    assert.deepEqual(
      layout.boxes.map(({ box, isOpen }) => [box.id, isOpen]),
      [
        ["#0", false],
        ["block", true],
        ["#1", false],
      ],
    );
    assert.deepEqual(layout.links, [
      {
        link: LINKS[0],
        points: [
          { x, y },
          { x: 6, y },
          { x: 6, y: 50 },
        ],
      },
    ]);
  });

  it("names the tensors of a link, each once", () => {
    assert.equal(
      labelOf({ from: "a", to: "b", edges: [...EDGES, ...EDGES] }, layers),
      "1×16×8×8 float32\n1×16×8×8 float32",
    );
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
    const kept = { column: "energy", open: ["block"], direction: "RIGHT", viewport: { zoom: 0.5, x: 1, y: 2 } };
    assert.deepEqual(restoreGraph(JSON.parse(JSON.stringify(kept))), kept);
    assert.deepEqual(restoreGraph({ column: "name", open: "all", viewport: { zoom: -1, x: 0, y: 0 } }), INITIAL_GRAPH);
    assert.deepEqual(restoreGraph(null), INITIAL_GRAPH);
  });
});
