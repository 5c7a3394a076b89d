import assert from "node:assert/strict";
import { openSamples } from "../../../profiler/calibration/sample-set.ts";
import { captureActivations } from "../../../profiler/runtime/capture.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { inputPorts } from "../../../profiler/runtime/model-ports.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { node, tensor, value, type Dims, type OnnxNode } from "../../builders/onnx-builder.ts";
import { inMemory, valuesOf } from "./tiny-models.ts";

const made = (
  nodes: readonly OnnxNode[],
  shape: Dims,
  initializers: Parameters<typeof tensor>[] = [],
): Promise<Model> =>
  inMemory(nodes, { inputs: [value("x", "float32", shape)], initializers: initializers.map((one) => tensor(...one)) });

/** Dequantized again, so that the range shows in the numbers. */
const dynamicallyQuantized = (): Promise<Model> =>
  made(
    [node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]), node("DequantizeLinear", ["q", "s", "z"], ["y"])],
    ["batch", 4],
  );

const reduced = (axis: number): Promise<Model> =>
  made([node("ReduceMax", ["x"], ["m"], { axes: [axis] }), node("Sub", ["x", "m"], ["y"])], ["batch", 4]);

const softmax = (axis: number): Promise<Model> => made([node("Softmax", ["x"], ["y"], { axis })], ["batch", 4]);

/** The steps come first, or behind a transposition that brings the batch there. */
const recurrent = (shape: Dims, isTransposed: boolean): Promise<Model> => {
  const weights = Array.from({ length: 9 }, (_, index) => Math.sin(index));
  const turned = node("Transpose", ["x"], ["steps"], { perm: [1, 0, 2] });
  const layer = node("RNN", [isTransposed ? "steps" : "x", "w", "r"], ["y"], { hidden_size: 3 });
  return made(isTransposed ? [turned, layer] : [layer], shape, [
    ["w", "float32", [1, 3, 3], weights],
    ["r", "float32", [1, 3, 3], weights],
  ]);
};

const mostPerRun = async (model: Model): Promise<number> => {
  const samples = await openSamples({ count: 4 }, inputPorts(model));
  await samples.close();
  return samples.mostPerRun;
};

async function answers(model: Model, batchSize: number): Promise<number[]> {
  const found: number[] = [];
  const runs = captureActivations(model, ["y"], { count: 4 }, { batchSize });
  for await (const { activations } of runs) found.push(...valuesOf(activations.get("y")));
  return found;
}

describe("Samples of models whose answers depend on the batch", () => {
  it("are run one by one where an operator takes its range, a sum or a softmax over all of them", async () => {
    for (const model of [await dynamicallyQuantized(), await reduced(0), await reduced(-2), await softmax(0)])
      assert.equal(await mostPerRun(model), 1);
    const centred = await made([node("MeanVarianceNormalization", ["x"], ["y"])], ["n", 2, 2, 2]);
    assert.equal(await mostPerRun(centred), 1);
  });

  it("are run together where it takes that over each by itself", async () => {
    const nodes = [node("MeanVarianceNormalization", ["x"], ["y"], { axes: [2, 3] })];
    const separate = [await reduced(1), await softmax(-1), await made(nodes, ["n", 2, 2, 2])];
    for (const model of separate) assert.equal(await mostPerRun(model), Number.POSITIVE_INFINITY);
    assert.equal(await mostPerRun(await recurrent(["batch", 5, 3], true)), Number.POSITIVE_INFINITY);
  });

  it("give the same answers whatever batch is asked for", async () => {
    for (const model of [await dynamicallyQuantized(), await reduced(0), await reduced(1)])
      assert.deepEqual(await answers(model, 4), await answers(model, 1));
  });

  it("are as far from the float model as each one by itself, where only the compared one mixes them", async () => {
    const plain = await made([node("Identity", ["x"], ["y"])], ["batch", 4]);
    const calibration = { count: 4 };
    const [together, single] = [
      await compareRuns(plain, await dynamicallyQuantized(), { calibration }),
      await compareRuns(plain, await dynamicallyQuantized(), { calibration, batchSize: 1 }),
    ];
    assert.deepEqual(together.outputs, single.outputs);
  });

  it("have the first dimension too where it is the steps of a sequence, by a recurrent layer or by its name", async () => {
    const named = await made([node("Relu", ["x"], ["y"])], ["seq_len", "batch", 3]);
    for (const model of [await recurrent(["steps", 1, 3], false), named]) {
      const [port] = inputPorts(model);
      const samples = await openSamples({ count: 2, dimensions: { steps: 5, seq_len: 5 } }, port ? [port] : []);
      const { inputs } = await samples.batch(1, 1);
      await samples.close();
      assert.deepEqual([samples.mostPerRun, inputs.x?.shape], [1, [5, 1, 3]]);
    }
  });
});
