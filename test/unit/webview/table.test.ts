import assert from "node:assert/strict";
import type { LayerProfile } from "../../../profiler/profile.ts";
import {
  cellTip,
  incompleteTotals,
  largestLayer,
  largestValues,
  nodeValue,
  PAGE_COLUMNS,
  sortValue,
  whyUnknown,
} from "../../../webview/table/page-columns.ts";
import { comparatorOf, nextSort, sortNodes } from "../../../webview/table/sort-nodes.ts";
import { slots } from "../../../webview/table/use-virtual-rows.ts";
import { tableTree, type TableNode } from "../../../webview/table/table-tree.ts";
import { nameBelow, nameParts } from "../../../webview/table/line-text.ts";
import { layerRow, tensorRow, TOTALS } from "./profiles.ts";

const column = (id: string): (typeof PAGE_COLUMNS)[number] => {
  const found = PAGE_COLUMNS.find((candidate) => candidate.id === id);
  assert.ok(found, id);
  return found;
};
const line = (layer: LayerProfile): TableNode => ({ kind: "layer", id: "", layer, module: "" });
const moduleOf = (...layers: readonly LayerProfile[]): TableNode => {
  const [node] = tableTree(layers, { isTree: true, isSorted: false });
  assert.equal(node?.kind, "module");
  return node;
};

describe("The order of lines", () => {
  const names = (rows: readonly LayerProfile[], sort: Parameters<typeof comparatorOf>[1]): readonly string[] =>
    sortNodes(rows.map(line), comparatorOf(TOTALS, sort)).map(({ original }) =>
      original.kind === "layer" ? original.layer.name : "",
    );
  it("is that of the file, of numbers or of names as people count, with the unknown last either way", () => {
    const rows = [
      layerRow(0, { name: "conv10", macs: 5 }),
      layerRow(1, { name: "conv2", macs: null }),
      layerRow(2, { name: "conv1", macs: 7 }),
    ];
    assert.deepEqual(names(rows, null), ["conv10", "conv2", "conv1"]);
    assert.deepEqual(names(rows, { column: "macs", isDescending: true }), ["conv1", "conv10", "conv2"]);
    assert.deepEqual(names(rows, { column: "macs", isDescending: false }), ["conv10", "conv1", "conv2"]);
    assert.deepEqual(names(rows, { column: "name", isDescending: false }), ["conv1", "conv2", "conv10"]);
    assert.deepEqual(names(rows, { column: "gone", isDescending: false }), ["conv10", "conv2", "conv1"]);
  });
  it("leaves a line its slot for as long as it is drawn", () => {
    assert.deepEqual(slots(-3, 4, 10), [0, 1, 2, 3]);
    assert.deepEqual(slots(1, 4, 10), [4, 1, 2, 3]);
    assert.deepEqual(slots(5, 4, 10), [8, 5, 6, 7]);
    assert.deepEqual(slots(9, 4, 10), [8, 9, 6, 7]);
    assert.deepEqual(slots(0, 4, 2), [0, 1]);
    assert.deepEqual(slots(0, 4, 0), []);
  });
});

