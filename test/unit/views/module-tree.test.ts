import assert from "node:assert/strict";
import { layersIn, moduleTree, sumOf, type TreeNode } from "../../../profiler/views/module-tree.ts";
import { layerProfile, profileOf } from "../../builders/profile-builder.ts";

const at = (path: string, changes = {}) =>
  layerProfile(`${path}/conv`, { path: path === "" ? [] : path.split("/"), ...changes });
const tree = (...paths: readonly string[]): readonly TreeNode[] =>
  moduleTree(profileOf(paths.map((path) => at(path))).layers);

/** "module(children)" and "#index". */
function sketch(nodes: readonly TreeNode[]): string {
  return nodes.map((node) => (node.kind === "layer" ? node.id : `${node.name}(${sketch(node.children)})`)).join(" ");
}

describe("moduleTree", () => {
  it("groups layers by their modules, a module standing where its first layer stands", () => {
    assert.equal(sketch(tree("", "a", "b", "a", "")), "#0 a(#1 #3) b(#2) #4");
  });

  it("shows a module that holds only one other as one", () => {
    assert.equal(sketch(tree("net/body/x", "net/body/x", "net/body/y")), "net/body(x(#0 #1) y(#2))");
  });

  it("keeps a module that has a layer of its own beside the one it holds", () => {
    assert.equal(sketch(tree("net", "net/x")), "net(#0 x(#1))");
  });

  it("gives modules ids that do not depend on what is folded into them", () => {
    const [module] = tree("net/body/x", "net/body/y");
    assert.equal(module?.id, "net/body");
  });

  it("loses and doubles no layer", () => {
    const { layers } = profileOf(["a", "a/b", "c", "a/b", "", "a"].map((path) => at(path)));
    assert.deepEqual(
      layersIn(moduleTree(layers))
        .map(({ index }) => index)
        .sort(),
      [0, 1, 2, 3, 4, 5],
    );
  });
});

describe("sumOf", () => {
  it("adds what counts and tells how many rows are unknown", () => {
    const sums = sumOf([at("a"), at("a", { isCounted: false }), at("a", { macs: null })]);
    assert.equal(sums.layers, 3);
    assert.equal(sums.macs, 27_648);
    assert.equal(sums.parameters, 2 * 448);
    assert.deepEqual(sums.energy, { arithmetic: 200, weights: 400, activations: 600 });
    assert.equal(sums.unknownRows, 1);
  });
});
