import assert from "node:assert/strict";
import { mapTimes } from "../../../profiler/device/map-times.ts";
import { profiledLevel } from "../../../profiler/device/profiled-level.ts";
import type { ProfiledOperator } from "../../../profiler/device/ort-profile.ts";
import type { LayerTimes } from "../../../profiler/device/run-result.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { node, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { layerProfile } from "../../builders/profile-builder.ts";
import { QDQ_CASES } from "../onnx/fusion/qdq-cases.ts";
import { modelOfBytes, modelOfFile } from "../../builders/read-model.ts";
import { mobilenetV2 } from "../../zoo/networks/mobilenet-v2.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { edit, edited, readBytes } from "../restructure/edited-model.ts";
import { inMemory, scalingModel } from "../runtime/tiny-models.ts";
import { optimizedOperators } from "./optimized-operators.ts";

const ran = (name: string, op: string, seconds: number, path: readonly string[] = []): ProfiledOperator => ({
  name,
  op,
  seconds,
  path,
  outputShapes: [],
});

/** The times of one run of a second, with the operators that the model really has when it is optimized. */
async function mapped(model: Model, operators: readonly ProfiledOperator[]): Promise<LayerTimes> {
  const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
  return mapTimes([{ seconds: 1, operators }], await optimizedOperators(model, "basic"), layers);
}

