import assert from "node:assert/strict";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { ModelFormatError } from "../../../profiler/errors.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import { sparseConstant } from "../../../profiler/formats/tflite/restructure/sparse-weights.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import {
  Conv2DOptionsT,
  DepthwiseConv2DOptionsT,
  FullyConnectedOptionsT,
  Padding,
  ReducerOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { ConvForm } from "../../../profiler/neutral/forms.ts";
import { storedFormOf } from "../../../profiler/training/stored-forms.ts";
import { readConstant } from "../../../profiler/model/constant-values.ts";
import type { Model, Storage } from "../../../profiler/model/model.ts";
import type { SparseTraversal } from "../../../profiler/model/sparse-traversal.ts";
import { hostTflite } from "../../../profiler/runtime/native/bundles.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { weightReports } from "../../../profiler/views/weight-report.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { skip } from "../../skip.ts";

const MEASURED = { count: 4, seed: 2 };

/** A convolution, a depthwise one, a convolution by channel and a dense layer. */
async function network(): Promise<Model> {
  const random = new Random(3);
  const filled = (shape: readonly number[]): number[] =>
    Array.from({ length: shape.reduce((all, size) => all * size, 1) }, () => random.uniform() - 0.5);
  const weight = (name: string, ...shape: number[]) => ({ name, shape, data: filled(shape) });
  const same = { strideW: 1, strideH: 1, padding: Padding.SAME };
  const data = tfliteModel({
    tensors: [
      { name: "x", shape: [1, 6, 6, 8] },
      weight("w1", 48, 3, 3, 8),
      weight("b1", 48),
      { name: "h1", shape: [1, 6, 6, 48] },
      weight("w2", 1, 3, 3, 48),
      weight("b2", 48),
      { name: "h2", shape: [1, 6, 6, 48] },
      weight("w3", 40, 1, 1, 48),
      weight("b3", 40),
      { name: "h3", shape: [1, 6, 6, 40] },
      { name: "axes", type: "int32", shape: [2], data: [1, 2] },
      { name: "h4", shape: [1, 40] },
      weight("w5", 30, 40),
      weight("b5", 30),
      { name: "y", shape: [1, 30] },
    ],
    operators: [
      { op: "CONV_2D", inputs: ["x", "w1", "b1"], outputs: ["h1"], options: Object.assign(new Conv2DOptionsT(), same) },
      {
        op: "DEPTHWISE_CONV_2D",
        inputs: ["h1", "w2", "b2"],
        outputs: ["h2"],
        options: Object.assign(new DepthwiseConv2DOptionsT(), same, { depthMultiplier: 1 }),
      },
      {
        op: "CONV_2D",
        inputs: ["h2", "w3", "b3"],
        outputs: ["h3"],
        options: Object.assign(new Conv2DOptionsT(), same),
      },
      { op: "MEAN", inputs: ["h3", "axes"], outputs: ["h4"], options: new ReducerOptionsT() },
      { op: "FULLY_CONNECTED", inputs: ["h4", "w5", "b5"], outputs: ["y"], options: new FullyConnectedOptionsT() },
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  return readTflite(new MemorySource("few.tflite", data));
}

async function written(model: Model): Promise<Model> {
  const bytes = await modelBytes(model);
  assert.equal(bytes.length, model.fileBytes);
  return readTflite(new MemorySource("written.tflite", bytes));
}

function operators(model: Model): readonly string[] {
  return model.entries[0].graph.nodes.map(({ op }) => op);
}

describe("Few values and pruned weights of a TFLite file", function () {
  this.timeout(120_000);
  let model: Model;

  before(async () => {
    model = await network();
  });

  /** Values of a layer at most, the share of the weights that is not zero at most, and dB at least. */
  for (const [text, values, kept, decibels] of [
    ["share-weights::bits=3", 8, 1, 10],
    ["prune-weights::sparsity=0.7", Infinity, 0.5, 0],
    ["prune-weights::sparsity=0.7,bits=4", 16, 0.5, 0],
    ["mixed-precision::layers=* table4; h1 sparse0.8/4; h3 sparse0.5; y 8", 256, 1, 2],
  ] as const) {
    it(`answers alike in LiteRT.js and TFLite, and is as large as was told: ${text}`, async function () {
      const { after } = await applyEdit(model, parseEdit(text));
      const read = await written(after);
      const predicted = await predictEdit(model, parseEdit(text));
      if (predicted) assert.equal(predicted.fileBytes, read.fileBytes);
      else assert.ok(operators(read).includes("DENSIFY"));
      for (const report of await weightReports(analyseModel(read, {}))) {
        assert.ok((report.deepCompression?.values ?? 0) <= values, report.layer);
        if (values < 256) assert.ok(report.deepCompression, report.layer);
      }
      // The file holds the numbers that the layers were made with, however it stores them.
      const [made, found] = [liftModel(after).layers, liftModel(read).layers];
      let [all, stays] = [0, 0];
      for (const [at, { form }] of made.entries()) {
        const again = found[at]?.form;
        if (form.kind !== "conv" && form.kind !== "dense") continue;
        assert.ok(again?.kind === form.kind);
        const numbers = await form.weight.read();
        assert.deepEqual(await again.weight.read(), numbers);
        all += numbers.length;
        stays += numbers.filter((value) => value !== 0).length;
      }
      assert.ok(stays <= kept * all, `${stays} of ${all}`);
      const { outputs } = await compareRuns(model, read, { calibration: MEASURED });
      assert.ok((outputs[0]?.difference?.snr ?? 0) > decibels, `${outputs[0]?.difference?.snr} dB`);
      if (hostTflite() === undefined)
        skip(
          this,
          "dist/runner is not built for this machine (npm run build:runner), so that LiteRT.js alone was asked",
        );
      const inputs = {
        x: { dataType: "float32", shape: [1, 6, 6, 8], data: new Float32Array(288).fill(0.5) },
      } as const;
      const answers = [];
      for (const prefersTflite of [false, true]) {
        const session = await openSession(read, { prefersTflite });
        answers.push(Object.values(await session.run(inputs))[0]);
        await session.close();
      }
      const [js, native] = answers.map((answer) => Array.from(answer?.data as Float32Array));
      js?.forEach((value, at) =>
        assert.ok(Math.abs(value - (native?.[at] ?? NaN)) < 1e-4, `${value}, ${native?.[at]}`),
      );
    });
  }

  it("keeps what was pruned through edits before and after it, in any order", async () => {
    const edits = [
      "prune-weights:h1:sparsity=0.9",
      "share-weights:h1:bits=3",
      "quantize-weights:y:bits=8",
      "weights-float16:h3",
    ];
    for (const order of [edits, [edits[2], edits[0], edits[3], edits[1]]]) {
      let edited = model;
      for (const text of order) edited = await written((await applyEdit(edited, parseEdit(text ?? ""))).after);
      const layer = liftModel(edited).layers.find(({ name }) => name === "h1");
      assert.ok(layer?.form.kind === "conv");
      const numbers = await layer.form.weight.read();
      assert.equal(numbers.filter((value) => value !== 0).length, Math.round(0.1 * numbers.length));
      assert.ok(new Set(numbers).size <= 8);
      assert.ok(operators(edited).includes("DENSIFY"));
      // Training finds what stays where it stands in the layer, whose axes are in another order.
      const { weight } = liftModel(edited, {}, undefined, { decodes: true }).layers.find(({ name }) => name === "h1")
        ?.form as ConvForm;
      assert.equal(weight.coding?.kind, "sparse");
      assert.deepEqual(await (await storedFormOf(weight)).stored(numbers).read(), numbers);
    }
  });

  it("goes on holding weights of which none is left", async () => {
    for (const text of ["prune-weights:h2:sparsity=0.999", "prune-weights:h2:sparsity=0.999,bits=4"]) {
      const read = await written((await applyEdit(model, parseEdit(text))).after);
      const layer = liftModel(read).layers.find(({ name }) => name === "h2");
      assert.ok(layer?.form.kind === "conv", `${text}: ${layer?.form.kind}`);
      assert.deepEqual(new Set(await layer.form.weight.read()), new Set([0]));
      // Nothing of the input comes through that layer.
      const session = await openSession(read, {});
      const [one, another] = await Promise.all(
        [0, 1].map(async (value) => {
          const x = { dataType: "float32", shape: [1, 6, 6, 8], data: new Float32Array(288).fill(value) } as const;
          return Object.values(await session.run({ x }))[0]?.data;
        }),
      );
      await session.close();
      assert.deepEqual(one, another);
      assert.ok(one && Array.from(one as Float32Array).every(Number.isFinite), text);
    }
  });

  it("has indices of one byte along axes of up to 256", async () => {
    for (const [size, width] of [
      [256, 1],
      [257, 2],
    ] as const) {
      const elements = new Float32Array(8 * size);
      for (let row = 0; row < 8; row += 1) elements[row * size + 255] = row + 1;
      const constant = sparseConstant(elements, [8, size], "float32");
      assert.ok(constant?.storage.kind === "sparse");
      const [, , indices] = constant.storage.parts;
      assert.ok(indices?.kind === "bytes" && indices.bytes.length === 8 * width, `${size}`);
      assert.deepEqual([...((await readConstant(constant)) ?? [])], [...elements]);
    }
  });

  it("reads blocks and levels as the schema says them", async () => {
    // The example of TFLite's schema: 4×4 in blocks of 2×2, of which the first and the last are stored.
    const traversal: SparseTraversal = {
      order: [0, 1, 2, 3],
      blockAxes: [0, 1],
      levels: [
        { kind: "dense", size: 2 },
        { kind: "compressed", segments: "uint8", indices: "uint8" },
        { kind: "dense", size: 2 },
        { kind: "dense", size: 2 },
      ],
    };
    const part = (bytes: Uint8Array): Storage => ({ kind: "bytes", bytes, encoding: "raw" });
    const read = (segments: number[], indices: number[], about = traversal): Promise<Float64Array | undefined> => {
      const values = part(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      const parts = [values, part(Uint8Array.from(segments)), part(Uint8Array.from(indices))];
      return readConstant({
        dataType: "int8",
        shape: [4, 4],
        storedBytes: 0,
        storage: { kind: "sparse", parts, traversal: about },
        isSparse: true,
      });
    };
    assert.deepEqual([...((await read([0, 1, 2], [0, 1])) ?? [])], [1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0, 7, 8]);
    for (const broken of [
      read([0, 2, 1], [0, 1]),
      read([0, 1, 3], [0, 1]),
      read([0, 1, 2], [0, 9]),
      read([0, 2, 3], [0, 1, 1]),
      // Fewer segments than places would leave values out.
      read([0, 2], [0, 1]),
      read([1, 1, 2], [0, 1]),
      read([0, 1, 2], [0, 1], { ...traversal, blockAxes: [0, -1] }),
      readConstant({
        dataType: "int8",
        shape: [2, 2],
        storedBytes: 0,
        storage: {
          kind: "sparse",
          parts: [
            part(Uint8Array.of(1, 2)),
            part(Uint8Array.of(0, 1, 2)),
            part(new Uint8Array(Int32Array.of(0, -1).buffer)),
          ],
          traversal: {
            order: [0, 1],
            blockAxes: [],
            levels: [
              { kind: "dense", size: 2 },
              { kind: "compressed", segments: "uint8", indices: "int32" },
            ],
          },
        },
        isSparse: true,
      }),
      read([0, 1, 2], [0, 1], { ...traversal, order: [0, 1, 1, 3] }),
      read([0, 1, 2], [0, 1], { ...traversal, levels: traversal.levels.slice(1) }),
    ])
      await assert.rejects(broken, ModelFormatError);
  });
});
