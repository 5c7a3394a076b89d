import assert from "node:assert/strict";
import { RunError } from "../../../profiler/errors.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { node, value } from "../../builders/onnx-builder.ts";
import { embeddingModel, identityModel, inMemory, scalingModel, tfliteConvolution, tfliteRelu } from "./tiny-models.ts";

describe("Comparing two models by running both", () => {
  it("finds no difference between a model and itself", async () => {
    const { outputs, samples, unmatched } = await compareRuns(await scalingModel(4), await scalingModel(4));
    assert.deepEqual(samples, { count: 16, description: "seeded random (seed 0)", hasLabels: false });
    assert.deepEqual(unmatched, []);
    assert.deepEqual(
      outputs.map(({ names, difference }) => [names, difference?.elements, difference?.maxAbsolute]),
      [[{ a: "y", b: "y" }, 64, 0]],
    );
    assert.equal(outputs[0]?.difference?.top1?.agreement, 1);
  });

  it("measures the outputs and the inner tensors that are asked for", async () => {
    const { outputs, tensors } = await compareRuns(await scalingModel(4), await scalingModel(4, 0.5), {
      tensors: ["product", { a: "product", b: "sum" }],
      batchSize: 3,
      calibration: { count: 7, seed: 3 },
    });
    assert.ok(Math.abs((outputs[0]?.difference?.maxAbsolute ?? 0) - 0.5) < 1e-6);
    assert.deepEqual(
      tensors.map(({ names }) => names),
      [
        { a: "product", b: "product" },
        { a: "product", b: "sum" },
      ],
    );
    assert.equal(tensors[0]?.difference?.maxAbsolute, 0);
    assert.ok(Math.abs((tensors[1]?.difference?.rms ?? 0) - 0.5) < 1e-6);
  });

  it("gives both the same, batched or one by one", async () => {
    const spec = { calibration: { count: 5 } };
    const batched = await compareRuns(await scalingModel(3), await scalingModel(3, 1), spec);
    const single = await compareRuns(await scalingModel(3), await scalingModel(3, 1, 1), spec);
    assert.deepEqual(single.outputs, batched.outputs);
  });

  it("gives a model of any batch what one for two samples at once takes, whichever comes first", async () => {
    const spec = { calibration: { count: 4 } };
    const [any, two] = [await scalingModel(3), await scalingModel(3, 1, 2)];
    for (const [a, b] of [
      [any, two],
      [two, any],
    ] as const) {
      const { outputs } = await compareRuns(a, b, spec);
      assert.ok(Math.abs((outputs[0]?.difference?.maxAbsolute ?? 0) - 1) < 1e-6);
    }
  });

  it("matches by name, else by order, and names what is left", async () => {
    const inputs = [value("x", "float32", [1, 2])];
    const a = await inMemory([node("Neg", ["x"], ["p"]), node("Abs", ["x"], ["q"])], { inputs, outputs: ["p", "q"] });
    const b = await inMemory([node("Abs", ["in"], ["q"]), node("Neg", ["in"], ["r"]), node("Relu", ["in"], ["s"])], {
      inputs: [value("in", "float32", [1, 2])],
      outputs: ["q", "r", "s"],
    });
    const { outputs, unmatched } = await compareRuns(a, b);
    assert.deepEqual(
      outputs.map(({ names, difference }) => [names.a, names.b, difference?.maxAbsolute]),
      [
        ["p", "r", 0],
        ["q", "q", 0],
      ],
    );
    assert.deepEqual(unmatched, ["s"]);
  });

  it("says why tensors are not compared", async () => {
    const narrow = await inMemory([node("Relu", ["x"], ["y"])], { inputs: [value("x", "float32", ["n", 6])] });
    const wide = await inMemory([node("Concat", ["x", "x"], ["y"], { axis: 1 })], {
      inputs: [value("x", "float32", ["n", 6])],
    });
    const { outputs } = await compareRuns(narrow, wide);
    assert.equal(outputs[0]?.difference, undefined);
    assert.match(outputs[0]?.reason ?? "", /its shape is \d+×6 in one model and \d+×12 in the other/);
  });

  it("compares TFLite models, and one format with the other", async () => {
    const relu = await inMemory([node("Relu", ["x"], ["y"])], { inputs: [value("x", "float32", ["n", 4])] });
    const quantized = await tfliteRelu({ type: "int8", quantization: { scales: [0.1], zeroPoints: [0] } });
    const { outputs } = await compareRuns(relu, quantized);
    const error = outputs[0]?.difference?.maxAbsolute ?? Number.NaN;
    assert.ok(error > 0 && error <= 0.0501, `rounding to steps of 0.1 makes an error of ${error}`);
    const same = await compareRuns(await tfliteConvolution(), await tfliteConvolution(), { tensors: ["products"] });
    assert.equal(same.tensors[0]?.difference?.maxAbsolute, 0);
  });

  it("stays within an embedding table", async () => {
    const { outputs } = await compareRuns(await embeddingModel(), await embeddingModel(), {
      calibration: { count: 40 },
    });
    assert.equal(outputs[0]?.difference?.maxAbsolute, 0);
  });

  it("stretches maps to the size that each model takes", async () => {
    const pooled = (size: number): ReturnType<typeof inMemory> =>
      inMemory([node("GlobalAveragePool", ["x"], ["y"])], { inputs: [value("x", "float32", ["n", 3, size, size])] });
    const { outputs, samples } = await compareRuns(await pooled(8), await pooled(4), { calibration: { count: 5 } });
    assert.equal(samples.count, 5);
    const error = outputs[0]?.difference?.maxAbsolute ?? NaN;
    assert.ok(error < 0.05, `the mean of a map is nearly that of the map made smaller: off by ${error}`);
    const rows = (size: number): ReturnType<typeof inMemory> =>
      inMemory([node("Relu", ["x"], ["y"])], { inputs: [value("x", "float32", ["n", size, size + 1])] });
    await assert.rejects(compareRuns(await rows(4), await rows(6)), /the same samples do not fit both/);
  });

  it("refuses models that take unlike inputs", async () => {
    const fails = async (b: Parameters<typeof compareRuns>[1], message: RegExp): Promise<void> =>
      assert.rejects(compareRuns(await scalingModel(3), b), message);
    await fails(await scalingModel(4), /input "x" takes float32 batch×4, but "x" of the other model float32 batch×3/);
    await fails(await identityModel("int32", ["batch", 3]), /takes int32/);
    await assert.rejects(compareRuns(await scalingModel(3), await scalingModel(3), { tensors: ["nowhere"] }), RunError);
  });

  it("tells its progress and is cancelled between batches", async () => {
    const seen: number[] = [];
    const options = { calibration: { count: 5 }, batchSize: 2 };
    await compareRuns(await scalingModel(2), await scalingModel(2), {
      ...options,
      onProgress: ({ done }) => seen.push(done),
    });
    assert.deepEqual(seen, [2, 4, 5]);
    const abort = new AbortController();
    const cancelled = compareRuns(await tfliteConvolution(), await tfliteConvolution(), {
      ...options,
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await assert.rejects(cancelled, { name: "AbortError" });
  });
});