describe("times of a profile on the rows of the table", () => {
  it("gives what was fused to the row that it is", async () => {
    // Nothing is added: ONNX Runtime drops the Add, and ReLU reads the product.
    const times = await mapped(await scalingModel(4), [ran("dense", "MatMul", 0.5), ran("Relu_9", "Relu", 0.25)]);
    const [dense, relu] = times.rows;
    assert.deepEqual([dense?.layer, dense?.fused, dense?.seconds], [0, [], 0.5]);
    assert.deepEqual([relu?.layer, relu?.fused, relu?.seconds], [2, [1], 0.25]);
    assert.deepEqual(
      times.unmapped.map(({ name, seconds }) => [name, seconds]),
      [["ONNX Runtime between operators", 0.25]],
    );
  });

  it("gives operators that spell a row out to that row", async () => {
    const model = await inMemory([node("HardSwish", ["x"], ["y"], {}, { name: "swish" })], {
      inputs: [value("x", "float32", [1, 8])],
      initializers: [],
    });
    const operators = (await optimizedOperators(model, "basic")) ?? [];
    assert.ok(operators.length > 1);
    const times = await mapped(
      model,
      operators.map(({ op }, index) => ran(`${op}_${index}`, op, 1 / operators.length)),
    );
    assert.deepEqual([times.rows.length, times.rows[0]?.layer, times.unmapped.length], [1, 0, 0]);
  });

  it("gives a model in half precision, which runs in float32 here, each operator's time where its node is", async () => {
    const weights = ["first", "second", "third"].map((name) => tensor(name, "float16", [4, 4, 3, 3]));
    const conv = (from: string, name: string, to: string): OnnxNode =>
      node("Conv", [from, name], [to], { pads: [1, 1, 1, 1] }, { name: `/${name}/Conv` });
    const model = await inMemory(
      [
        conv("x", "first", "a"),
        node("Relu", ["a"], ["b"], {}, { name: "/relu" }),
        conv("b", "second", "c"),
        conv("c", "third", "y"),
      ],
      { inputs: [value("x", "float16", [1, 4, 8, 8])], initializers: weights },
    );
    for (const level of ["basic", "all"] as const) {
      const operators = (await optimizedOperators(model, level)) ?? [];
      const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
      const run = { seconds: operators.length, operators: operators.map(({ op, name }) => ran(name, op, 1)) };
      const { rows, unmapped } = mapTimes([run], operators, layers, level);
      const convs = rows.filter(({ op }) => op === "Conv");
      assert.deepEqual(
        [convs.map(({ name }) => name), unmapped],
        [["/first/Conv", "/second/Conv", "/third/Conv"], []],
        level,
      );
      // Casts and changes of the layout stand with what they are for.
      assert.ok(
        convs.every(({ seconds }) => seconds < 1 + operators.length / 2),
        level,
      );
    }
  });

  it("gives an operator on integers, with its Q and DQ, one row", async () => {
    const { bytes } = QDQ_CASES.find(({ title }) => title === "per channel, Conv, uint8, int8") ?? {};
    assert.ok(bytes);
    const model = await readBytes(bytes);
    const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
    assert.equal(profiledLevel(layers), "all");
    const level = profiledLevel(layers, "basic");
    assert.equal(level, "extended");
    const operators = (await optimizedOperators(model, level)) ?? [];
    const profiled = operators.map(({ op, name }) => ran(name, op, 1 / operators.length));
    const times = mapTimes([{ seconds: 1, operators: profiled }], operators, layers, level);
    assert.deepEqual(
      times.rows.map(({ op }) => op),
      ["QuantizeLinear", "Conv", "DequantizeLinear"],
    );
    assert.ok(times.rows.every(({ layer }) => layers[layer]?.role === "compute"));
    assert.deepEqual([times.optimization, times.unmapped], ["extended", []]);
    const plain = layers.filter(({ role }) => role !== "fused");
    assert.equal(profiledLevel(plain, "basic"), "basic");
  });

  it("finds all of what runs at all optimizations: layouts in blocks, activations in convolutions", async () => {
    const model = await modelOfBytes("mobilenet.onnx", toBytes(toOnnx(mobilenetV2({ width: 0.5, size: 32 })).model));
    const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
    const operators = (await optimizedOperators(model, "all")) ?? [];
    assert.ok(operators.length > 20 && operators.length < layers.length);
    const profiled = operators.map(({ op, name }) => ran(name, op, 1 / operators.length));
    const times = mapTimes([{ seconds: 1, operators: profiled }], operators, layers);
    assert.deepEqual([times.optimization, times.unmapped], ["all", []]);
    const convolutions = layers.filter(({ kind, role }) => kind === "conv" && role === "compute");
    const found = new Set(times.rows.map(({ layer }) => layer));
    assert.deepEqual(
      convolutions.filter(({ index }) => !found.has(index)).map(({ name }) => name),
      [],
    );
  });

  for (const name of ["digits_lenet", "digits_resnet", "digits_inception"])
    it(`finds all of what runs of ${name} in integers, a row for each`, async () => {
      const { model } = await edited(await modelOfFile(`media/samples/${name}.onnx`), edit("quantize-model"));
      const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
      const operators = (await optimizedOperators(model, "all")) ?? [];
      assert.ok(operators.some(({ op }) => op.startsWith("QLinear")));
      const profiled = operators.map(({ op, name: of }) => ran(of, op, 1));
      const { rows, unmapped } = mapTimes([{ seconds: operators.length, operators: profiled }], operators, layers);
      assert.deepEqual(unmapped, []);
      const timed = new Set(rows.map(({ layer }) => layer));
      assert.equal(timed.size, rows.length);
      const computing = layers.filter(({ role, kind }) => role === "compute" && kind !== "reshape");
      assert.deepEqual(
        computing.filter(({ index }) => !timed.has(index)).map(({ op }) => op),
        [],
      );
    });

  it("tells operators on integers apart that run in another layout and have no names: by weights, and by what they read", async () => {
    const scale = tensor("scale", "float32", []);
    const zero = tensor("zero", "uint8", []);
    const weights = ["first", "second", "third"].map((name) => tensor(name, "int8", [4, 4, 3, 3]));
    const weightZero = tensor("weightZero", "int8", []);
    const conv = (from: string, weight: string, to: string): OnnxNode =>
      node("QLinearConv", [from, "scale", "zero", weight, "scale", "weightZero", "scale", "zero"], [to], {
        pads: [1, 1, 1, 1],
      });
    const add = (a: string, b: string, to: string): OnnxNode =>
      node(
        "QLinearAdd",
        [a, "scale", "zero", b, "scale", "zero", "scale", "zero"],
        [to],
        {},
        { domain: "com.microsoft" },
      );
    const model = await inMemory(
      [
        conv("x", "first", "a"),
        conv("a", "second", "b"),
        add("a", "b", "c"),
        conv("c", "third", "d"),
        add("c", "d", "y"),
      ],
      { inputs: [value("x", "uint8", [1, 4, 8, 8])], initializers: [scale, zero, weightZero, ...weights] },
    );
    const operators = (await optimizedOperators(model, "all")) ?? [];
    assert.ok(operators.filter(({ op }) => op === "Transpose").length === 2);
    const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
    const profiled = operators.map(({ op, name }, index) => ran(name || `${op}_${index}`, op, 1));
    const run = { seconds: operators.length, operators: profiled };
    const { rows, unmapped } = mapTimes([run], operators, layers);
    assert.deepEqual(unmapped, []);
    assert.deepEqual(
      rows.map(({ layer, seconds }) => [layer, seconds]),
      [
        [0, 2],
        [1, 1],
        [2, 1],
        [3, 1],
        [4, 2],
      ],
    );
  });

  it("puts each row in one place: a concatenation of blocked tensors and what reads it, and what changes a result's layout", async () => {
    // Weights of their own: ONNX Runtime runs what two operators have in common once.
    const kernel = (name: string, channels: number, fill: number) =>
      tensor(name, "float32", [16, channels, 1, 1], new Array<number>(16 * channels).fill(fill));
    const model = await inMemory(
      [
        node("Conv", ["x", "k"], ["left"], {}, { name: "left" }),
        node("Conv", ["x", "l"], ["right"], {}, { name: "right" }),
        node("Concat", ["left", "right"], ["both"], { axis: 1 }, { name: "both" }),
        node("Conv", ["both", "wide"], ["sum"], {}, { name: "sum" }),
        node("Relu", ["sum"], ["y"], {}, { name: "relu" }),
      ],
      {
        inputs: [value("x", "float32", [1, 16, 8, 8])],
        initializers: [kernel("k", 16, 1), kernel("l", 16, 2), kernel("wide", 32, 3)],
      },
    );
    const { layers } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
    const operators = (await optimizedOperators(model, "all")) ?? [];
    const seconds = 1 / operators.length;
    const run = { seconds: 1, operators: operators.map(({ op, name }) => ran(name, op, seconds)) };
    const { rows } = mapTimes([run], operators, layers, "all");
    const told = rows.map(({ op, fused }) => [op, fused]);
    assert.deepEqual(told, [
      ["Conv", []],
      ["Conv", []],
      ["Concat", []],
      ["Conv", [4]],
    ]);
    assert.ok(Math.abs(rows.reduce((sum, row) => sum + row.seconds, 0) - 1) < 1e-9);
  });

  it("finds rows by names alone where the graph is not told: without marks of layouts, and fused", () => {
    const layers = [layerProfile("a", { index: 0 }), layerProfile("b", { index: 1, op: "Gemm" })];
    const operators = [ran("a_nchwc", "Conv", 0.5), ran("b_token_12", "FusedGemm", 0.25), ran("a", "Relu", 0.25)];
    const times = mapTimes([{ seconds: 1, operators }], undefined, layers);
    assert.deepEqual(
      times.rows.map(({ layer, seconds }) => [layer, seconds]),
      [
        [0, 0.5],
        [1, 0.25],
      ],
    );
    assert.deepEqual(
      times.unmapped.map(({ name, op }) => [name, op]),
      [["a", "Relu"]],
    );
  });

  it("never drops what belongs to no row", async () => {
    const times = await mapped(await scalingModel(4), [ran("Relu_9", "Relu", 0.25), ran("ghost", "Transpose", 0.5)]);
    assert.ok(times.unmapped.some(({ name }) => name === "ghost"));
    const sum = [...times.rows, ...times.unmapped].reduce((total, { seconds }) => total + seconds, 0);
    assert.equal(sum, times.totalSeconds);
  });

  it("takes the quicker half of the runs", () => {
    const seconds = [1, 9, 2, 8];
    const runs = seconds.map((time) => ({ seconds: time, operators: [ran("a", "Relu", time)] }));
    const times = mapTimes(runs, undefined, []);
    assert.deepEqual([times.runs, times.totalSeconds], [2, 1.5]);
  });

  it("names the row, and says how far its runs lie apart, the slower ones too", () => {
    const layer = layerProfile("a", { op: "Relu" });
    const runs = [1, 2, 3, 4, 5].map((time) => ({
      seconds: 2 * time,
      operators: [ran("a", "Relu", time), ran("a", "Relu", time)],
    }));
    const [row] = mapTimes(runs, undefined, [layer]).rows;
    assert.deepEqual([row?.name, row?.op, row?.seconds, row?.spread], ["a", "Relu", 4, 2]);
    assert.equal(mapTimes(runs.slice(1), undefined, [layer]).rows[0]?.spread, null, "four say nothing of their noise");
  });
});
