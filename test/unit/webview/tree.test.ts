import assert from "node:assert/strict";
import type { LayerProfile } from "../../../profiler/profile.ts";
import {
  everything,
  followed,
  moved,
  NOTHING_SELECTED,
  only,
  ranged,
  toggled,
} from "../../../webview/state/selection.ts";
import {
  ancestorsOf,
  layersOfLines,
  linesOf,
  nodesById,
  openLevels,
  tableTree,
  type Line,
  type SortedNode,
  type TableNode,
} from "../../../webview/table/table-tree.ts";
import { foldText } from "../../../webview/table/line-text.ts";
import { findTyped, keyAction, type KeyAction } from "../../../webview/table/tree-keys.ts";
import { layerRow } from "./profiles.ts";

const row = (index: number, path: string, role: LayerProfile["role"] = "compute"): LayerProfile =>
  layerRow(index, { path: path === "" ? [] : path.split("/"), role });
const tree = (layers: readonly LayerProfile[], isSorted = false): readonly TableNode[] =>
  tableTree(layers, { isTree: true, isSorted });
const asSorted = (nodes: readonly TableNode[]): readonly SortedNode[] =>
  nodes.map((node) => ({ original: node, subRows: node.kind === "layer" ? [] : asSorted(node.children) }));

/** "module(children)", "[folded]", "#index". */
function sketch(nodes: readonly TableNode[]): string {
  return nodes
    .map((node) => {
      if (node.kind === "layer") return node.id;
      return node.kind === "module" ? `${node.name}(${sketch(node.children)})` : `[${sketch(node.children)}]`;
    })
    .join(" ");
}

describe("The table's tree", () => {
  it("groups by modules and shows a module of one layer as the layer", () => {
    assert.equal(
      sketch(tree([row(0, "stem"), row(1, "body/a"), row(2, "body/a"), row(3, "body/b")])),
      "#0 body(a(#1 #2) #3)",
    );
  });
  it("folds runs of neighbours that a run does not compute, not single ones", () => {
    const layers = [
      row(0, ""),
      row(1, "", "shape"),
      row(2, "", "constant"),
      row(3, ""),
      row(4, "", "shape"),
      row(5, ""),
    ];
    assert.equal(sketch(tree(layers)), "#0 [#1 #2] #3 #4 #5");
  });
  it("folds what is computed from shapes and constants alone with them, and says what that costs", () => {
    const fixed = (index: number): LayerProfile => layerRow(index, { path: [], isFixed: true, latencySeconds: 5e-6 });
    const [, fold] = tree([
      row(0, ""),
      layerRow(1, { path: [], role: "shape", latencySeconds: 0 }),
      fixed(2),
      fixed(3),
      row(4, ""),
    ]);
    assert.equal(fold?.kind === "fold" && foldText(fold.layers), "3 rows of shape arithmetic and constants");
    assert.equal(fold?.kind === "fold" && fold.sums.latencySeconds, 1e-5);
    assert.equal(foldText([fixed(1), fixed(2)]), "2 rows computed from shapes and constants alone");
  });
  it("folds whole modules with their neighbours, and shows them once opened", () => {
    const layers = [row(0, ""), row(1, "sizes", "shape"), row(2, "sizes", "shape"), row(3, "", "shape")];
    assert.equal(sketch(tree(layers)), "#0 [sizes(#1 #2) #3]");
  });
  it("has one run at the end of sorted siblings", () => {
    const layers = [row(0, "", "shape"), row(1, ""), row(2, "", "shape"), row(3, "")];
    assert.equal(sketch(tree(layers, true)), "#1 #3 [#0 #2]");
  });
  it("is a list where nobody wants a tree", () => {
    const layers = [row(0, "a"), row(1, "a"), row(2, "b", "shape"), row(3, "b", "shape")];
    assert.equal(sketch(tableTree(layers, { isTree: false, isSorted: false })), "#0 #1 [#2 #3]");
  });
  it("finds what is around a line, and the layers behind lines, each once", () => {
    const nodes = tree([row(0, "a/x"), row(1, "a/x"), row(2, "a/y"), row(3, "a/y")]);
    assert.deepEqual(ancestorsOf(nodes, "#3"), ["a", "a/y"]);
    assert.equal(ancestorsOf(nodes, "#9"), undefined);
    const layers = layersOfLines(["#2", "a/y", "gone"], nodesById(nodes));
    assert.deepEqual(
      layers.map(({ index }) => index),
      [2, 3],
    );
  });
  it("opens as many levels as fit a fresh table", () => {
    const small = tree([row(0, "a/x"), row(1, "a/x"), row(2, "a/y"), row(3, "a/y")]);
    const large = tree(Array.from({ length: 400 }, (_, index) => row(index, `net/block.${index >> 2}`)));
    const lines = (nodes: readonly TableNode[]): number =>
      linesOf(asSorted(nodes), { choices: {}, openLevels: openLevels(nodes) }).length;
    assert.equal(lines(small), 7);
    assert.equal(lines(large), 101);
  });
});

