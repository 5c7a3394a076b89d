import assert from "node:assert/strict";

import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { assertExact, edit, ops, readBytes, weights } from "../edited-model.ts";

function model(
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
  outputs: readonly string[] = ["y"],
): Uint8Array {
  const inputs = [value("x", "float32", ["n", 4, 6, 6])];
  return onnxModel({
    graph: graph(nodes, { inputs, outputs: outputs.map((name) => value(name, "float32")), initializers }),
  });
}

const ALL = edit("remove-no-ops");

async function targets(bytes: Uint8Array): Promise<readonly string[]> {
  const found = restructuringOf("remove-no-ops").find(liftModel(await readBytes(bytes)));
  return found.map((finding) => (isRefusal(finding) ? `not ${finding.target}` : finding.target));
}

describe("remove-no-ops", () => {
  it("takes out what changes nothing, at the end of the graph too", async () => {
    const nodes = [
      node("Identity", ["x"], ["a"]),
      node("Relu", ["a"], ["b"]),
      node("Dropout", ["b"], ["c"]),
      node("Reshape", ["c", "same"], ["d"]),
      node("Transpose", ["d"], ["e"], { perm: [0, 1, 2, 3] }),
      node("Pad", ["e", "none"], ["f"]),
      node("Cast", ["f"], ["g"], { to: 1 }),
      node("Concat", ["g"], ["h"], { axis: 1 }),
      node("MaxPool", ["h"], ["i"], { kernel_shape: [1, 1] }),
      node("Sigmoid", ["i"], ["j"]),
      node("Identity", ["j"], ["y"]),
    ];
    const settings = [
      tensor("same", "int64", [4], [0, 4, 6, 6]),
      tensor("none", "int64", [8], new Array<number>(8).fill(0)),
    ];
    const { model: cleaned, written } = await assertExact(model(nodes, settings), ALL);
    assert.deepEqual(ops(cleaned), ["Relu", "Sigmoid"]);
    const left = written.entries[0].graph.tensors.map(({ name }) => name);
    assert.deepEqual(left.toSorted(), ["b", "x", "y"]);
  });

  it("leaves what has an effect", async () => {
    const nodes = [
      node("Reshape", ["x", "other"], ["a"]),
      node("Transpose", ["a"], ["b"]),
      node("Pad", ["b", "some"], ["c"]),
      node("MaxPool", ["c"], ["d"], { kernel_shape: [1, 1], strides: [2, 2] }),
      node("Cast", ["d"], ["y"], { to: 11 }),
    ];
    const settings = [
      tensor("other", "int64", [4], [0, 6, 4, 6]),
      tensor("some", "int64", [8], [0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    assert.deepEqual(await targets(model(nodes, settings)), []);
  });

  it("takes out one by its name", async () => {
    const nodes = [
      node("Identity", ["x"], ["a"], {}, { name: "one" }),
      node("Identity", ["a"], ["b"], {}, { name: "two" }),
    ];
    const bytes = model([...nodes, node("Relu", ["b"], ["y"])]);
    assert.deepEqual(await targets(bytes), ["", "one", "two"]);
    const { model: cleaned } = await assertExact(bytes, edit("remove-no-ops", "two"));
    assert.deepEqual(ops(cleaned), ["Identity", "Relu"]);
    await assert.rejects(assertExact(bytes, edit("remove-no-ops", "y")), /this Relu has an effect/);
  });

  it("keeps the names of outputs: of two copies that leave the graph, one stays", async () => {
    const copies = [node("Relu", ["x"], ["a"]), node("Identity", ["a"], ["y"]), node("Identity", ["a"], ["z"])];
    const { model: cleaned } = await assertExact(model(copies, [], ["y", "z"]), ALL);
    assert.deepEqual(ops(cleaned), ["Relu", "Identity"]);
    const through = [node("Identity", ["x"], ["y"])];
    assert.deepEqual(await targets(model(through)), ["not y"]);
  });

  it("keeps what a body reads under its name", async () => {
    const body = (name: string): ReturnType<typeof graph> =>
      graph([node("Neg", ["a"], [name])], { outputs: [value(name, "float32")] });
    const nodes = [
      node("Relu", ["x"], ["r"]),
      node("Identity", ["r"], ["a"]),
      node("If", ["yes"], ["y"], { then_branch: body("then"), else_branch: body("else") }),
    ];
    const { model: cleaned } = await assertExact(model(nodes, [tensor("yes", "bool", [], [1])]), ALL);
    assert.deepEqual(ops(cleaned), ["Relu", "If"]);
  });

  it("stores what layers make of constants, and shares what is stored already", async () => {
    const nodes = [
      node("Transpose", ["v"], ["w"], { perm: [1, 0, 2, 3] }),
      node("Identity", ["b"], ["c"]),
      node("Conv", ["x", "w", "c"], ["d"]),
      node("Conv", ["d", "w", "b"], ["y"]),
    ];
    const { model: cleaned, written } = await assertExact(
      model(nodes, [weights("v", [4, 4, 3, 3]), weights("b", [4])]),
      ALL,
    );
    assert.deepEqual(ops(cleaned), ["Conv", "Conv"]);
    const stored = written.entries[0].graph.tensors.filter(({ constant }) => constant);
    assert.deepEqual(stored.map(({ name }) => name).toSorted(), ["b", "w"]);
  });
});
