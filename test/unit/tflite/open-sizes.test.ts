import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EditSession } from "../../../profiler/editing/edit-session.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { CalibrationSpec } from "../../../profiler/calibration/spec.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { bytesOf, npyFile } from "../runtime/npy-file.ts";
import { bindInputs, dynamicNames } from "../../../profiler/bindings.ts";
import { openSamples } from "../../../profiler/calibration/sample-set.ts";
import { prepareRun } from "../../../profiler/device/prepared-run.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import {
  Conv2DOptionsT,
  FullyConnectedOptionsT,
  PackOptionsT,
  Padding,
  ReducerOptionsT,
  ShapeOptionsT,
  StridedSliceOptionsT,
  TensorType,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { activationsOn } from "../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { inputPorts } from "../../../profiler/runtime/model-ports.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import type { TensorSpec } from "../../builders/tflite-builder.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { readBytes, readSpec } from "./analyse.ts";

/** How a file says the size of a tensor that follows from the run's. */
type Saying = (name: string, shape: readonly number[], open: readonly number[]) => TensorSpec;

const signed: Saying = (name, shape, open) => ({
  name,
  shape,
  signature: shape.map((size, axis) => (open.includes(axis) ? -1 : size)),
});

const fixed: Saying = (name, shape) => ({ name, shape });

/** The input's, and that of all other tensors; whether the file says ranks. */
const WAYS: Readonly<Record<string, readonly [Saying, Saying, boolean]>> = {
  "by signatures": [signed, signed, true],
  "by signatures, before ranks were said": [signed, signed, false],
  "not at all, not even their ranks": [signed, (name) => ({ name, shape: [], hasRank: false }), true],
  "as numbers behind an open input": [signed, fixed, true],
};

