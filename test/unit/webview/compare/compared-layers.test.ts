import assert from "node:assert/strict";
import type { LayerProfile } from "../../../../profiler/profile.ts";
import { compareProfiles } from "../../../../profiler/views/compare-profiles.ts";
import {
  chosenLayers,
  comparedLayers,
  comparedTensors,
  difference,
  formatDifference,
  formatRelative,
  namesText,
  operatorsText,
  pairText,
  shapesText,
  unseenCosts,
  type Choice,
  type ComparedLayer,
} from "../../../../webview/compare/compared-layers.ts";
import { knownColumn } from "../../../../webview/charts/charts-view.ts";
import { INITIAL_COMPARISON, restoreCompareView } from "../../../../webview/compare/compare-view.ts";
import { layerProfile, profileOf, TOTALS } from "../../../builders/profile-builder.ts";

const ALL: Choice = {
  measure: "macs",
  filter: "",
  onlyDifferences: false,
  showsFolded: false,
  order: { by: "position", isDescending: false },
};

function compared(before: readonly LayerProfile[], after: readonly LayerProfile[]): readonly ComparedLayer[] {
  return comparedLayers(compareProfiles(profileOf(before), profileOf(after)), TOTALS, TOTALS);
}

describe("Compared layers", () => {
  const before = ["a", "b", "c"].map((name) => layerProfile(name));
  const after = [
    layerProfile("a"),
    layerProfile("b", { macs: 10 }),
    layerProfile("new", { op: "Relu", kind: "activation", macs: null }),
  ];
  const layers = compared(before, after);
  const names = (rows: readonly ComparedLayer[]): readonly string[] =>
    rows.map((row) => pairText(row, ({ name }) => name));

  it("say what became of each", () => {
    assert.deepEqual(
      layers.map(({ change }) => change),
      ["same", "changed", "removed", "added"],
    );
  });

  it("say which costs differ where nothing else of a row shows it", () => {
    const energy = compared([layerProfile("a")], [layerProfile("a", { energy: null, latencySeconds: 2 })]);
    const unseen = ([row]: readonly ComparedLayer[], id: string): readonly string[] =>
      row ? unseenCosts(row, knownColumn(id)).map((column) => column.id) : [];
    assert.deepEqual(unseen(energy, "macs"), ["energy", "latency"]);
    assert.deepEqual(unseen(energy, "energy"), []);
    const renamed = compared([layerProfile("a")], [layerProfile("b", { energy: null })]);
    assert.equal(renamed[0]?.change, "changed");
    assert.deepEqual(unseen(renamed, "macs"), []);
    assert.deepEqual(unseen(layers.slice(1), "macs"), []);
    assert.deepEqual(unseen(layers.slice(1), "energy"), ["macs"]);
  });

  it("hold the difference, and none where something is unknown", () => {
    assert.deepEqual(layers[1]?.values.get("macs"), {
      before: 27_648,
      after: 10,
      absolute: -27_638,
      relative: -27_638 / 27_648,
    });
    assert.deepEqual(layers[3]?.values.get("macs"), { before: undefined, after: null, absolute: null, relative: null });
    assert.equal(difference(undefined, 5).absolute, 5);
    assert.equal(difference(0, 5).relative, null);
  });

  it("are chosen by text and by what differs", () => {
    assert.deepEqual(names(chosenLayers(layers, { ...ALL, onlyDifferences: true })), ["b", "c", "new"]);
    assert.deepEqual(names(chosenLayers(layers, { ...ALL, filter: "RELU new" })), ["new"]);
  });

  it("leave out constants and shape arithmetic unless they are asked for", () => {
    const shape = layerProfile("shape", { op: "Shape", role: "shape" });
    const rows = compared([...before, shape], [...after, shape]);
    assert.equal(names(chosenLayers(rows, ALL)).includes("shape"), false);
    assert.equal(names(chosenLayers(rows, { ...ALL, showsFolded: true })).includes("shape"), true);
    // Work on one side is work.
    const [row] = compared([layerProfile("a", { role: "constant" })], [layerProfile("a")]);
    assert.equal(row?.isFolded, false);
  });

  it("say in a few words what differs only in how the formats write it", () => {
    const row = (op: string, name: string, shape: readonly number[]): LayerProfile =>
      layerProfile(name, { op, outputs: [{ name, dtype: "float32", shape, isConstant: false }] });
    const add = { before: row("Add", "/block/1/Add", [1, 8, 4, 4]), after: row("ADD", "sum", [1, 4, 4, 8]) };
    assert.deepEqual([operatorsText(add), shapesText(add), namesText(add)], ["Add", "1×8×4×4", "1/Add → sum"]);
    const pool = { before: row("Conv", "a", [1, 8, 4, 4]), after: row("CONV_2D", "a", [1, 2, 2, 8]) };
    assert.deepEqual(
      [operatorsText(pool), shapesText(pool), namesText(pool)],
      ["Conv → CONV_2D", "1×8×4×4 → 1×2×2×8", "a"],
    );
    const transposed = { before: row("Transpose", "t", [1, 8, 4]), after: row("Transpose", "t", [1, 4, 8]) };
    assert.equal(shapesText(transposed), "1×8×4 → 1×4×8");
  });

  it("open into their tensors, which tell what differs", () => {
    const [row] = compared(
      [layerProfile("a")],
      [layerProfile("a", { outputs: [{ name: "z", dtype: "int8", shape: [1, 16, 8, 8], isConstant: false }] })],
    );
    assert.ok(row);
    assert.deepEqual(
      comparedTensors(row).map(({ role, before: old, after: now, isSame }) => [role, old?.name, now?.name, isSame]),
      [
        ["input", "x", "x", true],
        ["output", "a_output", "z", false],
      ],
    );
  });

  it("are sorted with what is unknown last, either way", () => {
    const sorted = (isDescending: boolean): readonly string[] =>
      names(chosenLayers(layers, { ...ALL, order: { by: "absolute", isDescending } }));
    assert.deepEqual(sorted(false), ["c", "b", "a", "new"]);
    assert.deepEqual(sorted(true), ["a", "b", "c", "new"]);
  });

  it("are written with signs", () => {
    assert.equal(formatDifference("MACs", -1_200_000), "−1.20 M");
    assert.equal(formatDifference("bytes", 0), "0");
    assert.equal(formatDifference("bytes", null), "unknown");
    assert.equal(formatRelative(-0.51), "−51.0 %");
    assert.equal(formatRelative(null), "");
  });

  it("come with a view that takes what it knows of a kept one", () => {
    const kept = { measure: "nonsense", filter: "x", onlyDifferences: 1, selected: "no", tab: "table", graphs: 3 };
    assert.deepEqual(restoreCompareView(kept), { ...INITIAL_COMPARISON, ...ALL, filter: "x" });
    const { graphs } = restoreCompareView({ graphs: { after: { open: ["a", 3], direction: "UP" } } });
    assert.deepEqual(graphs.after.open, ["a"]);
    assert.equal(graphs.after.direction, "DOWN");
  });
});
