import assert from "node:assert/strict";

import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import { graph, node, onnxModel, value, type OnnxNode, type OnnxTensor } from "../../../builders/onnx-builder.ts";
import { assertExact, edit, ops, readBytes, weights } from "../edited-model.ts";

function model(
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[],
  dims: readonly (number | string)[] = ["n", 4, 6, 6],
): Uint8Array {
  const outputs = [value(nodes.at(-1)?.output?.[0] ?? "", "float32")];
  return onnxModel({ graph: graph(nodes, { inputs: [value("x", "float32", dims)], outputs, initializers }) });
}

function norm(input: string, output: string, channels: number): readonly [OnnxNode, ...OnnxTensor[]] {
  const names = ["scale", "shift", "mean", "variance"].map((role) => `${output}.${role}`);
  const tensors = names.map((name) => weights(name, [channels], name.endsWith("variance") ? "positive" : "any"));
  return [node("BatchNormalization", [input, ...names], [output], {}, { name: "bn" }), ...tensors];
}

async function reasonAgainst(bytes: Uint8Array): Promise<string> {
  const [finding] = restructuringOf("fold-batch-norm").find(liftModel(await readBytes(bytes)));
  assert.ok(finding && isRefusal(finding), "refused");
  return finding.reason;
}

const FOLD = edit("fold-batch-norm", "bn");

describe("fold-batch-norm into transposed convolutions", () => {
  for (const [name, group, dims, attributes] of [
    ["plain", 1, [4, 6, 3, 3], {}],
    [
      "with strides and output padding",
      1,
      [4, 6, 3, 3],
      { strides: [2, 2], output_padding: [1, 1], pads: [1, 1, 1, 1] },
    ],
    ["in groups", 2, [4, 3, 3, 3], { strides: [2, 1] }],
    ["depthwise", 4, [4, 2, 3, 3], {}],
  ] as const) {
    for (const hasBias of [true, false]) {
      it(`${name}${hasBias ? "" : " without a bias"}`, async () => {
        const outputs = dims[1] * group;
        const [bn, ...tensors] = norm("c", "y", outputs);
        const inputs = ["x", "w", ...(hasBias ? ["b"] : [])];
        const deconv = node("ConvTranspose", inputs, ["c"], { group, ...attributes }, { name: "deconv" });
        const stored = [weights("w", dims), ...(hasBias ? [weights("b", [outputs])] : [])];
        const { model: folded } = await assertExact(model([deconv, bn], [...stored, ...tensors]), FOLD);
        assert.deepEqual(ops(folded), ["ConvTranspose"]);
      });
    }
  }

  it("not from before, since each place takes other parts of the kernel; a scale alone goes", async () => {
    const [bn, ...tensors] = norm("x", "n", 4);
    const deconv = node("ConvTranspose", ["n", "w"], ["y"], { strides: [2, 2] }, { name: "deconv" });
    assert.match(
      await reasonAgainst(model([bn, deconv], [weights("w", [4, 6, 3, 3]), ...tensors])),
      /parts of its kernel/,
    );
    const mul = node("Mul", ["x", "s"], ["n"], {}, { name: "mul" });
    const { model: folded } = await assertExact(
      model([mul, deconv], [weights("w", [4, 6, 3, 3]), weights("s", [4, 1, 1])]),
      edit("fold-batch-norm", "mul"),
    );
    assert.deepEqual(ops(folded), ["ConvTranspose"]);
  });
});

describe("fold-batch-norm of scales and shifts by constants", () => {
  const conv = (bias: readonly string[] = []): OnnxNode =>
    node("Conv", ["x", "w", ...bias], ["c"], { pads: [1, 1, 1, 1] }, { name: "conv" });
  const kernel = weights("w", [8, 4, 3, 3]);

  for (const [op, inputs, dims] of [
    ["Mul", ["c", "k"], [1, 8, 1, 1]],
    ["Mul", ["k", "c"], [8, 1, 1]],
    ["Mul", ["c", "k"], []],
    ["Add", ["k", "c"], [8, 1, 1]],
    ["Sub", ["c", "k"], [1]],
    ["Sub", ["k", "c"], [8, 1, 1]],
    ["Div", ["c", "k"], [1, 8, 1, 1]],
  ] as const) {
    for (const hasBias of [true, false]) {
      it(`${op} of ${inputs.join(" and ")} of ${dims.join("×") || "one number"}, ${hasBias ? "with" : "without"} a bias before it`, async () => {
        const bias = hasBias ? ["b"] : [];
        const stored = [kernel, weights("k", dims, "positive"), ...(hasBias ? [weights("b", [8])] : [])];
        const bytes = model([conv(bias), node(op, inputs, ["y"], {}, { name: "it" })], stored);
        const { model: folded } = await assertExact(bytes, edit("fold-batch-norm", "it"));
        assert.deepEqual(ops(folded), ["Conv"]);
      });
    }
  }

  it("one behind the other at once, or one after the other, with a normalisation among them", async () => {
    const [bn, ...tensors] = norm("m", "n", 8);
    const nodes = [
      conv(),
      node("Mul", ["c", "k"], ["m"], {}, { name: "mul" }),
      bn,
      node("Add", ["n", "k"], ["y"], {}, { name: "add" }),
    ];
    const bytes = model(nodes, [kernel, weights("k", [8, 1, 1]), ...tensors]);
    for (const targets of [["add"], ["mul", "bn", "add"], ["bn", "add"]]) {
      const { model: folded } = await assertExact(bytes, ...targets.map((target) => edit("fold-batch-norm", target)));
      assert.deepEqual(ops(folded), ["Conv"]);
    }
  });

  it("a scale alone before padding, a shift not", async () => {
    const after = node("Conv", ["c", "w"], ["y"], { pads: [1, 1, 1, 1] }, { name: "conv" });
    const scaled = model(
      [node("Mul", ["x", "k"], ["c"], {}, { name: "it" }), after],
      [kernel, weights("k", [4, 1, 1])],
    );
    assert.deepEqual(ops((await assertExact(scaled, edit("fold-batch-norm", "it"))).model), ["Conv"]);
    const shifted = model(
      [node("Add", ["x", "k"], ["c"], {}, { name: "it" }), after],
      [kernel, weights("k", [4, 1, 1])],
    );
    const { layers } = liftModel(await readBytes(shifted));
    assert.equal(layers.length, 2);
    await assert.rejects(assertExact(shifted, edit("fold-batch-norm", "it")), /pads with zeros/);
  });

  it("not what differs over positions, nor what is a dense layer's bias already", async () => {
    const positions = model([conv(), node("Add", ["c", "k"], ["y"], {}, { name: "it" })], [kernel, weights("k", [6])]);
    await assert.rejects(assertExact(positions, edit("fold-batch-norm", "it")), /along other axes/);
    const bias = [
      node("MatMul", ["x", "w2"], ["c"], {}, { name: "dense" }),
      node("Add", ["c", "k"], ["y"], {}, { name: "it" }),
    ];
    const dense = model(bias, [weights("w2", [6, 5]), weights("k", [5])]);
    const found = restructuringOf("fold-batch-norm").find(liftModel(await readBytes(dense)));
    assert.ok(found.every(isRefusal));
  });
});