function network([input, inner, saysRank]: readonly [Saying, Saying, boolean]): Promise<Model> {
  const random = new Random(5);
  const weights = (name: string, shape: readonly number[]): TensorSpec => ({
    name,
    shape,
    data: Array.from(random.normals(shape.reduce((a, b) => a * b, 1))),
  });
  const ranked = (tensor: TensorSpec): TensorSpec => ({ hasRank: saysRank, ...tensor });
  const conv = (): Conv2DOptionsT =>
    Object.assign(new Conv2DOptionsT(), { strideW: 2, strideH: 2, padding: Padding.SAME });
  return readSpec({
    tensors: [
      input("x", [1, 8, 6, 3], [0, 1, 2]),
      weights("w", [24, 3, 3, 3]),
      weights("b", [24]),
      inner("c", [1, 4, 3, 24], [0, 1, 2]),
      weights("w2", [32, 1, 1, 24]),
      weights("b2", [32]),
      inner("d", [1, 2, 2, 32], [0, 1, 2]),
      { name: "axes", type: "int32", shape: [2], data: [1, 2] } as const,
      inner("m", [1, 32], [0]),
      weights("fc", [5, 32]),
      weights("fb", [5]),
      inner("y", [1, 5], [0]),
    ].map(ranked),
    operators: [
      { op: "CONV_2D", inputs: ["x", "w", "b"], outputs: ["c"], options: conv() },
      { op: "CONV_2D", inputs: ["c", "w2", "b2"], outputs: ["d"], options: conv() },
      { op: "MEAN", inputs: ["d", "axes"], outputs: ["m"], options: new ReducerOptionsT(false) },
      { op: "FULLY_CONNECTED", inputs: ["m", "fc", "fb"], outputs: ["y"], options: new FullyConnectedOptionsT() },
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
}

/** @returns its weights after an edit that is fitted to samples of these sizes, which the file still leaves open */
async function edited(model: Model, text: string, dimensions = {}): Promise<Model> {
  const calibration = { count: 2, seed: 1, dimensions };
  const activationsOf = (each: Model): ReturnType<typeof activationsOn> => activationsOn(each, calibration);
  const { fixes, after } = await applyEdit(model, parseEdit(text), { bindings: dimensions, activationsOf });
  assert.deepEqual(fixes, {});
  return readBytes(await tfliteBytes(after));
}

function weightsOf(model: Model): Promise<readonly Float32Array[]> {
  const layers = liftModel(model, {}, undefined, { decodes: true }).layers;
  return Promise.all(
    layers.flatMap(({ form }) => (form.kind === "conv" || form.kind === "dense" ? [form.weight.read()] : [])),
  );
}

describe("TFLite models of open sizes", function () {
  this.timeout(60_000);

  let closed: Promise<readonly Float32Array[]> | undefined;
  for (const [name, way] of Object.entries(WAYS)) {
    it(`are edited by samples as others are: inner tensors' sizes are said ${name}`, async () => {
      closed ??= network([fixed, fixed, true])
        .then((model) => edited(model, "quantize-weights:"))
        .then(weightsOf);
      const found = await weightsOf(await edited(await network(way), "quantize-weights:"));
      assert.equal(found.length, 3);
      assert.deepEqual(found, await closed);
    });
  }

  it("run at the sizes that they are shown with, where nobody gives others", async () => {
    const model = await network([signed, signed, true]);
    const session = await openSession(model);
    for (const ports of [inputPorts(model), session.inputs]) {
      const samples = await openSamples({ count: 2 }, ports);
      assert.deepEqual((await samples.batch(0, 1)).inputs.x?.shape, [1, 8, 6, 3]);
    }
    await session.close();
    const { dimensions } = bindInputs(model, {});
    assert.deepEqual(
      dimensions.map(({ value }) => value),
      [1, 8, 6],
    );
  });

  it("are edited by samples of any size, and run at others", async () => {
    const model = await network(WAYS["not at all, not even their ranks"] ?? [signed, signed, true]);
    const after = await edited(model, "quantize-model:", { "x[1]": 5, "x[2]": 11 });
    assert.deepEqual(dynamicNames(after), ["x[0]", "x[1]", "x[2]"]);
    const { outputs } = await compareRuns(model, after, { calibration: { count: 2, dimensions: { "x[1]": 9 } } });
    const snr = outputs[0]?.difference?.snr ?? 0;
    assert.ok(snr > 8, `${snr} dB`);
  });

  it("run where a tensor that they compute says the size of what they give", async () => {
    const ints = (name: string, data: readonly number[], shape = [data.length]): TensorSpec => ({
      ...{ name, type: "int32", shape, data: [...data] },
    });
    const open = (name: string, shape: readonly number[]): TensorSpec => signed(name, shape, [shape.length - 2]);
    const model = await readSpec({
      tensors: [
        open("x", [1, 1, 4]),
        ...[ints("[-1,4]", [-1, 4]), ints("[1]", [1]), ints("[2]", [2]), ints("1", [1], []), ints("5", [5], [])],
        { name: "w", shape: [5, 4], data: Array.from({ length: 20 }, (_, index) => Math.sin(index)) },
        ...[open("rows", [1, 4]), open("r", [1, 5]), open("y", [1, 1, 5])],
        ...["of x", "count", "of y"].map((name, place) => ({
          name,
          type: "int32" as const,
          shape: [[3], [], [3]][place] ?? [],
        })),
      ].map((tensor) => ({ hasRank: true, ...tensor })),
      operators: [
        { op: "RESHAPE", inputs: ["x", "[-1,4]"], outputs: ["rows"] },
        { op: "FULLY_CONNECTED", inputs: ["rows", "w"], outputs: ["r"], options: new FullyConnectedOptionsT() },
        { op: "SHAPE", inputs: ["x"], outputs: ["of x"], options: new ShapeOptionsT(TensorType.INT32) },
        {
          ...{ op: "STRIDED_SLICE", inputs: ["of x", "[1]", "[2]", "[1]"], outputs: ["count"] },
          options: Object.assign(new StridedSliceOptionsT(), { shrinkAxisMask: 1 }),
        },
        { op: "PACK", inputs: ["1", "count", "5"], outputs: ["of y"], options: new PackOptionsT(3, 0) },
        { op: "RESHAPE", inputs: ["r", "of y"], outputs: ["y"] },
      ],
      ...{ inputs: ["x"], outputs: ["y"] },
    });
    const { outputs } = await compareRuns(model, model, { calibration: { count: 2, dimensions: { "x[1]": 3 } } });
    assert.deepEqual(
      outputs.map(({ difference }) => difference?.elements),
      [2 * 3 * 5],
    );
  });

  it("and of fixed ones are measured at the sizes that they are profiled at, by the same names", async () => {
    const model = await network([fixed, fixed, true]);
    const { inputs, outputs } = await prepareRun(model, { dimensions: { "x[1]": 5, "x[2]": 11 } });
    assert.deepEqual(
      [inputs.x?.shape, outputs.y?.shape],
      [
        [1, 5, 11, 3],
        [1, 5],
      ],
    );
    await assert.rejects(
      prepareRun(model, { dimensions: { height: 5 } }),
      /no dimension is called "height".*no dynamic/,
    );
  });

  it("and of fixed ones are edited, checked and compared on samples of the sizes that they are looked at with", async () => {
    const model = await network([fixed, fixed, true]);
    const folder = await temporaryFolder();
    const path = join(folder.path, "maps.npy");
    await writeFile(path, npyFile("<f4", [6, 5, 11, 3], bytesOf(new Random(1).normals(6 * 5 * 11 * 3))));
    const calibration: CalibrationSpec = { inputs: { "": { kind: "array", path } } };
    const bindings = { "x[1]": 5, "x[2]": 11 };
    const settings = { hardware: DEFAULT_HARDWARE, bindings, calibration, fitsToSamples: true };
    const session = new EditSession(model, settings);
    try {
      const step = await session.apply(parseEdit("reduce-channels:c:ratio=0.5"));
      assert.equal(step.isUnfitted, false);
      const { outputs, tensors, samples } = await session.check(step);
      assert.equal(samples.count, 6);
      assert.equal(outputs[0]?.difference?.elements, 6 * 5);
      assert.ok(
        tensors.some(({ difference }) => difference?.elements === 6 * 2 * 3 * 32),
        JSON.stringify(tensors),
      );
      const { result } = await session.fit({ budget: { macs: 0.7 * session.totalsOf().macs } });
      assert.ok(result.isMet);
      const { shape } = step.after.entries[0].graph.tensors.find(({ name }) => name === "x")?.declared ?? {};
      assert.deepEqual(shape, [1, 8, 6, 3], "a size is a way of looking");
    } finally {
      await session.close();
      await folder.remove();
    }
  });
});
