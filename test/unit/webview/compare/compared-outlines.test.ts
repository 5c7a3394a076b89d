import assert from "node:assert/strict";
import type { LayerProfile } from "../../../../profiler/profile.ts";
import { compareProfiles } from "../../../../profiler/views/compare-profiles.ts";
import { outlineOf, type OutlinedStructure, type Outline } from "../../../../profiler/views/graph-outline.ts";
import { comparedLayers } from "../../../../webview/compare/compared-layers.ts";
import { countChanges, marksOf, rowText } from "../../../../webview/compare/graphs/compared-marks.ts";
import { ComparedOutlines } from "../../../../webview/compare/graphs/compared-outlines.ts";
import { layerProfile, profileOf, TOTALS } from "../../../builders/profile-builder.ts";

const relu = (name: string, path: readonly string[]): LayerProfile =>
  layerProfile(name, { op: "Relu", kind: "activation", path, macs: null });
const conv = (name: string, path: readonly string[], changes: Partial<LayerProfile> = {}): LayerProfile =>
  layerProfile(name, { path, ...changes });

const BEFORE = [conv("a/conv", ["a"]), relu("a/relu", ["a"]), conv("b/conv", ["b"]), relu("b/relu", ["b"])];
/** The first activation is gone, the second module is another one with a longer name, and has one layer more. */
const AFTER = [
  conv("a/conv", ["a"]),
  conv("c/b/conv", ["c", "b"], { macs: 10 }),
  relu("c/b/relu", ["c", "b"]),
  conv("c/last", ["c"], { op: "MaxPool", kind: "pool" }),
];

function chain(layers: readonly LayerProfile[]): Outline {
  const { layers: numbered } = profileOf(layers);
  const x = numbered[0]?.inputs[0];
  const structure: OutlinedStructure = {
    edges: numbered.slice(1).map((_, place) => ({ from: place, output: 0, to: place + 1 })),
    inputs: x ? [{ tensor: x, readers: [0] }] : [],
    outputs: [{ from: numbered.length - 1, output: 0 }],
  };
  return outlineOf(numbered, structure);
}

describe("Two graphs side by side", () => {
  const rows = comparedLayers(compareProfiles(profileOf(BEFORE), profileOf(AFTER)), TOTALS, TOTALS);
  const outlines = new ComparedOutlines({ before: chain(BEFORE), after: chain(AFTER) }, rows);
  const partner = (side: "before" | "after", id: string): string | undefined => {
    const box = outlines.outlines[side].boxes.get(id);
    return box && outlines.partnerOf(side, box)?.id;
  };
  const moduleOf = (side: "before" | "after", name: string): string =>
    [...outlines.outlines[side].boxes.values()].find((box) => box.kind === "module" && box.name === name)?.id ?? "";

  it("mark what was removed, added and changed, modules by what is in them", () => {
    const changes = (side: "before" | "after"): readonly string[] =>
      [0, 1, 2, 3].map((index) => outlines.changes[side].get(`#${index}`)?.change ?? "");
    assert.deepEqual(changes("before"), ["same", "removed", "changed", "changed"]);
    assert.deepEqual(changes("after"), ["same", "changed", "changed", "added"]);
    assert.deepEqual(outlines.changes.before.get(moduleOf("before", "a")), { change: "changed", differing: 1 });
    const marks = marksOf(outlines, "after");
    assert.equal(marks.get("#0"), undefined);
    assert.deepEqual(marks.get("#3"), { kind: "added", text: "added" });
    assert.equal(marks.get(moduleOf("after", "c"))?.text, "3 differ");
    assert.equal(marksOf(outlines, "before").get(moduleOf("before", "a"))?.text, "1 differs");
    assert.deepEqual(countChanges(outlines), { same: 1, changed: 2, added: 1, removed: 1 });
  });

  it("lead from a box to its partner and back, whatever both are called", () => {
    assert.equal(partner("before", "#2"), "#1");
    assert.equal(partner("after", "#1"), "#2");
    assert.equal(partner("before", "#1"), undefined);
    // That of one name, else the smallest box around all partners.
    assert.equal(partner("before", moduleOf("before", "a")), "#0");
    assert.equal(partner("before", moduleOf("before", "b")), moduleOf("after", "b"));
    assert.equal(partner("after", moduleOf("after", "c")), moduleOf("before", "b"));
  });

  it("pair inputs and outputs by their order, and mark one of another shape", () => {
    assert.equal(partner("before", "input x"), "input x");
    assert.equal(outlines.changes.before.get("input x")?.change, "same");
    const wide = [conv("a/conv", ["a"], { inputs: [{ name: "y", dtype: "int8", shape: [2], isConstant: false }] })];
    const other = new ComparedOutlines(
      { before: chain(BEFORE), after: chain(wide) },
      comparedLayers(compareProfiles(profileOf(BEFORE), profileOf(wide)), TOTALS, TOTALS),
    );
    assert.equal(other.changes.after.get("input y")?.change, "changed");
  });

  it("know where on the other side a layer would be that is not there", () => {
    const [removed] = outlines.differences;
    assert.ok(removed);
    assert.equal(rowText(removed), "removed: Relu a/relu");
    assert.equal(outlines.placeOn("before", removed), 1);
    assert.equal(outlines.placeOn("after", removed), 0);
  });

  it("say nothing of models without a layer to draw", () => {
    const empty = new ComparedOutlines({ before: chain([]), after: chain([]) }, []);
    assert.deepEqual(empty.differences, []);
    assert.deepEqual(countChanges(empty), { same: 0, changed: 0, added: 0, removed: 0 });
  });
});
