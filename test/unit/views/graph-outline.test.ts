import assert from "node:assert/strict";
import {
  costOf,
  countVisible,
  findLayers,
  firstOpen,
  linksOf,
  MOST_SIBLINGS,
  openTo,
  outlineOf,
  visibleBox,
  type Box,
} from "../../../profiler/views/graph-outline.ts";
import { columnOf } from "../../../profiler/columns.ts";
import { layerProfile, profileOf, TOTALS } from "../../builders/profile-builder.ts";

const { layers } = profileOf([
  layerProfile("stem", { path: [] }),
  layerProfile("a", { path: ["block", "left"], macs: 5 }),
  layerProfile("b", { path: ["block", "left"], macs: null }),
  layerProfile("c", { path: ["block", "right"], macs: 7 }),
  layerProfile("size", { path: ["block"], role: "shape" }),
  layerProfile("sum", { path: ["block"], op: "Add", kind: "elementwise" }),
]);
const EDGES = [
  { from: 0, output: 0, to: 1 },
  { from: 1, output: 0, to: 2 },
  { from: 0, output: 0, to: 3 },
  { from: 2, output: 0, to: 5 },
  { from: 3, output: 0, to: 5 },
  { from: 4, output: 0, to: 5 },
];

function box(id: string): Box {
  const found = outlineOf(layers).boxes.get(id);
  assert.ok(found, id);
  return found;
}

describe("The outline of a graph", () => {
  const outline = outlineOf(layers);
  const ids = (boxes: readonly Box[]): readonly string[] => boxes.map(({ id }) => id);

  it("boxes layers by module, without boxes around one layer and without shape arithmetic", () => {
    assert.deepEqual(ids(outline.roots), ["#0", "block"]);
    assert.deepEqual(ids(box("block").children), ["block/left", "#3", "#5"]);
  });

  it("opens level by level while there is room", () => {
    assert.deepEqual([...firstOpen(outline)], ["block", "block/left"]);
    assert.deepEqual([...firstOpen(outline, 5)], ["block"]);
    assert.equal(countVisible(outline, firstOpen(outline)), 7);
  });

  it("draws a layer as the closed box it is in", () => {
    assert.equal(visibleBox(outline, new Set(), 2)?.id, "block");
    assert.equal(visibleBox(outline, new Set(["block"]), 2)?.id, "block/left");
    assert.equal(visibleBox(outline, openTo(outline, new Set(), 2), 2)?.id, "#2");
    assert.equal(visibleBox(outline, new Set(), 4), undefined);
  });

  it("joins what flows between the same boxes, and forgets what stays within one", () => {
    assert.deepEqual(linksOf(outline, new Set(), EDGES), [{ from: "#0", to: "block", edges: [EDGES[0], EDGES[2]] }]);
    assert.deepEqual(
      linksOf(outline, new Set(["block"]), EDGES).map(({ from, to }) => [from, to]),
      [
        ["#0", "block/left"],
        ["#0", "#3"],
        ["block/left", "#5"],
        ["#3", "#5"],
      ],
    );
  });

  it("sums what is known of a box", () => {
    const macs = columnOf("macs");
    assert.ok(macs);
    assert.equal(costOf(box("block/left"), macs, TOTALS), 5);
    assert.equal(costOf(box("#2"), macs, TOTALS), null);
  });

  it("finds layers by name, operator and kind", () => {
    assert.deepEqual(
      findLayers(outline, "ADD").map(({ name }) => name),
      ["sum"],
    );
    assert.deepEqual(findLayers(outline, " "), []);
  });

  it("boxes 6,000 neighbours by ranges: no level has many, and the first picture is small", () => {
    const long = outlineOf(
      profileOf(Array.from({ length: 6000 }, (_, at) => layerProfile(`l${at}`, { path: [`block.${at}`] }))).layers,
    );
    const widest = Math.max(long.roots.length, ...[...long.boxes.values()].map(({ children }) => children.length));
    assert.ok(widest <= MOST_SIBLINGS, `${widest}`);
    assert.ok(countVisible(long, firstOpen(long)) <= 150);
    assert.equal(long.around.size, 6000);
    assert.equal(long.roots[0]?.name.startsWith("#0 – #"), true);
  });
});
