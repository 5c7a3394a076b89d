import assert from "node:assert/strict";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import type { Model } from "../../../profiler/model/model.ts";
import type { ConvTransposeForm } from "../../../profiler/neutral/forms.ts";
import { weightRows } from "../../../profiler/neutral/weight-rows.ts";
import { rowPlaces, rowsAt } from "../../../profiler/restructure/approximation/sampled-rows.ts";
import { valuesHere } from "../../../profiler/neutral/activations.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { restructuringOf } from "../../../profiler/restructure/registry.ts";
import { activationsOn } from "../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { hostTflite } from "../../../profiler/runtime/native/bundles.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { storedFormOf } from "../../../profiler/training/stored-forms.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { graph, node, onnxModel, value } from "../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { randomInputs } from "../tflite/random-inputs.ts";
import { readBytes, run, weights } from "./edited-model.ts";

const CALIBRATION = { count: 8, seed: 1 };
const MEASURED = { count: 8, seed: 2 };
const CLOSE = 1e-5;

/** A convolution, a transposed one that doubles the image, and a last one. */
function network() {
  const net = new NetworkBuilder();
  const wide = net.relu(net.conv(net.image(4, 6), "first", { out: 24, kernel: 3, pad: 1 }));
  const up = net.relu(net.transposedConv(wide, "up", { out: 20, kernel: 3, stride: 2 }));
  return net.finish("net", net.conv(up, "last", { out: 3, kernel: 1 }));
}

const MODELS: Readonly<Record<"onnx" | "tflite", () => Promise<Model>>> = {
  onnx: () => modelOfBytes("up.onnx", toBytes(toOnnx(network()).model)),
  tflite: () => modelOfBytes("up.tflite", toBytes(toTflite(network()))),
};

function transposedIn(model: Model): { readonly name: string; readonly form: ConvTransposeForm } {
  for (const { name, form } of liftModel(model, {}, undefined, { decodes: true }).layers)
    if (form.kind === "conv-transpose") return { name, form };
  throw new Error("there is no transposed convolution");
}

/** What TFLite itself answers, where it is there, LiteRT.js does too. */
async function assertAlike(model: Model): Promise<void> {
  if (model.format !== "tflite" || hostTflite() === undefined) return;
  const answers: (readonly number[])[] = [];
  for (const prefersTflite of [false, true]) {
    const session = await openSession(model, { prefersTflite });
    const [answer] = Object.values(await session.run(randomInputs(session)));
    answers.push(Array.from(answer?.data as Float32Array));
    await session.close();
  }
  const [js = [], native = []] = answers;
  js.forEach((number, at) => assert.ok(Math.abs(number - (native[at] ?? NaN)) < 1e-4, `${number}, ${native[at]}`));
}

