import assert from "node:assert/strict";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { LayerProfile } from "../../../profiler/profile.ts";
import { analyseModel, costModel, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { describeLayer, storedInput } from "../../../profiler/views/describe-layer.ts";
import { countFormulas, energyParts, latencyFormula } from "../../../profiler/views/formulas.ts";
import { OptionError } from "../../../profiler/errors.ts";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";

const NOWHERE = { open: () => Promise.reject(new Error("no data files")) };

const MODEL = onnxModel({
  graph: graph(
    [
      node("DequantizeLinear", ["w8", "scale", "zero"], ["w"], { axis: 0 }, { name: "widen" }),
      node("Conv", ["x", "w", "b"], ["y"], { pads: [1, 1, 1, 1], auto_pad: "NOTSET" }, { name: "conv" }),
      node("Conv", ["y", "w", "b"], ["z"], { pads: [1, 1, 1, 1] }, { name: "again" }),
      node("Relu", ["z"], ["out"], {}, { name: "relu" }),
    ],
    {
      inputs: [value("x", "float32", [1, 4, 8, 8])],
      outputs: ["out"],
      initializers: [
        tensor(
          "w8",
          "int8",
          [4, 4, 3, 3],
          Array.from({ length: 144 }, (_, index) => (index % 100) - 50),
        ),
        tensor("scale", "float32", [4], [0.5, 0.25, 1, 2]),
        tensor("zero", "int8", [4], [0, 0, 0, 0]),
        tensor("b", "float32", [4], [1, 2, 3, 4]),
      ],
    },
  ),
});

async function analyse(): Promise<AnalysedModel> {
  return analyseModel(await readModel(new MemorySource("test.onnx", MODEL), NOWHERE), {});
}

async function costed(): Promise<{ readonly analysed: AnalysedModel; readonly layers: readonly LayerProfile[] }> {
  const analysed = await analyse();
  return { analysed, layers: costModel(analysed, DEFAULT_HARDWARE).layers };
}

describe("Describing a layer", () => {
  it("tells operator, attributes and tensors", async () => {
    const details = describeLayer(await analyse(), 1);
    assert.deepEqual([details.op, details.version, details.domain], ["Conv", 17, ""]);
    assert.deepEqual(new Map(details.attributes).get("pads"), "[1, 1, 1, 1]");
    assert.deepEqual(
      details.inputs.map(({ name, shape, constant }) => [name, shape, constant?.storedType ?? null]),
      [
        ["x", [1, 4, 8, 8], null],
        ["w", [4, 4, 3, 3], "int8"],
        ["b", [4], "float32"],
      ],
    );
    assert.equal(details.inputs[2]?.constant?.values, "[1.0, 2.0, 3.0, 4.0]");
    assert.deepEqual(
      details.inputs.map(({ role }) => role),
      ["input", "weight", "bias"],
    );
    assert.equal(details.outputs[0]?.role, null);
    assert.equal(details.inputs[1]?.constant?.isReadable, true);
  });

  it("finds a weight, and how it is quantized, behind what widens it", async () => {
    const analysed = await analyse();
    const quantization = describeLayer(analysed, 1).inputs[1]?.quantization;
    assert.deepEqual(
      [quantization?.granularity, quantization?.axis, quantization?.smallestScale, quantization?.largestScale],
      ["channel", 0, 0.25, 2],
    );
    const stored = storedInput(analysed, 1, 1);
    assert.deepEqual([stored.name, stored.constant.dataType], ["w8", "int8"]);
  });

  it("prints floats as floats, whatever they are", async () => {
    const model = onnxModel({
      graph: graph([node("Elu", ["x"], ["y"], { alpha: 1 }), node("HardSigmoid", ["y"], ["z"], { alpha: 0.1 })], {
        inputs: [value("x", "float32", [1])],
        outputs: ["z"],
      }),
    });
    const analysed = analyseModel(await readModel(new MemorySource("floats.onnx", model), NOWHERE), {});
    const alphas = [0, 1].map((layer) => new Map(describeLayer(analysed, layer).attributes).get("alpha"));
    assert.deepEqual(alphas, ["1.0", "0.1"]);
  });

  /** A fully connected layer of int4 weights in blocks of 32 with scales of their own. */
  const blocks = (rows: number): Uint8Array =>
    tfliteModel({
      tensors: [
        { name: "x", shape: [1, 64] },
        {
          name: "w",
          type: "int4",
          shape: [rows, 64],
          data: Array.from({ length: rows * 64 }, (_, index) => (index % 15) - 7),
          quantization: { blockwise: new schema.BlockwiseQuantizationT(2, -1, 32) },
        },
        { name: "s", type: "float32", shape: [rows, 2], data: Array.from({ length: rows * 2 }, (_, i) => 1 + i) },
        { name: "y", shape: [1, rows] },
      ],
      operators: [{ op: "FULLY_CONNECTED", inputs: ["x", "w", -1], outputs: ["y"] }],
      inputs: ["x"],
      outputs: ["y"],
    });
  for (const rows of [4, 4096]) {
    it(`tells of ${rows} rows of blocks what the file has at hand, and crosses JSON as it is`, async () => {
      const analysed = analyseModel(await readModel(new MemorySource("b.tflite", blocks(rows)), NOWHERE), {});
      const details = describeLayer(analysed, 0);
      const quantization = details.inputs[1]?.quantization;
      assert.deepEqual([quantization?.granularity, quantization?.blockSize], ["block", 32]);
      const isRead = (quantization?.count ?? 0) > 0;
      assert.equal(isRead, rows === 4, "scales of a large tensor are not read for the details");
      assert.equal(quantization?.smallestScale, isRead ? 1 : null);
      assert.equal(quantization.plotted.length, isRead ? 8 : 0);
      assert.deepEqual(JSON.parse(JSON.stringify(details)), details, "VS Code sends JSON, which has no Infinity");
    });
  }

  it("refuses layers that are not there and inputs that are no constants", async () => {
    const analysed = await analyse();
    assert.throws(() => describeLayer(analysed, 99), OptionError);
    assert.throws(() => storedInput(analysed, 1, 0), OptionError);
  });

  it("crosses threads as it is", async () => {
    const details = describeLayer(await analyse(), 1);
    assert.deepEqual(structuredClone(details), details);
  });
});

describe("Formulas", () => {
  it("of counts give the numbers that the table shows", async () => {
    const { analysed, layers } = await costed();
    const conv = layers[1];
    assert.ok(conv);
    const formulas = countFormulas(conv, describeLayer(analysed, 1));
    assert.deepEqual(
      formulas.map(({ id, result }) => [id, result]),
      [
        ["macs", "9,216"],
        ["parameters", "148"],
        ["weightBytes", "160 bytes"],
      ],
    );
    assert.deepEqual(formulas[1]?.terms, ["4 × 4 × 3 × 3 w", "4 b"]);
    assert.deepEqual(formulas[2]?.terms, ["144 × 1 byte int8 w", "4 × 4 bytes float32 b"]);
  });

  it("leave out weights that an earlier layer counts", async () => {
    const { analysed, layers } = await costed();
    const again = layers[2];
    assert.ok(again);
    assert.deepEqual(
      countFormulas(again, describeLayer(analysed, 2)).map(({ id }) => id),
      ["macs"],
    );
  });

  it("of energy have the parts of the table, in shares of 1", async () => {
    const { analysed, layers } = await costed();
    const conv = layers[1];
    assert.ok(conv);
    const parts = energyParts(conv, describeLayer(analysed, 1));
    assert.deepEqual(
      parts.map(({ picojoules }) => picojoules),
      [conv.energy?.arithmetic, conv.energy?.weights, conv.energy?.activations],
    );
    assert.ok(Math.abs(parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
    assert.match(parts[0]?.formula ?? "", /^9\.22 k MACs × \(3\.7 multiply \+ 0\.9 add \+ 3 registers\) pJ.*float32$/);
    assert.match(parts[1]?.formula ?? "", /^40 words of 32 bits × 5 pJ \(on-chip SRAM\)/);
  });

  it("of latency say what bounds it", async () => {
    const { analysed, layers } = await costed();
    const conv = layers[1];
    assert.ok(conv);
    const details = describeLayer(analysed, 1);
    assert.equal(latencyFormula(conv, details, DEFAULT_HARDWARE)?.bound, "overhead");
    const eager = { ...DEFAULT_HARDWARE, secondsPerOperator: 0 };
    const slow = { ...eager, peakMacsPerSecond: { float32: 1, float16: 1, int8: 1 } };
    assert.equal(latencyFormula(conv, details, slow)?.bound, "compute");
    assert.equal(latencyFormula(conv, details, { ...eager, bandwidthBytesPerSecond: 1 })?.bound, "memory");
  });

  it("of learned latency add up its parts", async () => {
    const { analysed } = await costed();
    const hardware = { ...DEFAULT_HARDWARE, kernels: { "few-channels": 3, other: 2 } };
    const { layers } = costModel(analysed, hardware);
    const conv = latencyFormula(layers[1] ?? assert.fail(), describeLayer(analysed, 1), hardware);
    assert.equal(conv?.rule, "sum");
    assert.deepEqual(
      conv.terms.map(({ title }) => title),
      ["Convolution of few channels", "Maps of convolutions", "Changes of layout", "Overhead"],
    );
    assert.match(conv.terms[0]?.formula ?? "", /at full rates × 3, as learned = /);
    const [, before = assert.fail()] = costModel(analysed, DEFAULT_HARDWARE).layers;
    assert.equal(latencyFormula(before, describeLayer(analysed, 1), DEFAULT_HARDWARE)?.rule, "longest");
  });

  it("are silent where a number is unknown", async () => {
    const { analysed, layers } = await costed();
    const conv = layers[1];
    assert.ok(conv);
    const unknown = { ...conv, macs: null, parameters: null, weightBytes: null, energy: null, latencySeconds: null };
    const details = describeLayer(analysed, 1);
    assert.deepEqual([countFormulas(unknown, details), energyParts(unknown, details)], [[], []]);
    assert.equal(latencyFormula(unknown, details, DEFAULT_HARDWARE), null);
  });
});
