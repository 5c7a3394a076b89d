import assert from "node:assert/strict";

import { onnxBytes } from "../../../../profiler/formats/onnx/write.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import type { Form } from "../../../../profiler/neutral/forms.ts";
import { newWeights, plannedWeights, type Weights } from "../../../../profiler/neutral/weights.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { lowerRewrite } from "../../../../profiler/translation/lower-model.ts";
import type { Rewrite } from "../../../../profiler/neutral/rewrite.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
import { assertSameOutputs, costs, ops, readBytes, run, seededFeeds, type Outputs } from "../edited-model.ts";

const OPSETS = [7, 9, 11, 13, 17, 18, 20];

function random(...shape: readonly number[]): Weights {
  const count = shape.reduce((product, size) => product * size, 1);
  return newWeights(shape, new Random(count).normals(count).map(Math.abs));
}

const UNFUSED = { activation: undefined } as const;
const WINDOW = { strides: [1, 2], dilations: [1, 1], padsBegin: [1, 0], padsEnd: [0, 1] } as const;
const POOL = { kind: "pool", isGlobal: false, kernel: [3, 2], ...WINDOW, ...UNFUSED } as const;
const WHOLE = { kernel: [], strides: [], dilations: [], padsBegin: [], padsEnd: [], isGlobal: true } as const;

/** A form, and the operator set that it needs. */
const FORMS: readonly (readonly [name: string, form: Form, since?: number])[] = [
  ["conv", { kind: "conv", weight: random(8, 2, 3, 3), bias: random(8), groups: 2, ...WINDOW, ...UNFUSED }],
  [
    "conv without bias",
    { kind: "conv", weight: random(4, 1, 1, 1), bias: undefined, groups: 4, ...WINDOW, ...UNFUSED },
  ],
  ["dense over the last axis", { kind: "dense", weight: random(5, 6), bias: random(5), ...UNFUSED }],
  [
    "batch-norm",
    { kind: "batch-norm", scale: random(4), shift: random(4), mean: random(4), variance: random(4), epsilon: 0.125 },
  ],
  ["max pool", { ...POOL, mode: "max", countsPadding: false, ceils: false }],
  ["average pool", { ...POOL, mode: "average", countsPadding: true, ceils: false }],
  ["pool rounded up", { ...POOL, mode: "max", countsPadding: false, ceils: true }, 10],
  ["global pool", { ...POOL, ...WHOLE, mode: "average", countsPadding: false, ceils: false }],
  ["addition", { kind: "elementwise", fn: "add", constant: random(4, 1, 1), isConstantFirst: false, ...UNFUSED }],
  ["quotient", { kind: "elementwise", fn: "divide", constant: random(4, 1, 1), isConstantFirst: true, ...UNFUSED }],
  ["relu", { kind: "activation", fn: "relu" }],
  ["relu6", { kind: "activation", fn: "relu6" }],
  ["clip", { kind: "activation", fn: "clip", minimum: -0.5, maximum: 0.25 }],
  ["leaky relu", { kind: "activation", fn: "leakyRelu", alpha: 0.25 }],
  ["hard swish", { kind: "activation", fn: "hardSwish" }, 14],
  ["gelu", { kind: "activation", fn: "geluTanh" }, 20],
  ["prelu", { kind: "activation", fn: "pRelu", slopes: random(4, 1, 1) }],
  ["slice", { kind: "slice", axis: 1, begin: 1, end: 3 }],
  ["reshape", { kind: "reshape", target: [0, 2, 72] }],
  ["transpose", { kind: "transpose", permutation: [0, 2, 3, 1] }],
  ["pad", { kind: "pad", mode: "constant", begin: [0, 0, 1, 0], end: [0, 0, 0, 2], value: 0.5 }],
  ["softmax", { kind: "softmax", axes: [3], isLog: false }],
  ["mean", { kind: "reduce-mean", axes: [2, 3], keepsAxes: false, ...UNFUSED }],
  ["identity", { kind: "identity" }],
];

async function base(opset: number): Promise<Model> {
  const nodes = [node("Neg", ["x"], ["a"], {}, { name: "first" }), node("Sigmoid", ["b"], ["y"])];
  const between = node("Relu", ["a"], ["b"], {}, { name: "middle" });
  const [first = {}, last = {}] = nodes;
  const inputs = [value("x", "float32", ["n", 4, 6, 6])];
  return readBytes(
    onnxModel({ graph: graph([first, between, last], { inputs, outputs: [value("y", "float32")] }), opset }),
  );
}