describe("Weights of a transposed convolution", function () {
  this.timeout(60_000);

  for (const [format, text, decibels] of [
    ["onnx", "weights-float16", 60],
    ["onnx", "quantize-weights:bits=8", 38],
    ["onnx", "quantize-weights:bits=4,block=36", 15],
    ["onnx", "share-weights:bits=4", 16],
    ["onnx", "binarize-weights", 3],
    ["onnx", "prune-weights:sparsity=0.6,bits=5", 8],
    ["tflite", "weights-float16", 60],
    ["tflite", "quantize-weights:bits=8", 38],
    ["tflite", "quantize-weights:bits=4", 14],
    ["tflite", "share-weights:bits=4", 16],
    ["tflite", "prune-weights:sparsity=0.6,bits=5", 8],
  ] as const) {
    it(`take less in ${format}, answer alike, and are read back: ${text}`, async () => {
      const model = await MODELS[format]();
      const { name } = transposedIn(model);
      const [id = "", options = ""] = text.split(":");
      const edit = parseEdit(`${id}:${name}${options && `:${options}`}`);
      const { after } = await applyEdit(model, edit, { activationsOf: (each) => activationsOn(each, CALIBRATION) });
      const bytes = await modelBytes(after);
      const written = await modelOfBytes(`written.${format}`, bytes);
      assert.equal(bytes.length, after.fileBytes);
      assert.ok(bytes.length < model.fileBytes, `${bytes.length} of ${model.fileBytes} bytes`);
      const predicted = await predictEdit(model, edit);
      if (predicted) assert.equal(predicted.fileBytes, bytes.length);
      else assert.equal(id, "prune-weights");
      const { outputs } = await compareRuns(model, written, { calibration: MEASURED });
      const snr = outputs[0]?.difference?.snr ?? 0;
      assert.ok(snr > decibels, `${snr} dB`);
      await assertAlike(written);
      const now = await transposedIn(written).form.weight.read();
      assert.deepEqual(now, await transposedIn(after).form.weight.read());
      // Training keeps what is stored: numbers that do not move are written as they are.
      const kept = (await storedFormOf(transposedIn(written).form.weight)).stored(now);
      (await kept.read()).forEach((number, at) => assert.ok(Math.abs(number - (now[at] ?? NaN)) < CLOSE, `${number}`));
    });
  }

  for (const [sizes, spatial] of [
    ["fixed", [4, 5]],
    ["open", ["height", "width"]],
  ] as const) {
    it(`are fitted to what they lay on the output, of ${sizes} sizes`, async () => {
      const bytes = onnxModel({
        graph: graph(
          [
            node("ConvTranspose", ["x", "w"], ["y"], {
              strides: [2, 3],
              dilations: [1, 2],
              pads: [1, 0, 0, 2],
              output_padding: [1, 0],
            }),
          ],
          {
            inputs: [value("x", "float32", [2, 3, ...spatial])],
            outputs: ["y"],
            initializers: [weights("w", [3, 4, 3, 2])],
          },
        ),
      });
      const x = { shape: [2, 3, 4, 5], data: new Random(3).normals(2 * 3 * 4 * 5) };
      const { y = new Float32Array() } = await run(bytes, { x });
      const { form } = transposedIn(await readBytes(bytes));
      const filters = await weightRows(form).read();
      const rows = await rowsAt(valuesHere(x), rowPlaces(x.shape, form, "channels-first", Infinity, 1));
      const area = 9 * 13;
      assert.deepEqual([rows.rows, rows.columns], [2 * area, 3 * 3 * 2]);
      y.forEach((expected, at) => {
        const [sample, output] = [Math.floor(at / (4 * area)), Math.floor(at / area) % 4];
        const row = (sample * area + (at % area)) * rows.columns;
        let sum = 0;
        for (let column = 0; column < rows.columns; column += 1)
          sum += (rows.data[row + column] ?? 0) * (filters[output * rows.columns + column] ?? 0);
        assert.ok(Math.abs(sum - expected) < CLOSE, `${sum} where the runtime has ${expected}`);
      });
    });
  }

  it("stay where they have no row for each output", async () => {
    const model = await readBytes(
      onnxModel({
        graph: graph([node("ConvTranspose", ["x", "w"], ["y"], { group: 2 }, { name: "up" })], {
          inputs: [value("x", "float32", [1, 64, 4, 4])],
          outputs: [value("y", "float32", [1, 32, 6, 6])],
          initializers: [weights("w", [64, 16, 3, 3])],
        }),
      }),
    );
    const reason = "it is a transposed convolution in groups, whose weights have no row for each output";
    for (const id of ["quantize-weights", "share-weights", "prune-weights", "weights-float16", "binarize-weights"]) {
      const refused = restructuringOf(id).find(liftModel(model));
      assert.deepEqual(
        refused.map((each) => [each.target, "reason" in each && each.reason]),
        [["up", reason]],
        id,
      );
      await assert.rejects(applyEdit(model, parseEdit(`${id}:up`)), new RegExp(reason));
    }
  });
});
