import assert from "node:assert/strict";
import { OutlineIndex, type OutlineNode } from "../../../extension/views/outline-index.ts";
import { moduleTree } from "../../../profiler/views/module-tree.ts";
import { layerRow } from "../webview/profiles.ts";

/** Convolutions with shape arithmetic between them: a run of two, one alone, and a module of nothing else. */
const LAYERS = [
  layerRow(0, { path: [] }),
  layerRow(1, { path: [], role: "shape" }),
  layerRow(2, { path: [], role: "constant" }),
  layerRow(3, { path: [] }),
  layerRow(4, { path: [], role: "shape" }),
  layerRow(5, { path: [] }),
  layerRow(6, { path: ["sizes"], role: "shape" }),
  layerRow(7, { path: ["sizes"], role: "shape" }),
];

describe("The outline of modules", () => {
  const index = new OutlineIndex();
  const roots = index.add(moduleTree(LAYERS), undefined);
  const kinds = (nodes: readonly OutlineNode[]): string => nodes.map(({ kind }) => kind).join(" ");

  it("has runs of shape arithmetic and constants behind one node, a single one as it is", () => {
    assert.equal(kinds(roots), "layer fold layer layer layer fold");
  });

  it("folds no more inside of what is folded, and loses no layer", () => {
    const [, , , , , sizes] = roots;
    assert.ok(sizes);
    const inside = index.children.get(sizes) ?? [];
    assert.equal(kinds(inside), "module");
    assert.equal(kinds(index.children.get(inside[0] ?? sizes) ?? []), "layer layer");
    assert.deepEqual(
      [...index.layers.keys()].sort((a, b) => a - b),
      LAYERS.map(({ index: row }) => row),
    );
  });

  it("knows the way up from every node, through what it is folded behind", () => {
    const layer = index.layers.get(7);
    assert.ok(layer);
    const module = index.parents.get(layer);
    assert.ok(module);
    assert.equal(module.kind, "module");
    assert.equal(index.parents.get(module)?.kind, "fold");
  });
});
