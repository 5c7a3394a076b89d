import assert from "node:assert/strict";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import { activationsOn } from "../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { restructuringOf } from "../../../profiler/restructure/registry.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { readBytes } from "./edited-model.ts";

const half = (name: string, dims: readonly number[]) =>
  tensor(
    name,
    "float16",
    dims,
    Array.from(
      new Random(name.length).normals(dims.reduce((product, size) => product * size, 1)),
      (number) => number / 8,
    ),
  );

const MODEL = readBytes(
  onnxModel({
    graph: graph(
      [
        node("Conv", ["x", "cw"], ["c"], { pads: [1, 1, 1, 1] }, { name: "conv" }),
        node("Relu", ["c"], ["r"]),
        node("GlobalAveragePool", ["r"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("Gemm", ["f", "gw"], ["y"], { transB: 1 }, { name: "fc" }),
      ],
      {
        inputs: [value("x", "float16", [1, 8, 8, 8])],
        outputs: [value("y", "float16", [1, 32])],
        initializers: [half("cw", [64, 8, 3, 3]), half("gw", [32, 64])],
      },
    ),
  }),
);

describe("Weights of a model in float16", () => {
  for (const [text, decibels] of [
    ["quantize-weights:", 30],
    ["quantize-weights::bits=4,block=32", 12],
    ["share-weights:", 12],
    ["binarize-weights:fc", 1],
    ["prune-weights::sparsity=0.7,bits=4", 3],
  ] as const) {
    it(`decode to float16, in which the layer computes: ${text}`, async () => {
      const model = await MODEL;
      const edit = parseEdit(text);
      const { after } = await applyEdit(model, edit);
      const bytes = await modelBytes(after);
      const { outputs } = await compareRuns(model, await readBytes(bytes), { calibration: { count: 8, seed: 1 } });
      assert.ok(bytes.length < model.fileBytes);
      assert.ok((outputs[0]?.difference?.snr ?? 0) > decibels, `${outputs[0]?.difference?.snr} dB`);
      assert.equal((await predictEdit(model, edit))?.fileBytes ?? bytes.length, bytes.length);
    });
  }

  it("are fitted to samples, on which the layers changed so far run in float16 too", async () => {
    const model = await MODEL;
    for (const text of ["quantize-weights:", "prune-weights:conv:sparsity=0.1"]) {
      const { after } = await applyEdit(model, parseEdit(text), {
        activationsOf: (each) => activationsOn(each, { count: 8, seed: 2 }),
      });
      const written = await readBytes(await modelBytes(after));
      const { outputs } = await compareRuns(model, written, { calibration: { count: 8, seed: 1 } });
      assert.ok((outputs[0]?.difference?.snr ?? 0) > 15, `${text}: ${outputs[0]?.difference?.snr} dB`);
    }
  });

  it("are not to be halved once more", async () => {
    const found = restructuringOf("weights-float16").find(liftModel(await MODEL));
    assert.deepEqual(found, [
      { target: "conv", reason: "its weights are in float16 already" },
      { target: "fc", reason: "its weights are in float16 already" },
    ]);
  });
});
