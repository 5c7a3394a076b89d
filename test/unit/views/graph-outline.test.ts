import assert from "node:assert/strict";
import {
  costOf,
  countVisible,
  findLayers,
  firstOpen,
  MOST_SIBLINGS,
  openTo,
  outlineOf,
  visibleBox,
  type Box,
} from "../../../profiler/views/graph-outline.ts";
import { linksOf } from "../../../profiler/views/graph-links.ts";
import { identicalBlocks } from "../../../profiler/views/identical-blocks.ts";
import { columnOf } from "../../../profiler/columns.ts";
import type { TensorProfile } from "../../../profiler/profile.ts";
import { layerProfile, profileOf, TOTALS } from "../../builders/profile-builder.ts";

const { layers } = profileOf([
  layerProfile("stem", { path: [] }),
  layerProfile("a", { path: ["block", "left"], macs: 5 }),
  layerProfile("b", { path: ["block", "left"], macs: null }),
  layerProfile("c", { path: ["block", "right"], macs: 7 }),
  layerProfile("size", { path: ["block"], role: "shape" }),
  layerProfile("sum", { path: ["block"], op: "Add", kind: "elementwise" }),
]);
const NO_PORTS = { inputs: [], outputs: [] };
const made = (index: number): TensorProfile => {
  const [tensor] = layers[index]?.outputs ?? [];
  assert.ok(tensor);
  return tensor;
};
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
    const structure = { edges: EDGES, ...NO_PORTS };
    assert.deepEqual(linksOf(outline, new Set(), layers, structure), [
      { from: "#0", to: "block", tensors: new Set([made(0)]) },
    ]);
    assert.deepEqual(
      linksOf(outline, new Set(["block"]), layers, structure).map(({ from, to }) => [from, to]),
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
    const activations = columnOf("activationBytes");
    assert.ok(activations);
    assert.equal(costOf(box("block"), activations, TOTALS), 4864, "they do not add up: the largest");
  });

  it("begins with what the model is given and structure with what it gives", () => {
    const x = { name: "x", dtype: "float32", shape: [1, 3, 8, 8], isConstant: false } as const;
    const structure = { edges: EDGES, inputs: [{ tensor: x, readers: [0, 4] }], outputs: [{ from: 5, output: 0 }] };
    const whole = outlineOf(layers, structure);
    assert.deepEqual(ids(whole.roots), ["input x", "#0", "block", "output sum_output"]);
    assert.deepEqual(
      linksOf(whole, new Set(), layers, structure).map(({ from, to, tensors }) => [
        from,
        to,
        [...tensors].map(({ name }) => name),
      ]),
      [
        ["input x", "#0", ["x"]],
        ["#0", "block", ["stem_output"]],
        ["block", "output sum_output", ["sum_output"]],
      ],
    );
    const many = Array.from({ length: 100 }, (_, place) => ({
      tensor: { ...x, name: `cache.${place}` },
      readers: [0],
    }));
    assert.ok(
      outlineOf(layers, { ...structure, inputs: many }).roots.length <= MOST_SIBLINGS,
      "a hundred inputs are grouped",
    );
  });

  it("leaves out what is computed from constants and shapes alone", () => {
    const rows = profileOf([layerProfile("mask", { isFixed: true }), layerProfile("stem")]).layers;
    assert.deepEqual(ids(outlineOf(rows).roots), ["#1"]);
  });

  it("knows modules that hold the same: operators, sizes and wires, whatever their names", () => {
    const weights = (channels: number): TensorProfile => ({
      name: "w",
      dtype: "float32",
      shape: [channels, 8],
      isConstant: true,
    });
    const conv = { inputs: [weights(8)] };
    const rows = profileOf([
      layerProfile("a", { ...conv, path: ["block.0"] }),
      layerProfile("b", { ...conv, path: ["block.0"] }),
      layerProfile("c", { ...conv, path: ["block.1"] }),
      layerProfile("d", { ...conv, parameters: 0, path: ["block.1"] }),
      layerProfile("e", { ...conv, path: ["wider"] }),
      layerProfile("f", { inputs: [weights(16)], path: ["wider"] }),
      layerProfile("g", { ...conv, path: ["unwired"] }),
      layerProfile("h", { ...conv, path: ["unwired"] }),
    ]).layers;
    const edges = [0, 2, 4].map((from) => ({ from, output: 0, to: from + 1 }));
    const alike = identicalBlocks(outlineOf(rows), edges);
    assert.deepEqual(ids(alike.get("block.0") ?? []), ["block.0", "block.1"]);
    assert.equal(alike.get("block.1"), alike.get("block.0"));
    assert.deepEqual(
      ["wider", "unwired"].map((id) => alike.get(id)?.length),
      [1, 1],
    );
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
    assert.equal(long.paths.size, 6000);
    assert.equal(long.roots[0]?.name.startsWith("#0 – #"), true);
  });
});