describe("The page's columns", () => {
  it("are all there is, of which the table shows a few unless asked", () => {
    assert.ok(PAGE_COLUMNS.length > 20);
    assert.deepEqual(
      PAGE_COLUMNS.filter(({ isUsual }) => isUsual).map(({ id }) => id),
      ["index", "name", "op", "shape", "parameters", "macs", "activationBytes", "energy", "latency"],
    );
  });
  it("sort shapes by their size and unknown values as undefined", () => {
    assert.equal(sortValue(column("shape"), line(layerRow(0)), TOTALS), 1568);
    const symbolic = layerRow(0, { outputs: [tensorRow("b", ["n", 4])] });
    assert.equal(sortValue(column("shape"), line(symbolic), TOTALS), undefined);
    assert.equal(sortValue(column("macs"), line(layerRow(0, { macs: null })), TOTALS), undefined);
    assert.equal(sortValue(column("macs"), line(layerRow(0, { macs: 0 })), TOTALS), 0);
  });
  it("sum up modules, and sort them by their largest layer where nothing adds up", () => {
    const path = ["stem"];
    const module = moduleOf(layerRow(0, { path, macs: 5 }), layerRow(1, { path, macs: 7, activationBytes: 9 }));
    assert.equal(nodeValue(column("macs"), module, TOTALS), 12);
    assert.equal(nodeValue(column("activationBytes"), module, TOTALS), undefined);
    assert.equal(nodeValue(column("name"), module, TOTALS), "stem");
    assert.equal(sortValue(column("macs"), module, TOTALS), 12);
    assert.equal(sortValue(column("activationBytes"), module, TOTALS), 12_544);
    assert.equal(sortValue(column("index"), module, TOTALS), 0);
  });
  it("measure bars against the largest known value", () => {
    const rows = [layerRow(0, { macs: 5 }), layerRow(1, { macs: null }), layerRow(2, { macs: 7 })];
    assert.equal(largestValues(rows, TOTALS).get("macs"), 7);
  });
  it("say the exact value and its share, or that it is in no total", () => {
    assert.match(cellTip(column("macs"), line(layerRow(0)), TOTALS), /112,896 MACs\n11\.3 % of the model/);
    assert.match(cellTip(column("macs"), line(layerRow(0, { isCounted: false })), TOTALS), /not in the total/);
  });
  it("say of a module's sum what misses from it", () => {
    const path = ["stem"];
    const module = moduleOf(layerRow(0, { path, macs: null }), layerRow(1, { path }));
    assert.match(cellTip(column("macs"), module, TOTALS), /112,896 MACs\n11\.3 % .*\nUnknown: 1 of 2 layers/);
  });
  it("say why a number is unknown", () => {
    assert.match(whyUnknown(layerRow(0, { kind: "unknown", op: "Fold" })), /no rule for the operator Fold/);
    assert.match(whyUnknown(layerRow(0, { outputs: [tensorRow("b", ["boxes", 4])] })), /size of boxes/);
    assert.match(whyUnknown(layerRow(0, { outputs: [tensorRow("b", null)] })), /shape of a tensor is unknown/);
  });
});

describe("Names in the tree", () => {
  it("leave out what the lines above say, and nothing else", () => {
    assert.equal(nameBelow("/layer1/layer1.0/conv1/Conv", "layer1/layer1.0"), "conv1/Conv");
    assert.equal(nameBelow("/layer10/Conv", "layer1"), "/layer10/Conv");
    assert.equal(nameBelow("/stem/Conv", ""), "/stem/Conv");
  });
});

describe("The segments of a name", () => {
  it("are whole, with the operator apart where a column beside them says it", () => {
    assert.deepEqual(nameParts("/conv/conv.0/Conv", "Conv"), { own: ["/", "conv/", "conv.0"], operator: "/Conv" });
    assert.deepEqual(nameParts("conv.0/Conv", undefined), { own: ["conv.0/", "Conv"], operator: "" });
    assert.deepEqual(nameParts("Conv", "Conv"), { own: ["Conv"], operator: "" });
    assert.deepEqual(nameParts("/Conv", "Conv"), { own: ["/", "Conv"], operator: "" });
    assert.deepEqual(nameParts("", "Conv"), { own: [""], operator: "" });
  });
});

describe("The largest layer of a column", () => {
  it("is one that counts and is known, and there is none of texts", () => {
    const rows = [layerRow(0, { macs: 5 }), layerRow(1, { macs: null }), layerRow(2, { macs: 9, isCounted: false })];
    assert.equal(largestLayer(rows, "macs", TOTALS)?.index, 0);
    assert.equal(largestLayer(rows, "name", TOTALS), undefined);
    assert.equal(largestLayer([], "macs", TOTALS), undefined);
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