/** The form in place of the Relu between the two other layers. */
function inPlace(model: Model, form: Form): Rewrite {
  const middle = liftModel(model).layer("middle");
  assert.ok(middle);
  return { remove: [middle.id], insert: [{ name: "new", form, inputs: middle.inputs, outputs: middle.outputs }] };
}

async function withForm(opset: number, form: Form): Promise<{ readonly model: Model; readonly outputs: Outputs }> {
  const model = await base(opset);
  const lowered = await lowerRewrite(model, liftModel(model), inPlace(model, form), { readsWeights: true });
  const predicted = await lowerRewrite(model, liftModel(model), inPlace(model, planned(form)), { readsWeights: false });
  assert.deepEqual(costs(predicted), costs(lowered));
  const bytes = await onnxBytes(lowered);
  assert.deepEqual(costs(await readBytes(bytes)), costs(lowered));
  return { model: await readBytes(bytes), outputs: await run(bytes, seededFeeds(model)) };
}

/** The form with weights that cannot be read. */
function planned(form: Form): Form {
  const entries = Object.entries(form).map(([key, part]: [string, unknown]) => [
    key,
    isWeights(part) ? plannedWeights(part.shape) : part,
  ]);
  return Object.fromEntries(entries) as Form;
}

function isWeights(part: unknown): part is Weights {
  return typeof part === "object" && part !== null && "read" in part;
}

