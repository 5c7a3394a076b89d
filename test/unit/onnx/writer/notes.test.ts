import assert from "node:assert/strict";

import { onnx } from "../../../../profiler/formats/onnx/schema/onnx.ts";
import {
  graph,
  node,
  onnxModel,
  value,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "../../../builders/onnx-builder.ts";
import { assertExact, edit, edited, readBytes, weights } from "../../restructure/edited-model.ts";

const NOTES = [{ key: "pkg.torch.onnx.name_scopes", value: "['', 'layer', 'layer.conv']" }];

/** A node that says all that a node can say about itself beside what it computes. */
function noted(base: OnnxNode): OnnxNode {
  return { ...base, docString: `about ${base.name ?? ""}`, metadataProps: NOTES };
}

function model(nodes: readonly OnnxNode[], initializers: readonly OnnxTensor[], irVersion = 8): Uint8Array {
  const inputs = [value("x", "float32", [1, 4, 6, 6])];
  const listed =
    irVersion < 4 ? initializers.map(({ name, dims }) => value(name ?? "", "float32", dims?.map(Number))) : [];
  const main: OnnxGraph = graph(nodes, {
    inputs: [...inputs, ...listed],
    outputs: [value(nodes.at(-1)?.output?.[0] ?? "", "float32")],
    initializers,
  });
  return onnxModel({ graph: main, irVersion });
}

const ROLES = ["scale", "shift", "mean", "variance"];
const NORM = ROLES.map((role) => weights(role, [8], role === "variance" ? "positive" : "any"));
const FOLD = edit("fold-batch-norm", "bn");

function convAndNorm(irVersion = 8): Uint8Array {
  const conv = noted(node("Conv", ["x", "features.0.weight", "features.0.bias"], ["c"], {}, { name: "conv" }));
  const bn = node("BatchNormalization", ["c", ...ROLES], ["y"], {}, { name: "bn" });
  const kernel = { ...weights("features.0.weight", [8, 4, 3, 3]), docString: "trained", metadataProps: NOTES };
  return model([conv, bn], [kernel, weights("features.0.bias", [8]), ...NORM], irVersion);
}

function graphOf(bytes: Uint8Array): {
  readonly node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  readonly input: readonly OnnxValue[];
} {
  const { node: nodes, initializer, input } = onnx.ModelProto.decode(bytes).graph ?? {};
  return { node: nodes ?? [], initializer: initializer ?? [], input: input ?? [] };
}

describe("What a file notes beside what it computes", () => {
  it("stays with a changed node and with its weights, which keep their names", async () => {
    const { bytes, model: after } = await assertExact(convAndNorm(), FOLD);
    const {
      node: [conv],
      initializer,
    } = graphOf(bytes);
    assert.equal(conv?.docString, "about conv");
    assert.deepEqual(
      conv.metadataProps?.map(({ key, value: text }) => [key, text]),
      [[NOTES[0]?.key, NOTES[0]?.value]],
    );
    assert.deepEqual(initializer.map(({ name }) => name).toSorted(), ["features.0.bias", "features.0.weight"]);
    assert.deepEqual([initializer[0]?.docString, initializer[0]?.metadataProps?.length], ["trained", 1]);
    assert.deepEqual(after.entries[0].graph.nodes[0]?.metadata?.get("pkg.torch.onnx.name_scopes"), NOTES[0]?.value);
  });

  it("stays where initializers are listed as inputs", async () => {
    const { bytes } = await assertExact(convAndNorm(3), FOLD);
    assert.deepEqual(
      graphOf(bytes).input.map(({ name }) => name),
      ["x", "features.0.weight", "features.0.bias"],
    );
  });

  it("goes with every node that an edit makes of one, through many edits", async () => {
    const base = await readBytes(convAndNorm());
    const { bytes } = await edited(base, FOLD, edit("separable", "conv"));
    const { node: nodes, initializer } = graphOf(bytes);
    assert.ok(nodes.length >= 2);
    for (const each of nodes) assert.deepEqual([each.docString, each.metadataProps?.length], ["about conv", 1]);
    const names = initializer.map(({ name }) => name);
    assert.ok(names.includes("features.0.weight") && names.includes("features.0.bias"), names.join());
  });

  it("goes with the quantizing of what a node reads and makes", async () => {
    const { bytes } = await edited(await readBytes(convAndNorm()), edit("quantize-model"));
    const { node: nodes } = graphOf(bytes);
    assert.ok(nodes.filter(({ opType }) => opType === "QuantizeLinear").length >= 2);
    for (const each of nodes)
      assert.deepEqual([each.opType, each.docString, each.metadataProps?.length], [each.opType, "about conv", 1]);
  });

  it("keeps names of a dense layer's weights that become a convolution's", async () => {
    const flatten = node("Flatten", ["x"], ["f"], {}, { name: "flatten" });
    const gemm = node("Gemm", ["f", "fc.weight", "fc.bias"], ["y"], { transB: 1 }, { name: "fc" });
    const { bytes } = await assertExact(
      model([flatten, gemm], [weights("fc.weight", [3, 144]), weights("fc.bias", [3])]),
      edit("dense-to-conv", "fc"),
    );
    const conv = graphOf(bytes).node.find(({ opType }) => opType === "Conv");
    assert.deepEqual(conv?.input?.slice(1), ["fc.weight", "fc.bias"]);
  });

  it("says where a changed node runs, and how its tensors are shared out, though not those that it has no longer", async () => {
    const proto = onnx.ModelProto.decode(convAndNorm());
    const shardingSpec = [{ tensorName: "x" }, { tensorName: "gone" }];
    Object.assign(proto.graph?.node?.[0] ?? {}, {
      deviceConfigurations: [{ configurationId: "gpu", pipelineStage: 2, shardingSpec }],
    });
    const { bytes } = await edited(await readBytes(onnx.ModelProto.encode(proto).finish()), FOLD);
    const [device] = graphOf(bytes).node[0]?.deviceConfigurations ?? [];
    assert.deepEqual([device?.configurationId, device?.pipelineStage], ["gpu", 2]);
    assert.deepEqual(
      device?.shardingSpec?.map(({ tensorName }) => tensorName),
      ["x"],
    );
  });

  it("leaves a weight its name that another node reads too", async () => {
    const conv = node("Conv", ["x", "shared"], ["c"], {}, { name: "conv" });
    const bn = node("BatchNormalization", ["c", ...ROLES], ["n"], {}, { name: "bn" });
    const other = node("Conv", ["x", "shared"], ["d"], {}, { name: "other" });
    const sum = node("Add", ["n", "d"], ["y"], {}, { name: "sum" });
    const { bytes } = await assertExact(
      model([conv, bn, other, sum], [weights("shared", [8, 4, 3, 3]), ...NORM]),
      FOLD,
    );
    const { node: nodes } = graphOf(bytes);
    assert.equal(nodes.find(({ name }) => name === "other")?.input?.[1], "shared");
    assert.notEqual(nodes.find(({ name }) => name === "conv")?.input?.[1], "shared");
  });

  it("keeps names of weights that a Constant node holds", async () => {
    const constant = node("Constant", [], ["kernel"], { value: weights("", [8, 4, 3, 3]) }, { name: "k" });
    const conv = node("Conv", ["x", "kernel"], ["c"], {}, { name: "conv" });
    const bn = node("BatchNormalization", ["c", ...ROLES], ["y"], {}, { name: "bn" });
    const { bytes } = await assertExact(model([constant, conv, bn], NORM), FOLD);
    const { node: nodes, initializer } = graphOf(bytes);
    assert.deepEqual(
      nodes.map(({ opType }) => opType),
      ["Conv"],
    );
    assert.ok(initializer.some(({ name }) => name === "kernel"));
  });

  it("keeps names of weights that the file turns round in front of their layers", async () => {
    const turned = node("Transpose", ["conv.weight"], ["turned"], { perm: [3, 2, 0, 1] }, { name: "turn" });
    const conv = node("Conv", ["x", "turned"], ["c"], {}, { name: "conv" });
    const bn = node("BatchNormalization", ["c", ...ROLES], ["y"], {}, { name: "bn" });
    const { bytes } = await assertExact(
      model([turned, conv, bn], [weights("conv.weight", [3, 3, 4, 8]), ...NORM]),
      FOLD,
    );
    const { node: nodes, initializer } = graphOf(bytes);
    assert.deepEqual(
      nodes.map(({ opType }) => opType),
      ["Conv"],
    );
    assert.deepEqual(initializer.find(({ name }) => name === "conv.weight")?.dims?.map(Number), [8, 4, 3, 3]);
  });
});
