import assert from "node:assert/strict";

import { applyEdit } from "../../../../profiler/editing/apply.ts";
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
  initializers: readonly OnnxTensor[],
  dims: readonly (number | string)[] = ["n", 4, 3, 2],
): Uint8Array {
  const inputs = [value("x", "float32", dims)];
  const values = [value("f", "float32", ["n", 24]), value("d", "float32", ["n", 5])];
  const outputs = [value("y", "float32", ["n", 3])];
  return onnxModel({ graph: graph(nodes, { inputs, outputs, initializers, values }) });
}

const FLATTEN = node("Flatten", ["x"], ["f"]);

async function reasons(bytes: Uint8Array): Promise<readonly string[]> {
  const found = restructuringOf("dense-to-conv").find(liftModel(await readBytes(bytes)));
  return found.filter(isRefusal).map(({ reason }) => reason);
}

describe("dense-to-conv", () => {
  it("gives a convolution as large as the map, and a shape that stays", async () => {
    const gemm = node("Gemm", ["f", "w", "b"], ["y"], { transB: 1 }, { name: "fc" });
    const bytes = model([FLATTEN, gemm], [weights("w", [3, 24]), weights("b", [3])]);
    const { model: edited, written } = await assertExact(bytes, edit("dense-to-conv", "fc"));
    assert.deepEqual(ops(edited), ["Conv", "Reshape"]);
    const [conv] = liftModel(written).layers;
    assert.ok(conv?.form.kind === "conv");
    assert.equal(conv.name, "fc");
    assert.deepEqual(conv.form.weight.shape, [3, 4, 3, 2]);
    const { tensors, outputs } = written.entries[0].graph;
    assert.deepEqual(tensors[outputs[0] ?? -1]?.declared?.shape, ["n", 3]);
  });

  it("takes the weights where they stand when they have that order", async () => {
    const gemm = node("Gemm", ["f", "w"], ["y"], { transB: 1 }, { name: "fc" });
    const base = await readBytes(model([FLATTEN, gemm], [weights("w", [3, 24])]));
    const { after } = await applyEdit(base, edit("dense-to-conv", "fc"));
    const storages = after.entries[0].graph.tensors.flatMap(({ constant }) =>
      constant?.dataType === "float32" ? constant.storage.kind : [],
    );
    assert.deepEqual(storages, ["range"]);
  });

  it("takes the dense layers behind it along, with biases that are added apart", async () => {
    const nodes = [
      node("Reshape", ["x", "shape"], ["f"]),
      node("MatMul", ["f", "w"], ["m"], {}, { name: "one" }),
      node("Add", ["m", "b"], ["d"]),
      node("Relu", ["d"], ["e"]),
      node("Dropout", ["e"], ["g"]),
      node("Gemm", ["g", "v", "c"], ["y"], { transB: 1 }, { name: "two" }),
    ];
    const initializers = [
      tensor("shape", "int64", [2], [-1, 24]),
      weights("w", [24, 5]),
      weights("b", [5]),
      weights("v", [3, 5]),
      weights("c", [3]),
    ];
    const bytes = model(nodes, initializers);
    const { model: edited, written } = await assertExact(bytes, edit("dense-to-conv", "one"));
    assert.deepEqual(ops(edited), ["Conv", "Relu", "Dropout", "Conv", "Reshape"]);
    const between = written.entries[0].graph.tensors.find(({ name }) => name === "d");
    assert.deepEqual(between?.declared?.shape, ["n", 5, 1, 1]);
    const further = await assertExact(bytes, edit("dense-to-conv", "one"), edit("remove-no-ops"));
    assert.deepEqual(ops(further.model), ["Conv", "Relu", "Conv", "Reshape"]);
  });

  it("stops where more than a function of each element stands between", async () => {
    const nodes = [
      FLATTEN,
      node("Gemm", ["f", "w"], ["d"], { transB: 1 }, { name: "one" }),
      node("Softmax", ["d"], ["e"]),
      node("Gemm", ["e", "v"], ["y"], { transB: 1 }, { name: "two" }),
    ];
    const bytes = model(nodes, [weights("w", [5, 24]), weights("v", [3, 5])]);
    const { model: edited } = await assertExact(bytes, edit("dense-to-conv", "one"));
    assert.deepEqual(ops(edited), ["Conv", "Reshape", "Softmax", "Gemm"]);
    assert.deepEqual(await reasons(bytes), ["its input is not a flattened feature map"]);
  });

  it("leaves the flattened map to others that read it", async () => {
    const nodes = [
      FLATTEN,
      node("Gemm", ["f", "w"], ["d"], { transB: 1 }, { name: "fc" }),
      node("Gemm", ["f", "w", "d"], ["y"], { transB: 1 }),
    ];
    const bytes = model(nodes, [weights("w", [3, 24])]);
    const { model: edited } = await assertExact(bytes, edit("dense-to-conv", "fc"));
    assert.deepEqual(ops(edited), ["Flatten", "Conv", "Reshape", "Gemm"]);
  });

  it("is refused on maps of a size that only the run knows, and on samples mixed", async () => {
    const gemm = node("Gemm", ["f", "w"], ["y"], { transB: 1 });
    const open = model([FLATTEN, gemm], [weights("w", [3, 24])], ["n", 4, "h", "w"]);
    assert.deepEqual(await reasons(open), ["the size of the feature map is only known while the model runs"]);
    const mixed = model(
      [node("Reshape", ["x", "shape"], ["f"]), gemm],
      [weights("w", [3, 24]), tensor("shape", "int64", [2], [-1, 24])],
      [2, 4, 3, 1],
    );
    assert.deepEqual(await reasons(mixed), ["its input mixes samples of the batch"]);
  });
});
