import assert from "node:assert/strict";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import { onnx } from "../../../profiler/formats/onnx/schema/onnx.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { graph, node, onnxModel, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { readBytes, weights } from "./edited-model.ts";

const SIZE = 48;
const SAMPLES = { count: 4, seed: 1 };
const TABLE = weights("table", [SIZE, SIZE]);
const TIED = node("MatMul", ["x", "table"], ["y"]);
const INPUTS = [value("x", "float32", [4, SIZE]), value("ids", "int64", [3])];

function model(nodes: readonly OnnxNode[], outputs: readonly string[], initializers = [TABLE]): Promise<Model> {
  const ends = outputs.map((name) => value(name, "float32"));
  return readBytes(onnxModel({ graph: graph(nodes, { inputs: INPUTS, outputs: ends, initializers }) }));
}

describe("An edit that stores weights in less, of the whole model", () => {
  for (const [why, nodes, outputs] of [
    ["an embedding reads too", [node("Gather", ["table", "ids"], ["e"]), TIED], ["y", "e"]],
    [
      "an embedding reads too, transposed",
      [
        node("Gather", ["table", "ids"], ["e"]),
        node("Transpose", ["table"], ["t"], { perm: [1, 0] }),
        node("MatMul", ["x", "t"], ["y"]),
      ],
      ["y", "e"],
    ],
    ["are an output", [TIED], ["y", "table"]],
    ["two layers read in two ways", [TIED, node("Gemm", ["y", "table"], ["z"], { transB: 1 })], ["z"]],
  ] as const) {
    it(`leaves weights alone that ${why}: the file would grow`, async () => {
      const base = await model(nodes, outputs);
      await assert.rejects(applyEdit(base, parseEdit("weights-float16:")), /no layer has weights that would take less/);
    });
  }

  it("counts what sparse and decoded weights take as they are stored", async () => {
    const decoded = [
      node("Cast", ["bytes"], ["cast"], { to: 1 }),
      node("Mul", ["cast", "scale"], ["table"]),
      TIED,
      node("MatMul", ["y", "w"], ["z"]),
    ];
    const bytes = tensor(
      "bytes",
      "int8",
      [SIZE, SIZE],
      Array.from({ length: SIZE * SIZE }, (_, at) => (37 * at) % 255),
    );
    const base = await model(
      decoded,
      ["z"],
      [bytes, tensor("scale", "float32", [], [0.01]), weights("w", [SIZE, SIZE])],
    );
    const { after } = await applyEdit(base, parseEdit("weights-float16:"));
    const halved = after.entries[0].graph.tensors.filter(({ constant }) => constant?.dataType === "float16");
    assert.equal(halved.length, 1);
    assert.ok(after.fileBytes < base.fileBytes);
  });

  it("is as large as predicted of weights of which most are zero, and keeps the zeros", async () => {
    const sparse = Array.from({ length: SIZE * SIZE }, (_, at) => (at % 5 === 0 ? Math.sin(at) : 0));
    const base = await model([TIED], ["y"], [tensor("table", "float32", [SIZE, SIZE], sparse)]);
    const edit = parseEdit("share-weights::bits=3");
    const { after } = await applyEdit(base, edit);
    const bytes = await modelBytes(after);
    assert.deepEqual([(await predictEdit(base, edit))?.fileBytes, after.fileBytes], [bytes.length, bytes.length]);
    const [layer] = liftModel(await readBytes(bytes), {}, undefined, { decodes: true }).layers.filter(
      ({ form }) => form.kind === "dense",
    );
    assert.ok(layer?.form.kind === "dense");
    const zeros = (await layer.form.weight.read()).filter((weight) => weight === 0).length;
    assert.ok(zeros >= 0.8 * SIZE * SIZE - SIZE, `${zeros}`);
  });

  it("says why nothing is changed where all weights are decoded from few bits", async () => {
    const { after } = await applyEdit(await model([TIED], ["y"]), parseEdit("quantize-weights:y:bits=4"));
    const small = await readBytes(await modelBytes(after));
    for (const edit of ["quantize-weights:", "mixed-precision:", "quantize-model:"])
      await assert.rejects(predictEdit(small, parseEdit(edit)), /y: its weights are stored in uint8/, edit);
  });
});

describe("A model that computes in integers", () => {
  it("leaves a product in float whose first operand is constant, and says so", async () => {
    const nodes = [TIED, node("Relu", ["y"], ["r"]), node("MatMul", ["left", "r"], ["z"])];
    const base = await model(nodes, ["z"], [TABLE, weights("left", [5, 4])]);
    const { after } = await applyEdit(base, parseEdit("quantize-model:"));
    const { outputs } = await compareRuns(base, await readBytes(await modelBytes(after)), { calibration: SAMPLES });
    assert.ok((outputs[0]?.difference?.snr ?? 0) > 30, `${outputs[0]?.difference?.snr} dB`);
  });
});

describe("Weights that a caller of the model may override", () => {
  it("are constants once they are stored in another way: ONNX Runtime folds what decodes them", async () => {
    const listed = value("table", "float32", [SIZE, SIZE]);
    const main = graph([TIED], {
      inputs: [...INPUTS, listed],
      outputs: [value("y", "float32")],
      initializers: [TABLE],
    });
    const base = await readBytes(onnxModel({ graph: main, irVersion: 8 }));
    const { after } = await applyEdit(base, parseEdit("quantize-weights:y"));
    const bytes = await modelBytes(after);
    const inputs = onnx.ModelProto.decode(bytes).graph?.input ?? [];
    assert.deepEqual(
      inputs.map(({ name }) => name),
      ["x", "ids"],
    );
    const predicted = await predictEdit(base, parseEdit("quantize-weights:y"));
    assert.deepEqual([predicted?.fileBytes, after.fileBytes], [bytes.length, bytes.length]);
    const { outputs } = await compareRuns(base, await readBytes(bytes), { calibration: SAMPLES });
    assert.ok((outputs[0]?.difference?.snr ?? 0) > 35);
  });
});