/** A form with the numbers of its weights, to be compared. */
async function withNumbers(form: Form): Promise<Record<string, unknown>> {
  const entries = Object.entries(form).map(async ([key, part]: [string, unknown]) => [
    key,
    isWeights(part) ? [part.shape, [...(await part.read())]] : part,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, unknown>;
}

describe("lowering to ONNX", () => {
  for (const [name, form, since = 1] of FORMS) {
    it(`says ${name} in every operator set that has it`, async () => {
      let first: Outputs | undefined;
      for (const opset of OPSETS.filter((version) => version >= since)) {
        const { model, outputs } = await withForm(opset, form);
        first ??= outputs;
        assertSameOutputs(outputs, first);
        const layers = liftModel(model).layers.filter((layer) => layer.form.kind === form.kind);
        const found = form.kind === "activation" ? layers[0] : layers.at(-1);
        assert.ok(found);
        if (form.kind === "dense") assert.deepEqual(ops(model), ["Neg", "MatMul", "Add", "Sigmoid"]);
        // Addition and MatMul: the bias stands in a layer of its own.
        const wanted = form.kind === "dense" ? { ...form, bias: undefined } : form;
        assert.deepEqual(await withNumbers(found.form), await withNumbers(wanted));
      }
      assert.ok(first);
    });
  }

  it("writes a layer normalisation with other weights, and all else as it was", async () => {
    const norm = node("LayerNormalization", ["x", "s", "t"], ["y"], { axis: -2, epsilon: 0.25 }, { name: "norm" });
    const initializers = ["s", "t"].map((name) => tensor(name, "float32", [2, 3], [1, 2, 3, 4, 5, 6]));
    const body = graph([norm], { inputs: [value("x", "float32", ["n", 2, 3])], outputs: ["y"], initializers });
    const model = await readBytes(onnxModel({ graph: body }));
    const lifted = liftModel(model);
    const [layer] = lifted.layersOf("layer-norm");
    assert.ok(layer);
    const scale = newWeights([2, 3], Float32Array.of(6, 5, 4, 3, 2, 1));
    const replace = new Map([[layer.id, { ...layer.form, scale }]]);
    const lowered = await lowerRewrite(model, lifted, { replace }, { readsWeights: true });
    const [after] = liftModel(await readBytes(await onnxBytes(lowered))).layersOf("layer-norm");
    assert.deepEqual([after?.form.axes, after?.form.by], [[1, 2], { deviation: "from-mean", epsilon: 0.25 }]);
    assert.deepEqual(await after?.form.scale?.read(), await scale.read());
    assert.deepEqual(await after?.form.shift?.read(), Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  it("refuses what the operator set does not have", async () => {
    await assert.rejects(withForm(13, { kind: "activation", fn: "hardSwish" }), /new: HardSwish needs operator set 14/);
    await assert.rejects(withForm(9, { kind: "softmax", axes: [1], isLog: false }), /no softmax over axes 1/);
    await assert.rejects(withForm(17, { kind: "unary", fn: undefined }), /a layer of kind unary is not written/);
  });

  it("writes fused activations as nodes of their own", async () => {
    const conv: Form = {
      kind: "conv",
      weight: random(4, 4, 1, 1),
      bias: undefined,
      groups: 1,
      ...WINDOW,
      activation: { fn: "relu6" },
    };
    const { model } = await withForm(17, conv);
    assert.deepEqual(ops(model), ["Neg", "Conv", "Clip", "Sigmoid"]);
  });

  it("splits and joins", async () => {
    const model = await base(17);
    const middle = liftModel(model).layer("middle");
    assert.ok(middle);
    const rewrite: Rewrite = {
      remove: [middle.id],
      insert: [
        {
          name: "join",
          form: { kind: "concat", axis: 1, ...UNFUSED },
          inputs: ["two", "one"],
          outputs: middle.outputs,
        },
        {
          name: "part",
          form: { kind: "split", axis: 1, sizes: [1, 3] },
          inputs: middle.inputs,
          outputs: ["one", "two"],
        },
      ],
    };
    const lowered = await lowerRewrite(model, liftModel(model), rewrite, { readsWeights: true });
    assert.deepEqual(ops(lowered), ["Neg", "Split", "Concat", "Sigmoid"]);
    await run(await onnxBytes(lowered), seededFeeds(model));
  });

  for (const [spatial, size] of [
    [[6, 6], 6],
    [["h", "w"], 3],
  ] as const) {
    it(`shuffles the channels of maps of ${spatial.join("×")}`, async () => {
      const nodes = [
        node("Neg", ["x"], ["a"]),
        node("Relu", ["a"], ["b"], {}, { name: "middle" }),
        node("Neg", ["b"], ["y"]),
      ];
      const inputs = [value("x", "float32", ["n", 4, ...spatial])];
      const model = await readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: [value("y", "float32")] }) }));
      const rewrite = inPlace(model, { kind: "channel-shuffle", groups: 2 });
      const lowered = await lowerRewrite(model, liftModel(model), rewrite, { readsWeights: true });
      const positions = size * size;
      const data = Float32Array.from({ length: 2 * 4 * positions }, (_, index) => Math.floor(index / positions));
      const { y } = await run(await onnxBytes(lowered), { x: { shape: [2, 4, size, size], data } });
      const channels = y?.filter((_, index) => index % positions === 0);
      assert.deepEqual(channels, Float32Array.of(0, 2, 1, 3, 4, 6, 5, 7));
    });
  }

  it("computes declared sizes again that became stale, and resizes inputs", async () => {
    const nodes = [node("Relu", ["x"], ["a"]), node("Reshape", ["a", "s"], ["y"])];
    const declared = {
      inputs: [value("x", "float32", ["n", 4, 6, 6])],
      values: [value("a", "float32", ["n", 4, 6, 6])],
    };
    const shape = node("Constant", [], ["s"], { value_ints: [0, -1] });
    const bytes = onnxModel({
      graph: graph([shape, ...nodes], { ...declared, outputs: [value("y", "float32", ["n", 144])] }),
    });
    const model = await readBytes(bytes);
    const lifted = liftModel(model);
    const [input = -1] = model.entries[0].graph.inputs;
    const lowered = await lowerRewrite(
      model,
      lifted,
      { resize: new Map([[input, [null, null, 3, 3]]]) },
      { readsWeights: true },
    );
    const { tensors } = (await readBytes(await onnxBytes(lowered))).entries[0].graph;
    const sizes = Object.fromEntries(tensors.map(({ name, declared: type }) => [name, type?.shape]));
    assert.deepEqual(sizes, { x: ["n", 4, 3, 3], a: ["n", 4, 3, 3], s: undefined, y: ["n", 36] });
  });

  it("keeps the names of layers through edits, repeated ones too", async () => {
    const nodes = ["a", "b", "y"].map((output, index) =>
      node("Relu", [["x", "a", "b"][index] ?? ""], [output], {}, { name: "act" }),
    );
    const inputs = [value("x", "float32", ["n", 4])];
    const model = await readBytes(onnxModel({ graph: graph(nodes, { inputs, outputs: [value("y", "float32")] }) }));
    const [first] = liftModel(model).layers;
    assert.ok(first);
    const rewire = new Map([[first.outputs[0] ?? -1, first.inputs[0] ?? -1]]);
    const lowered = await lowerRewrite(model, liftModel(model), { remove: [first.id], rewire }, { readsWeights: true });
    assert.deepEqual(
      liftModel(lowered).layers.map(({ name }) => name),
      ["act#2", "act#3"],
    );
  });
});
