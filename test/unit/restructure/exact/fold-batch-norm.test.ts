import assert from "node:assert/strict";

import { applyEdit } from "../../../../profiler/editing/apply.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import { graph, node, onnxModel, value, type OnnxNode, type OnnxTensor } from "../../../builders/onnx-builder.ts";
import { assertExact, edit, ops, readBytes, weights } from "../edited-model.ts";

function norm(input: string, output: string, channels: number, epsilon = 0.01): readonly [OnnxNode, ...OnnxTensor[]] {
  const names = ["scale", "shift", "mean", "variance"].map((role) => `${output}.${role}`);
  const tensors = names.map((name) => weights(name, [channels], name.endsWith("variance") ? "positive" : "any"));
  return [node("BatchNormalization", [input, ...names], [output], { epsilon }, { name: "bn" }), ...tensors];
}

function model(
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[],
  { dims = ["n", 4, 6, 6], opset = 17 }: { readonly dims?: readonly (number | string)[]; readonly opset?: number } = {},
): Uint8Array {
  const inputs = [value("x", "float32", dims)];
  const outputs = [value(nodes.at(-1)?.output?.[0] ?? "", "float32")];
  return onnxModel({ graph: graph(nodes, { inputs, outputs, initializers }), opset });
}

const FOLD = edit("fold-batch-norm", "bn");

async function reasonAgainst(bytes: Uint8Array): Promise<string> {
  const [finding] = restructuringOf("fold-batch-norm").find(liftModel(await readBytes(bytes)));
  assert.ok(finding && isRefusal(finding), "refused");
  return finding.reason;
}

describe("fold-batch-norm", () => {
  for (const [name, group, dims, hasBias] of [
    ["a convolution", 1, [8, 4, 3, 3], true],
    ["a convolution without a bias", 1, [8, 4, 3, 3], false],
    ["a depthwise convolution", 4, [8, 1, 3, 3], true],
  ] as const) {
    it(`goes into ${name} before it`, async () => {
      const [bn, ...tensors] = norm("c", "y", 8);
      const conv = node("Conv", ["x", "w", ...(hasBias ? ["b"] : [])], ["c"], { group, pads: [1, 1, 1, 1] });
      const bias = hasBias ? [weights("b", [8])] : [];
      const { model: folded } = await assertExact(model([conv, bn], [weights("w", dims), ...bias, ...tensors]), FOLD);
      assert.deepEqual(ops(folded), ["Conv"]);
    });

    it(`goes into ${name} after it`, async () => {
      const [bn, ...tensors] = norm("x", "c", 4);
      const conv = node("Conv", ["c", "w", ...(hasBias ? ["b"] : [])], ["y"], { group });
      const bias = hasBias ? [weights("b", [8])] : [];
      const { model: folded } = await assertExact(model([bn, conv], [weights("w", dims), ...bias, ...tensors]), FOLD);
      assert.deepEqual(ops(folded), ["Conv"]);
    });
  }

  for (const opset of [7, 10, 17]) {
    it(`goes into dense layers of operator set ${opset}, before and behind it`, async () => {
      const [before, ...tensors] = norm("d", "y", 5);
      const dense = node("Gemm", ["x", "w", "b"], ["d"], { transB: 1 });
      const stored = [weights("w", [5, 4]), weights("b", [5])];
      const dims = ["n", 4];
      const one = await assertExact(model([dense, before], [...stored, ...tensors], { dims, opset }), FOLD);
      assert.deepEqual(ops(one.model), ["Gemm"]);
      const [behind, ...others] = norm("x", "c", 4);
      const product = node("MatMul", ["c", "w"], ["y"]);
      const two = await assertExact(model([behind, product], [weights("w", [4, 5]), ...others], { dims, opset }), FOLD);
      assert.deepEqual(ops(two.model), ["MatMul", "Add"]);
    });
  }

  it("keeps the name of the output it made, and that of the layer", async () => {
    const [bn, ...tensors] = norm("c", "y", 8);
    const conv = node("Conv", ["x", "w"], ["c"]);
    const { written } = await assertExact(model([conv, bn], [weights("w", [8, 4, 1, 1]), ...tensors]), FOLD);
    assert.deepEqual(
      liftModel(written).layers.map(({ name }) => name),
      ["y"],
    );
    const second = await assertExact(
      model([conv, bn, node("Relu", ["y"], ["z"])], [weights("w", [8, 4, 1, 1]), ...tensors]),
      FOLD,
    );
    assert.deepEqual(
      liftModel(second.model).layers.map(({ name }) => name),
      ["c", "z"],
    );
  });

  it("leaves a shared weight to the other layer that has it", async () => {
    const [bn, ...tensors] = norm("c", "d", 8);
    const nodes = [
      node("Conv", ["x", "w"], ["c"]),
      bn,
      node("Conv", ["x", "w"], ["e"]),
      node("Add", ["d", "e"], ["y"]),
    ];
    const { model: folded } = await assertExact(model(nodes, [weights("w", [8, 4, 3, 3]), ...tensors]), FOLD);
    assert.deepEqual(ops(folded), ["Conv", "Conv", "Add"]);
  });

  it("is refused behind padding, before a fork and where nothing linear stands", async () => {
    const [bn, ...tensors] = norm("x", "c", 4);
    const padded = node("Conv", ["c", "w"], ["y"], { pads: [1, 1, 1, 1] });
    assert.match(await reasonAgainst(model([bn, padded], [weights("w", [8, 4, 3, 3]), ...tensors])), /pads with zeros/);
    const [after, ...others] = norm("c", "d", 8);
    const fork = [node("Conv", ["x", "w"], ["c"]), after, node("Add", ["c", "d"], ["y"])];
    assert.match(await reasonAgainst(model(fork, [weights("w", [8, 4, 3, 3]), ...others])), /used elsewhere/);
    const [alone, ...rest] = norm("x", "y", 4);
    assert.match(await reasonAgainst(model([alone], rest)), /neither the layer before/);
    await assert.rejects(assertExact(model([alone], rest), FOLD), /fold-batch-norm on "bn": neither/);
    await assert.rejects(assertExact(model([alone], rest), edit("fold-batch-norm", "other")), /no such layer/);
  });

  it("works in half precision, in which the weights are written again", async () => {
    const [bn, ...tensors] = norm("c", "h", 8);
    const to = (type: number): { readonly to: number } => ({ to: type });
    const half = (name: string): OnnxNode => node("Cast", [`${name}32`], [name], to(10));
    const nodes = [
      node("Cast", ["x"], ["x16"], to(10)),
      node("Conv", ["x16", "w"], ["c"]),
      bn,
      node("Cast", ["h"], ["y"], to(1)),
    ];
    const stored = [weights("w", [8, 4, 3, 3]), ...tensors].map((one) => ({ ...one, name: `${one.name ?? ""}32` }));
    const casts = ["w", ...tensors.map(({ name }) => name ?? "")].map(half);
    const base = await readBytes(model([...casts, ...nodes], stored));
    const { after } = await applyEdit(base, FOLD);
    const made = after.entries[0].graph.tensors.filter(({ constant }) => constant?.dataType === "float16");
    assert.deepEqual(
      made.map(({ constant }) => constant?.shape),
      [[8, 4, 3, 3], [8]],
    );
  });
});
