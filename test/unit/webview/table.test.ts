import assert from "node:assert/strict";
import { filterLayers, isFolded } from "../../../webview/table/filter-layers.ts";
import {
  cellTip,
  incompleteTotals,
  largestValues,
  PAGE_COLUMNS,
  sortValue,
  whyUnknown,
} from "../../../webview/table/page-columns.ts";
import { moveSelection } from "../../../webview/table/row-navigation.ts";
import { nextSort } from "../../../webview/table/use-layer-table.ts";
import { layerRow, tensorRow, TOTALS } from "./profiles.ts";

describe("Filtering layers", () => {
  const rows = [
    layerRow(0, { name: "/stem/Conv", notes: ["Padding assumed."] }),
    layerRow(1, { name: "/stem/Relu", op: "Relu", kind: "activation" }),
    layerRow(2, { name: "/head/Gemm", op: "Gemm", kind: "dense", outputs: [tensorRow("y", ["batch", 10])] }),
  ];
  const found = (text: string): number[] => filterLayers(rows, text).map(({ index }) => index);

  it("keeps all rows for no words", () => assert.deepEqual(found("  "), [0, 1, 2]));
  it("wants every word, anywhere, in any case", () => {
    assert.deepEqual(found("STEM conv"), [0]);
    assert.deepEqual(found("head relu"), []);
  });
  it("finds kinds, modules, notes and shapes, × typed as x too", () => {
    assert.deepEqual(found("dense"), [2]);
    assert.deepEqual(found("features.1"), [1]);
    assert.deepEqual(found("assumed"), [0]);
    assert.deepEqual(found("batchx10"), [2]);
    assert.deepEqual(found("batch×10"), [2]);
  });
  it("folds shape arithmetic and constants", () => {
    assert.deepEqual(
      (["compute", "shape", "constant"] as const).map((role) => isFolded(layerRow(0, { role }))),
      [false, true, true],
    );
  });
});

describe("The page's columns", () => {
  const column = (id: string): (typeof PAGE_COLUMNS)[number] => {
    const found = PAGE_COLUMNS.find((candidate) => candidate.id === id);
    assert.ok(found, id);
    return found;
  };

  it("are the table of the first version", () => {
    assert.deepEqual(
      PAGE_COLUMNS.map(({ id }) => id),
      ["index", "name", "op", "shape", "parameters", "macs", "activationBytes", "energy"],
    );
  });
  it("sort shapes by their size and unknown values as undefined", () => {
    assert.equal(sortValue(column("shape"), layerRow(0), TOTALS), 1568);
    assert.equal(sortValue(column("shape"), layerRow(0, { outputs: [tensorRow("b", ["n", 4])] }), TOTALS), undefined);
    assert.equal(sortValue(column("macs"), layerRow(0, { macs: null }), TOTALS), undefined);
    assert.equal(sortValue(column("macs"), layerRow(0, { macs: 0 }), TOTALS), 0);
  });
  it("measure bars against the largest known value", () => {
    const rows = [layerRow(0, { macs: 5 }), layerRow(1, { macs: null }), layerRow(2, { macs: 7 })];
    assert.equal(largestValues(rows, TOTALS).get("macs"), 7);
  });
  it("say the exact value and its share, or that it is in no total", () => {
    assert.match(cellTip(column("macs"), layerRow(0), TOTALS), /112,896 MACs\n11\.3 % of the model/);
    assert.match(cellTip(column("macs"), layerRow(0, { isCounted: false }), TOTALS), /not in the total/);
  });
  it("say why a number is unknown", () => {
    assert.match(whyUnknown(layerRow(0, { kind: "unknown", op: "Fold" })), /no rule for the operator Fold/);
    assert.match(whyUnknown(layerRow(0, { outputs: [tensorRow("b", ["boxes", 4])] })), /size of boxes/);
    assert.match(whyUnknown(layerRow(0, { outputs: [tensorRow("b", null)] })), /shape of a tensor is unknown/);
  });
});

describe("Choosing a header", () => {
  it("sorts numbers from the largest, names from the first letter, and back to file order", () => {
    const down = nextSort("macs", null);
    assert.deepEqual(down, { column: "macs", isDescending: true });
    const up = nextSort("macs", down);
    assert.deepEqual(up, { column: "macs", isDescending: false });
    assert.equal(nextSort("macs", up), null);
    assert.deepEqual(nextSort("name", up), { column: "name", isDescending: false });
  });
});

describe("Moving the selection", () => {
  const cases: readonly (readonly [key: string, from: number, to: number | undefined])[] = [
    ["ArrowDown", -1, 0],
    ["End", -1, 99],
    ["ArrowDown", 5, 6],
    ["ArrowUp", 5, 4],
    ["ArrowUp", 0, 0],
    ["ArrowDown", 99, 99],
    ["PageDown", 5, 25],
    ["PageDown", 95, 99],
    ["PageUp", 5, 0],
    ["Home", 50, 0],
    ["End", 50, 99],
    ["a", 5, undefined],
  ];
  for (const [key, from, to] of cases) {
    it(`${key} from ${from} goes to ${String(to)}`, () => assert.equal(moveSelection(key, from, 100, 20), to));
  }
  it("goes nowhere in an empty list", () => assert.equal(moveSelection("End", -1, 0, 20), undefined));
});

describe("Totals with unknown rows", () => {
  it("are lower bounds, each by the counted rows that miss from it", () => {
    const rows = [
      layerRow(0, { macs: null, energy: null }),
      layerRow(1, { macs: null }),
      layerRow(2, { parameters: null, isCounted: false }),
    ];
    assert.deepEqual(
      [...incompleteTotals(rows, TOTALS)],
      [
        ["macs", 2],
        ["energyPicojoules", 1],
      ],
    );
  });
});
