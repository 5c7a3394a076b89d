import assert from "node:assert/strict";

import type { Form } from "../../../../profiler/neutral/forms.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import type { NeutralGraph } from "../../../../profiler/neutral/neutral-graph.ts";
import {
  float,
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { readBytes, weights } from "../edited-model.ts";

async function lifted(
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[],
  opset = 17,
): Promise<NeutralGraph> {
  const output = nodes.at(-1)?.output?.[0] ?? "";
  const inputs = [value("x", "float32", ["n", 4, 6, 6])];
  return liftModel(
    await readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: [output], initializers }), opset })),
  );
}

async function formOf(nodes: readonly OnnxNode[], initializers: readonly OnnxTensor[] = [], opset = 17): Promise<Form> {
  const form = (await lifted(nodes, initializers, opset)).layers.at(-1)?.form;
  assert.ok(form);
  return form;
}

describe("lifting ONNX", () => {
  it("takes functions of each element for such", async () => {
    const functions = { Neg: "negative", Tan: undefined, Asinh: undefined, Erf: "error" };
    for (const [op, fn] of Object.entries(functions))
      assert.deepEqual(await formOf([node(op, ["x"], ["y"])]), { kind: "unary", fn });
  });

  it("says a convolution's padding in numbers", async () => {
    const conv = (attributes: Parameters<typeof node>[3]): OnnxNode => node("Conv", ["x", "w"], ["y"], attributes);
    const w = [weights("w", [8, 4, 3, 3])];
    const pads = async (one: OnnxNode): Promise<unknown> => {
      const form = await formOf([one], w);
      return form.kind === "conv" ? [form.padsBegin, form.padsEnd] : form;
    };
    assert.deepEqual(await pads(conv({ pads: [1, 0, 2, 3] })), [
      [1, 0],
      [2, 3],
    ]);
    assert.deepEqual(await pads(conv({ auto_pad: "VALID" })), [
      [0, 0],
      [0, 0],
    ]);
    assert.deepEqual(await pads(conv({ auto_pad: "SAME_UPPER" })), [
      [1, 1],
      [1, 1],
    ]);
    assert.deepEqual(await pads(conv({ auto_pad: "SAME_UPPER", strides: [2, 2] })), [
      [0, 0],
      [1, 1],
    ]);
    assert.deepEqual(await pads(conv({ auto_pad: "SAME_LOWER", strides: [2, 2] })), [
      [1, 1],
      [0, 0],
    ]);
  });

  it("gives a dense layer's weight as outputs × inputs, however it is stored", async () => {
    const flatten = node("Flatten", ["x"], ["f"]);
    const stored = tensor("w", "float32", [144, 2]);
    for (const [dense, dims] of [
      [node("Gemm", ["f", "w"], ["y"], { alpha: float(1) }), [144, 2]],
      [node("MatMul", ["f", "w"], ["y"]), [144, 2]],
      [node("Gemm", ["f", "w"], ["y"], { transB: 1 }), [2, 144]],
    ] as const) {
      const form = await formOf([flatten, dense], [{ ...stored, dims: [...dims] }]);
      assert.ok(form.kind === "dense");
      assert.deepEqual(form.weight.shape, [2, 144]);
      const [, second] = await form.weight.read();
      assert.equal(second, dims[0] === 144 ? 2 : 1);
    }
  });

  it("scales a Gemm's weights and bias by its factors", async () => {
    const gemm = node("Gemm", ["f", "w", "b"], ["y"], { alpha: float(2), beta: float(3), transB: 1 });
    const form = await formOf(
      [node("Flatten", ["x"], ["f"]), gemm],
      [tensor("w", "float32", [2, 144]), tensor("b", "float32", [1], [5])],
    );
    assert.ok(form.kind === "dense" && form.bias);
    assert.equal((await form.weight.read())[1], 2);
    assert.deepEqual(await form.bias.read(), Float32Array.of(15, 15));
  });

  it("knows activations of old and new operator sets by one name", async () => {
    const bounds = [tensor("low", "float32", [], [0]), tensor("high", "float32", [], [6])];
    assert.deepEqual(await formOf([node("Clip", ["x", "low", "high"], ["y"])], bounds), {
      kind: "activation",
      fn: "relu6",
    });
    const old = node("Clip", ["x"], ["y"], { min: float(0), max: float(6) });
    assert.deepEqual(await formOf([old], [], 6), { kind: "activation", fn: "relu6" });
    const leaky = await formOf([node("LeakyRelu", ["x"], ["y"])]);
    assert.deepEqual(leaky, { kind: "activation", fn: "leakyRelu", alpha: 0.01 });
  });

  it("says shapes to reshape to without the size of the batch", async () => {
    const reshape = node("Reshape", ["x", "s"], ["y"]);
    assert.deepEqual(await formOf([reshape], [tensor("s", "int64", [2], [0, -1])]), {
      kind: "reshape",
      target: [0, 144],
    });
    assert.deepEqual(await formOf([node("Flatten", ["x"], ["y"], { axis: 2 })]), { kind: "reshape", target: [-1, 36] });
  });

  it("keeps an activation and a constant operand apart", async () => {
    const form = await formOf([node("Mul", ["s", "x"], ["y"])], [weights("s", [4, 1, 1])]);
    assert.ok(form.kind === "elementwise");
    assert.equal(form.isConstantFirst, true);
    assert.deepEqual(form.constant?.shape, [4, 1, 1]);
  });

  it("finds weights behind constant layers", async () => {
    const shape = tensor("shape", "int64", [4], [8, 4, 1, 1]);
    const filled = node("ConstantOfShape", ["shape"], ["w"], { value: tensor("", "float32", [1], [0.5]) });
    const graphOfFill = await lifted([filled, node("Conv", ["x", "w"], ["y"])], [shape]);
    const [constant, conv] = graphOfFill.layers;
    assert.deepEqual(constant?.form, { kind: "constant", isSource: true });
    assert.ok(conv?.form.kind === "conv");
    assert.deepEqual(await conv.form.weight.read(), new Float32Array(32).fill(0.5));
    const turned = node("Transpose", ["v"], ["w"], { perm: [1, 0, 2, 3] });
    const form = await formOf([turned, node("Conv", ["x", "w"], ["y"])], [tensor("v", "float32", [4, 8, 1, 1])]);
    assert.ok(form.kind === "conv");
    assert.deepEqual([...(await form.weight.read()).slice(0, 5)], [0, 8, 16, 24, 1]);
  });

  it("names layers once each, and says why it leaves some alone", async () => {
    const nodes = [
      node("Relu", ["x"], ["a"], {}, { name: "act" }),
      node("Relu", ["a"], ["b"], {}, { name: "act" }),
      node("Conv", ["b", "a"], ["c"], {}, { name: "dynamic" }),
      node("MeanVarianceNormalization", ["b"], ["d"], { size: 3 }),
      node("Conv", ["d", "q"], ["e"]),
      node("Concat", ["half", "half"], ["whole"], { axis: 0 }),
      node("Conv", ["e", "whole"], ["f"]),
    ];
    const dequantized = node("DequantizeLinear", ["i", "scale"], ["q"]);
    const found = await lifted(
      [dequantized, ...nodes],
      [
        tensor("i", "int4", [2, 4, 1, 1]),
        tensor("scale", "float32", [], [0.5]),
        tensor("half", "float32", [300, 2, 1, 1]),
      ],
    );
    const named = new Map(found.layers.map(({ name, form }) => [name, form]));
    assert.deepEqual([...named.keys()], ["q", "act", "act#2", "dynamic", "d", "e", "whole", "f"]);
    const why = (name: string): string => {
      const form = named.get(name);
      return form?.kind === "opaque" ? form.why : (form?.kind ?? "");
    };
    assert.match(why("dynamic"), /computed while the model runs/);
    assert.match(why("d"), /MeanVarianceNormalization is not one of the layers/);
    assert.match(why("f"), /from others of the file in ways that are not followed/);
    assert.match(why("e"), /stored in int4, in a way that is not written again/);
  });
});
