import assert from "node:assert/strict";
import { applyEdit, predictEdit, type EditContext } from "../../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../../profiler/editing/edit.ts";
import { formatOf, modelBytes } from "../../../../profiler/formats/formats.ts";
import type { Model, Quantization, TensorId } from "../../../../profiler/model/model.ts";
import { NotApplicableError } from "../../../../profiler/restructure/restructuring.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import { modelOfBytes } from "../../../builders/read-model.ts";
import { NetworkBuilder } from "../../../zoo/network-builder.ts";
import type { Network, Value } from "../../../zoo/network.ts";
import { googlenet } from "../../../zoo/networks/googlenet.ts";
import { mobilenetLayer } from "../../../zoo/networks/mobilenet-v1.ts";
import { mobilenetV2 } from "../../../zoo/networks/mobilenet-v2.ts";
import { toBytes } from "../../../zoo/file-segments.ts";
import { thinned } from "../../../zoo/thin.ts";
import { toOnnx } from "../../../zoo/to-onnx.ts";
import { toTflite } from "../../../zoo/to-tflite.ts";
import { costs } from "../edited-model.ts";

const SAMPLES = { activationsOf: (model: Model) => activationsOn(model, { count: 8, seed: 1 }) };
const QUANTIZE = parseEdit("quantize-model:");
/** Operators that hand on the scale of what they read, and those whose inputs all have that of what they make. */
const ONE_SCALE = new Set(["MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "PAD", "CONCATENATION"]);
/** Operators at the ends of what computes in int8, and one that has no kernel for it. */
const FLOATS = new Set(["QUANTIZE", "DEQUANTIZE", "LOCAL_RESPONSE_NORMALIZATION"]);
const PRODUCTS: Readonly<Record<string, number | undefined>> = { CONV_2D: 0, DEPTHWISE_CONV_2D: 3 };

describe("Full-integer TFLite models", function () {
  this.timeout(120_000);
  for (const network of [thinned(mobilenetV2({ size: 32 }), 8), thinned(googlenet({ size: 32 }), 8)]) {
    it(`keep what the kernels of TFLite ask for, run, and are as large and cost what was predicted: ${network.name}`, async () => {
      // Without samples: ranges of random inputs, and weights by themselves.
      const { base, written, after, bytes } = await quantized(network, {});
      assertKernels(written);
      const refused = [...formatOf(written).microcontrollerRefusals(written).keys()].map(({ op }) => op);
      assert.deepEqual(
        refused.filter((op) => op !== "LOCAL_RESPONSE_NORMALIZATION"),
        [],
      );
      const predicted = await predictEdit(base, QUANTIZE);
      assert.ok(predicted);
      assert.equal(predicted.fileBytes, bytes.length);
      assert.equal(after.fileBytes, bytes.length);
      assert.deepEqual(costs(predicted), costs(written));
      const { outputs } = await compareRuns(base, written, { calibration: { count: 8, seed: 2 } });
      const snr = outputs[0]?.difference?.snr ?? 0;
      assert.ok(snr > 10, `${snr} dB`);
      await assert.rejects(applyEdit(written, QUANTIZE), NotApplicableError);
    });
  }

  for (const fixed of ["sigmoid", "tanh"] as const) {
    it(`cut nothing to the grid that a kernel fixes where its output is joined with others: ${fixed}`, async () => {
      const net = new NetworkBuilder();
      const image = net.image(3, 8);
      const branch = (name: string): Value => net.conv(image, name, { out: 8, kernel: 3, pad: "same" });
      const mixed = net.concat([branch("wide"), net.activation(branch("narrow"), fixed)], "mixed");
      const alike = net.concat([net.activation(branch("a"), fixed), net.activation(branch("b"), fixed)], "alike");
      const network = net.finish("joined", net.conv(net.concat([mixed, alike]), "out", { out: 4, kernel: 1 }));
      const { base, written } = await quantized(network, SAMPLES);
      const { graph } = written.entries[0];
      const joins = graph.nodes.filter(({ op }) => op === "CONCATENATION");
      const typeOf = (id: TensorId | undefined) => graph.tensors[id ?? -1]?.declared?.dataType;
      assert.deepEqual(
        joins.map(({ outputs }) => typeOf(outputs[0])),
        ["float32", "int8", "float32"],
      );
      const { outputs } = await compareRuns(base, written, { calibration: { count: 8, seed: 2 } });
      const snr = outputs[0]?.difference?.snr ?? 0;
      assert.ok(snr > 30, `${snr} dB`);
    });
  }

  it("are rounded so that layers make up for those before them, where there are samples", async () => {
    const network = mobilenetLayer({ convolutions: "separable", channels: 16 });
    const snr = async (context: EditContext): Promise<number> => {
      const { base, written } = await quantized(network, context);
      const { outputs } = await compareRuns(base, written, { calibration: { count: 16, seed: 2 } });
      return outputs[0]?.difference?.snr ?? 0;
    };
    const [fitted, plain] = [await snr(SAMPLES), await snr({})];
    assert.ok(fitted > 30 && fitted > plain, `${fitted} and ${plain} dB`);
  });
});

describe("Full-integer TFLite models with inputs and outputs of integers", function () {
  this.timeout(120_000);
  const network = mobilenetLayer({ convolutions: "separable", channels: 16 });
  const withIo = (io: "int8" | "uint8") => quantized(network, {}, parseEdit(`quantize-model::io=${io}`));
  const portsOf = ({ entries: [{ graph }] }: Model): readonly (readonly [string | undefined, string | undefined])[] =>
    [...graph.inputs, ...graph.outputs].map((id) => {
      const { name, declared } = graph.tensors[id] ?? {};
      return [name, declared?.dataType] as const;
    });
  const operatorsOf = ({ entries: [{ graph }] }: Model): readonly string[] => graph.nodes.map(({ op }) => op);
  const scheme = ({ entries: [{ graph }] }: Model, id: TensorId | undefined) => graph.tensors[id ?? -1]?.quantization;

  it("have nothing between int8 inputs and outputs and what computes, and answer as with float ones", async () => {
    const { base, written, after, bytes } = await withIo("int8");
    assert.deepEqual(
      portsOf(written),
      portsOf(base).map(([name]) => [name, "int8"]),
    );
    assert.ok(!operatorsOf(written).some((op) => op.endsWith("QUANTIZE")));
    const predicted = await predictEdit(base, parseEdit("quantize-model::io=int8"));
    assert.deepEqual([predicted?.fileBytes, after.fileBytes], [bytes.length, bytes.length]);
    assert.ok(predicted);
    assert.deepEqual(costs(predicted), costs(written));
    const { written: floatIo } = await quantized(network, {});
    assert.ok(bytes.length < floatIo.fileBytes);
    // LiteRT.js takes the real numbers as the scheme of the input has them: the same integers.
    const { outputs } = await compareRuns(floatIo, written, { calibration: { count: 8, seed: 2 } });
    assert.equal(outputs[0]?.difference?.maxAbsolute, 0, JSON.stringify(outputs[0]));
  });

  it("stand in a QUANTIZE between uint8 and int8, moved by 128", async () => {
    const [{ written }, { written: int8 }] = [await withIo("uint8"), await withIo("int8")];
    const { graph } = written.entries[0];
    assert.deepEqual([...new Set(portsOf(written).map(([, dataType]) => dataType))], ["uint8"]);
    assert.equal(operatorsOf(written).filter((op) => op === "QUANTIZE").length, portsOf(written).length);
    assert.ok(!operatorsOf(written).includes("DEQUANTIZE"));
    const [zero, moved] = [scheme(int8, int8.entries[0].graph.inputs[0]), scheme(written, graph.inputs[0])];
    assert.deepEqual(moved?.scales, zero?.scales);
    assert.equal(moved?.zeroPoints[0], (zero?.zeroPoints[0] ?? 0) + 128);
    const { outputs } = await compareRuns(int8, written, { calibration: { count: 8, seed: 2 } });
    assert.equal(outputs[0]?.difference?.maxAbsolute, 0, JSON.stringify(outputs[0]));
  });

  it("feed what stays float inside from the integers", async () => {
    const net = new NetworkBuilder();
    const image = net.image(3, 8);
    const float = net.lrn(image);
    const out = net.conv(
      net.concat([net.conv(image, "a", { out: 4, kernel: 1 }), net.conv(float, "b", { out: 4, kernel: 1 })]),
      "out",
      { out: 4, kernel: 1 },
    );
    const { base, written } = await quantized(net.finish("beside", out), {}, parseEdit("quantize-model::io=int8"));
    assert.deepEqual([...new Set(portsOf(written).map(([, dataType]) => dataType))], ["int8"]);
    assert.deepEqual(
      operatorsOf(written).filter((op) => FLOATS.has(op)),
      ["DEQUANTIZE", "LOCAL_RESPONSE_NORMALIZATION", "QUANTIZE"],
    );
    const { outputs } = await compareRuns(base, written, { calibration: { count: 8, seed: 2 } });
    const snr = outputs[0]?.difference?.snr ?? 0;
    assert.ok(snr > 20, `${snr} dB`);
  });

  it("are refused where an end stays float, with the reason, and in ONNX files", async () => {
    const net = new NetworkBuilder();
    const network = net.finish("float end", net.lrn(net.conv(net.image(3, 8), "conv", { out: 4, kernel: 1 })));
    const edit = parseEdit("quantize-model::io=int8");
    await assert.rejects(
      quantized(network, {}, edit),
      /stays float at .*: LOCAL_RESPONSE_NORMALIZATION of int8 is not/,
    );
    const onnx = await modelOfBytes("onnx", toBytes(toOnnx(network).model));
    await assert.rejects(applyEdit(onnx, edit), /written in TFLite files alone/);
  });
});

async function quantized(network: Network, context: EditContext, edit = QUANTIZE) {
  const base = await modelOfBytes(network.name, toBytes(toTflite(network)));
  const { after } = await applyEdit(base, edit, context);
  const bytes = await modelBytes(after);
  return { base, after, bytes, written: await modelOfBytes("written", bytes) };
}

/** Source: TensorFlow Lite 8-bit quantization specification. */
function assertKernels({ entries: [{ graph }] }: Model): void {
  const scheme = (id: TensorId | undefined): Quantization => {
    const tensor = graph.tensors[id ?? -1];
    assert.ok(tensor?.quantization, `${tensor?.name} has a scale`);
    return tensor.quantization;
  };
  const typeOf = (id: TensorId): string | undefined =>
    graph.tensors[id]?.constant?.dataType ?? graph.tensors[id]?.declared?.dataType;
  let products = 0;
  for (const { op, inputs, outputs } of graph.nodes) {
    if (FLOATS.has(op)) continue;
    const [data = -1, weight = -1, bias = -1] = inputs;
    for (const id of [data, ...outputs]) assert.equal(typeOf(id), "int8", op);
    if (op in PRODUCTS || op === "FULLY_CONNECTED") {
      products += 1;
      const { scales, zeroPoints, axis, granularity } = scheme(weight);
      assert.ok(zeroPoints.every((zero) => zero === 0));
      assert.equal(granularity, op === "FULLY_CONNECTED" ? "tensor" : "channel");
      if (granularity === "channel") assert.equal(axis, PRODUCTS[op]);
      assert.equal(typeOf(bias), "int32");
      const [scale = 0] = scheme(data).scales;
      scheme(bias).scales.forEach((each, at) => {
        const expected = scale * (scales[at] ?? 0);
        assert.ok(Math.abs(each - expected) <= 1e-6 * expected, `${op}: ${each} for ${expected}`);
      });
    }
    if (op === "SOFTMAX")
      assert.deepEqual([scheme(outputs[0]).scales, scheme(outputs[0]).zeroPoints], [[1 / 256], [-128]]);
    if (ONE_SCALE.has(op)) {
      const read = op === "CONCATENATION" ? inputs : [data];
      for (const id of read) assert.deepEqual(scheme(id).scales, scheme(outputs[0]).scales, op);
    }
  }
  assert.ok(products > 5);
  const count = (wanted: string): number => graph.nodes.filter(({ op }) => op === wanted).length;
  assert.equal(count("QUANTIZE"), graph.inputs.length + count("LOCAL_RESPONSE_NORMALIZATION"));
}