describe("The table's lines", () => {
  const nodes = tree([row(0, "a"), row(1, "a"), row(2, "", "shape"), row(3, "", "shape"), row(4, "")]);
  const shown = (choices: Record<string, boolean>): readonly string[] =>
    linesOf(asSorted(nodes), { choices, openLevels: 1 }).map(({ id, level }) => `${level} ${id}`);

  it("have levels; modules are open and runs closed unless the user decides otherwise", () => {
    assert.deepEqual(shown({}), ["1 a", "2 #0", "2 #1", "1 fold:#2", "1 #4"]);
    assert.deepEqual(shown({ a: false, "fold:#2": true }), ["1 a", "1 fold:#2", "2 #2", "2 #3", "1 #4"]);
  });
  it("know their place among their siblings", () => {
    const line = linesOf(asSorted(nodes), { choices: {}, openLevels: 1 }).find(({ id }) => id === "#1");
    assert.deepEqual([line?.place, line?.siblings, line?.parent], [2, 2, "a"]);
  });
  it("show a run that is all there is", () => {
    const only = tree([row(0, "", "shape"), row(1, "", "shape")]);
    assert.equal(linesOf(asSorted(only), { choices: {}, openLevels: 1 }).length, 3);
  });
});

describe("Keys of the table", () => {
  const line = (id: string, parent: string | null, isExpanded?: boolean): Line => ({
    id,
    node: { kind: "layer", id, layer: layerRow(0), module: "" },
    level: parent === null ? 1 : 2,
    place: 1,
    siblings: 1,
    parent,
    isExpanded,
  });
  const lines = [
    line("a", null, true),
    line("#0", "a"),
    line("#1", "a"),
    line("b", null, false),
    line("c", null, false),
  ];
  const press = (key: string, position: number): KeyAction | undefined =>
    keyAction(key, { lines, position, pageLines: 3 });
  const to = (position: number): KeyAction => ({ kind: "move", to: position });

  const cases: readonly (readonly [key: string, from: number, action: KeyAction | undefined])[] = [
    ["ArrowDown", -1, to(0)],
    ["End", -1, to(4)],
    ["ArrowDown", 1, to(2)],
    ["ArrowDown", 4, to(4)],
    ["ArrowUp", 0, to(0)],
    ["PageDown", 0, to(3)],
    ["PageUp", 4, to(1)],
    ["Home", 4, to(0)],
    ["ArrowRight", 0, to(1)],
    ["ArrowRight", 3, { kind: "expand", lines: ["b"] }],
    ["ArrowRight", 1, undefined],
    ["ArrowLeft", 0, { kind: "collapse", line: "a" }],
    ["ArrowLeft", 2, to(0)],
    ["ArrowLeft", 3, undefined],
    [" ", 0, { kind: "collapse", line: "a" }],
    [" ", 3, { kind: "expand", lines: ["b"] }],
    ["*", 0, { kind: "expand", lines: ["b", "c"] }],
    ["x", 0, undefined],
  ];
  for (const [key, from, action] of cases) {
    it(`“${key}” from ${from}: ${JSON.stringify(action)}`, () => assert.deepEqual(press(key, from), action));
  }
  it("do nothing in an empty table", () => {
    assert.equal(keyAction("End", { lines: [], position: -1, pageLines: 3 }), undefined);
  });
  it("find names by their beginning first, from here on and round", () => {
    const names = ["conv1", "relu", "conv2", "maxpool"];
    assert.equal(findTyped("conv", names, 1), 2);
    assert.equal(findTyped("CONV", names, 3), 0);
    assert.equal(findTyped("pool", names, 0), 3);
    assert.equal(findTyped("gemm", names, 0), -1);
  });
});

describe("Selecting lines", () => {
  const order = ["a", "b", "c", "d"];
  it("one, one more, one less", () => {
    const two = toggled(only("a"), "c");
    assert.deepEqual(two.lines, ["a", "c"]);
    assert.deepEqual(toggled(two, "a").lines, ["c"]);
  });
  it("ranges from where they began, both ways", () => {
    const down = ranged(only("b"), order, "d");
    assert.deepEqual(down.lines, ["b", "c", "d"]);
    assert.deepEqual(ranged(down, order, "a").lines, ["a", "b"]);
    assert.deepEqual(ranged(NOTHING_SELECTED, order, "c").lines, ["c"]);
  });
  it("all, and none while only the keyboard moves", () => {
    assert.deepEqual(everything(NOTHING_SELECTED, order).lines, order);
    assert.deepEqual(moved(only("a"), "c"), { active: "c", anchor: "a", lines: ["a"] });
  });
  it("goes with the layers that an edit moves, by their names and places among those of one name", () => {
    const named = (names: string): readonly { readonly name: string }[] => names.split("").map((name) => ({ name }));
    const selection = { active: "#2", anchor: "#1", lines: ["module", "#0", "#1", "#2", "#3"] };
    assert.deepEqual(followed(selection, named("abac"), named("xaxbac")), {
      active: "#4",
      anchor: "#3",
      lines: ["module", "#1", "#3", "#4", "#5"],
    });
    assert.deepEqual(followed(selection, named("abac"), named("cba")), {
      active: null,
      anchor: "#1",
      lines: ["module", "#2", "#1", "#0"],
    });
  });
});
