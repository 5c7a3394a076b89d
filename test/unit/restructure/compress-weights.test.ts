import assert from "node:assert/strict";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { formatEdit, parseEdit } from "../../../profiler/editing/edit.ts";
import { OptionError } from "../../../profiler/errors.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, totalsOf } from "../../../profiler/profile-model.ts";
import {
  formatStorages,
  parseStorages,
  type LayerStorage,
} from "../../../profiler/restructure/restructurings/compress-weights/layer-storage.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { activationsOn } from "../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";

const NO_FILES = { open: (path: string) => Promise.reject(new Error(`${path} is not there`)) };
const CALIBRATION = { count: 16, seed: 1 };
const MEASURED = { count: 8, seed: 2 };

describe("Weights that a file decodes itself", function () {
  this.timeout(120_000);
  let model: Model;

  before(async () => {
    model = await readModel(await FileSource.open("media/samples/digits_inception.onnx"), NO_FILES);
  });

  /** Bytes of the file as a share of the float one's, at most, and dB at the logits, at least. */
  for (const [text, share, decibels] of [
    ["weights-float16:", 0.55, 60],
    ["quantize-weights::bits=8", 0.4, 45],
    ["quantize-weights::bits=7", 0.4, 40],
    ["quantize-weights::bits=6", 0.35, 35],
    ["quantize-weights::bits=4", 0.3, 22],
    ["quantize-weights::bits=3,block=32", 0.3, 16],
    ["share-weights::bits=3", 0.25, 15],
    ["binarize-weights:", 0.2, 4],
    ["mixed-precision:", 0.3, 20],
    ["mixed-precision::layers=* 4; /8/Gemm table5; /3/q/q.1/q.1.0/Conv sparse0.8/4", 0.3, 15],
    ["prune-weights::sparsity=0.8,bits=4", 0.25, 10],
  ] as const) {
    it(`takes less, answers alike and is as large as was predicted: ${text}`, async () => {
      const edit = parseEdit(text);
      const { after } = await applyEdit(model, edit, { activationsOf: (each) => activationsOn(each, CALIBRATION) });
      const bytes = await modelBytes(after);
      const written = await readModel(new MemorySource("written", bytes), NO_FILES);
      const { outputs } = await compareRuns(model, written, { calibration: MEASURED });
      assert.ok(bytes.length < share * model.fileBytes, `${bytes.length} of ${model.fileBytes} bytes`);
      assert.ok((outputs[0]?.difference?.snr ?? 0) > decibels, `${outputs[0]?.difference?.snr} dB`);
      assert.equal(bytes.length, after.fileBytes);
      const predicted = await predictEdit(model, edit);
      if (predicted) assert.equal(predicted.fileBytes, bytes.length);
      else assert.ok(text.startsWith("prune") || text.includes("sparse"));
    });
  }

  it("reads the storage of each layer as it is written, whatever names hold, and says what is none", () => {
    const storages: readonly (readonly [string, LayerStorage])[] = [
      ["a;b 100%/Conv", { kind: "quantized", bits: 3 }],
      ["two words", { kind: "table", bits: 5 }],
      ["c", { kind: "sparse", sparsity: 0.95, bits: 4 }],
      ["d", { kind: "sparse", sparsity: 0.5, bits: 0 }],
      ["*", { kind: "quantized", bits: 8 }],
    ];
    const layers = formatStorages(storages);
    assert.deepEqual([...parseStorages(layers)], storages);
    const edit = { restructuring: "mixed-precision", target: "", options: { layers } };
    assert.deepEqual(parseEdit(formatEdit(edit)), edit);
    for (const text of ["conv1", "conv1 5", "conv1 table9", "conv1 sparse1", "", "; ;"])
      assert.throws(() => parseStorages(text), OptionError, text);
  });

  it("is read as integers by products where runtimes have kernels for it, and decoded elsewhere", async () => {
    const net = new NetworkBuilder();
    const features = net.depthwise(net.conv(net.image(8, 8), "h", { out: 32, kernel: 3, pad: 1 }), "d", {
      kernel: 3,
      pad: 1,
    });
    const network = net.finish("net", net.dense(net.flatten(features), "y", 16));
    const edit = parseEdit("quantize-weights::bits=8,products=integer");
    for (const [file, bytes, decoded] of [
      ["small.onnx", toBytes(toOnnx(network).model), []],
      // A depthwise convolution has no such kernel that is fast.
      ["small.tflite", toBytes(toTflite(network)), ["DEQUANTIZE"]],
    ] as const) {
      const base = await modelOfBytes(file, bytes);
      const { after } = await applyEdit(base, edit);
      const written = await modelOfBytes(file, await modelBytes(after));
      const predicted = await predictEdit(base, edit);
      assert.deepEqual([predicted?.fileBytes, after.fileBytes], [written.fileBytes, written.fileBytes], file);
      assert.ok(written.fileBytes < 0.45 * base.fileBytes, `${file}: ${written.fileBytes} of ${base.fileBytes}`);
      const operators = written.entries[0].graph.nodes.map(({ op }) => op);
      assert.deepEqual(
        operators.filter((op) => op.startsWith("D") && op.toUpperCase().startsWith("DEQUANTIZE")),
        decoded,
        file,
      );
      const { outputs } = await compareRuns(base, written, { calibration: MEASURED });
      assert.ok((outputs[0]?.difference?.snr ?? 0) > 30, `${file}: ${outputs[0]?.difference?.snr} dB`);
      // Once more, decoded: layers that products read are found again.
      if (file === "small.onnx") continue;
      const again = await applyEdit(
        written,
        parseEdit(
          "quantize-weights:" +
            (liftModel(written).layers.find(({ form }) => form.kind === "dense")?.name ?? "") +
            ":bits=4",
        ),
      );
      assert.ok(again.after.fileBytes < written.fileBytes, file);
    }
  });

  for (const [bits, options, share, decibels] of [
    [4, "", 0.3, 14],
    [8, "", 0.4, 34],
    [4, ",block=32", 0.3, 15],
    // Larger blocks than ONNX Runtime takes.
    [4, ",block=1000", 0.3, 13],
  ] as const)
    it(`stays packed in ONNX products, which read ${bits} bits as integers${options}`, async () => {
      const net = new NetworkBuilder();
      const features = net.relu(net.dense(net.flatten(net.image(4, 16)), "wide", 128));
      const network = net.finish("net", net.dense(net.dense(features, "narrow", 40), "odd", 33));
      const base = await modelOfBytes("products.onnx", toBytes(toOnnx(network).model));
      const edit = parseEdit(`quantize-weights::bits=${bits},products=integer${options}`);
      const { after } = await applyEdit(base, edit, { activationsOf: (each) => activationsOn(each, CALIBRATION) });
      const bytes = await modelBytes(after);
      const written = await modelOfBytes("packed.onnx", bytes);
      assert.deepEqual([(await predictEdit(base, edit))?.fileBytes, after.fileBytes], [bytes.length, bytes.length]);
      assert.ok(bytes.length < share * base.fileBytes, `${bytes.length} of ${base.fileBytes} bytes`);
      assert.equal(written.opsets.get("com.microsoft"), 1);
      const operators = written.entries[0].graph.nodes.map(({ op }) => op);
      // 40 inputs are no whole number of blocks: that layer decodes its weights.
      assert.deepEqual(
        operators.filter((op) => op === "MatMulNBits" || op === "Gemm"),
        ["MatMulNBits", "MatMulNBits", "Gemm"],
      );
      const { outputs } = await compareRuns(base, written, { calibration: MEASURED });
      assert.ok((outputs[0]?.difference?.snr ?? 0) > decibels, `${outputs[0]?.difference?.snr} dB`);
      // The numbers that are read back are those that were written, and go on being stored so.
      const weightsOf = async (model: Model) => {
        const { layers } = liftModel(model, {}, undefined, { decodes: true });
        const found = layers.flatMap(({ form }) => (form.kind === "dense" ? form.weight : []));
        assert.equal(found.length, 3);
        return Promise.all(found.map((weight) => weight.read()));
      };
      assert.deepEqual(await weightsOf(written), await weightsOf(after));
      // They are not changed behind their back.
      await assert.rejects(applyEdit(written, parseEdit("share-weights:/wide/Gemm")), /packed in blocks/);
    });

  it("goes on holding weights of which none is left", async () => {
    const net = new NetworkBuilder();
    const network = net.finish(
      "net",
      net.conv(net.conv(net.image(4, 6), "h", { out: 4, kernel: 1 }), "y", { out: 4, kernel: 1 }),
    );
    const small = await modelOfBytes("small", toBytes(toOnnx(network).model));
    const names = liftModel(small).layers.map(({ name }) => name);
    const parametersOf = (model: Model): number => totalsOf(analyseModel(model, {}), DEFAULT_HARDWARE).parameters;
    for (const storage of ["sparse0.999", "sparse0.999/4"]) {
      const { after } = await applyEdit(
        small,
        parseEdit(`mixed-precision::layers=${names.map((name) => `${name} ${storage}`).join("; ")}`),
      );
      const written = await modelOfBytes("written", await modelBytes(after));
      // Layers that hold the same, nothing, have weights of their own all the same.
      assert.equal(parametersOf(written), parametersOf(small), storage);
      const { layers } = liftModel(written, {}, undefined, { decodes: true });
      for (const name of names) {
        const form = layers.find((layer) => layer.name === name)?.form;
        assert.ok(form?.kind === "conv", `${storage}, ${name}: ${form?.kind}`);
        assert.deepEqual(new Set(await form.weight.read()), new Set([0]));
      }
      const { outputs } = await compareRuns(after, written, { calibration: MEASURED });
      assert.equal(outputs[0]?.difference?.maxAbsolute, 0, storage);
    }
  });

  it("refuses to mix layers that there are not", async () => {
    const edit = parseEdit("mixed-precision::layers=* 4; nowhere 8");
    await assert.rejects(predictEdit(model, edit), /"nowhere" is neither a convolution/);
  });
});
