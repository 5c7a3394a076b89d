import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNpyHeader } from "../../../profiler/calibration/npy.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { OptionError } from "../../../profiler/errors.ts";
import { constantNamed, constantOfLayer, writeNpy, type TensorContent } from "../../../profiler/exports/npy/index.ts";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { analyseModel, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { graph, node, onnxModel, sparseTensor, tensor, value } from "../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { runCli } from "../cli/run-cli.ts";

const MODEL = onnxModel({
  opset: 21,
  graph: graph(
    [
      node("MatMul", ["x", "w"], ["y0"]),
      node("DequantizeLinear", ["q", "scale", "zero"], ["dq"], { axis: -1 }),
      node("MatMul", ["y0", "dq"], ["y1"]),
      node("DequantizeLinear", ["packed", "blockScale"], ["blocks"], { axis: 0, block_size: 2 }),
      node("MatMul", ["y1", "blocks"], ["y2"]),
      node("Add", ["w", "dq"], ["sum"]),
      node("MatMul", ["y2", "sum"], ["y3"]),
      node("Add", ["y3", "bf"], ["y"]),
    ],
    {
      inputs: [value("x", "float32", [1, 2])],
      outputs: ["y"],
      initializers: [
        tensor("w", "float32", [2, 2], [1, -2, 3.5, 4], "typed"),
        tensor("q", "uint8", [2, 2], [0, 128, 130, 255]),
        tensor("scale", "float32", [2], [0.5, 2]),
        tensor("zero", "uint8", [2], [128, 0]),
        tensor("packed", "int4", [4, 2], [1, -1, 2, -2, 3, -3, 7, -8]),
        tensor("blockScale", "float32", [2, 2], [1, 10, 100, 1000]),
        tensor("bf", "bfloat16", [2], [1.5, -0.25]),
        tensor("large", "int64", [2], [2 ** 53, -1]),
        tensor("words", "string", [1], ["a"]),
      ],
      sparseInitializers: [
        { ...sparseTensor("gaps", "float32", [2, 3], [1, 5], [7, 9]), values: tensor("gaps", "float32", [2], [7, 9]) },
      ],
    },
  ),
});

describe("Tensors as .npy", () => {
  let folder = "";
  before(async () => (folder = await mkdtemp(join(tmpdir(), "edgewise-npy-"))));
  after(() => rm(folder, { recursive: true }));

  const analysed = async (bytes: Uint8Array, name = "m.onnx"): Promise<AnalysedModel> =>
    analyseModel(await modelOfBytes(name, bytes), {});

  async function saved(
    tensor: Parameters<typeof writeNpy>[1],
    content: TensorContent = "stored",
  ): Promise<{ readonly type: string; readonly shape: readonly number[]; readonly bytes: Buffer }> {
    const path = join(folder, "t.npy");
    await writeNpy(path, tensor, content, "t");
    const bytes = await readFile(path);
    const { dataType, shape, offset } = await readNpyHeader(new MemorySource("t.npy", bytes));
    assert.equal(offset % 64, 0, "NumPy maps elements at multiples of 64 into memory");
    return { type: dataType, shape, bytes: bytes.subarray(offset) };
  }
  const floats = ({ bytes }: { readonly bytes: Buffer }): readonly number[] =>
    Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));

  it("holds every kind of stored tensor exactly", async () => {
    const model = await analysed(MODEL);
    const of = async (name: string): ReturnType<typeof saved> => saved(await constantNamed(model, name));
    const w = await of("w");
    assert.deepEqual([w.type, w.shape, floats(w)], ["float32", [2, 2], [1, -2, 3.5, 4]]);
    const q = await of("q");
    assert.deepEqual([q.type, [...q.bytes]], ["uint8", [0, 128, 130, 255]]);
    const packed = await of("packed");
    assert.deepEqual([packed.type, [...new Int8Array(packed.bytes)]], ["int8", [1, -1, 2, -2, 3, -3, 7, -8]]);
    assert.deepEqual(floats(await of("bf")), [1.5, -0.25]);
    assert.equal((await of("large")).bytes.readBigInt64LE(0), 2n ** 53n);
    assert.deepEqual(floats(await of("gaps")), [0, 7, 0, 0, 0, 9]);
    await assert.rejects(of("words"), OptionError);
    await assert.rejects(of("nobody"), /no tensor "nobody"/);
    await assert.rejects(of("y"), /known only in a run/);
  });

  it("dequantizes by channel and by block", async () => {
    const model = await analysed(MODEL);
    const channels = await saved(await constantOfLayer(model, 2, "input", 1), "dequantized");
    assert.deepEqual(floats(channels), [-64, 256, 1, 510]);
    const blocks = await saved(await constantOfLayer(model, 4, "input", 1), "dequantized");
    assert.deepEqual(floats(blocks), [1, -10, 2, -20, 300, -3000, 700, -8000]);
    await assert.rejects(saved(await constantNamed(model, "w"), "dequantized"), /not quantized/);
  });

  it("computes what follows from constants", async () => {
    const sum = await saved(await constantOfLayer(await analysed(MODEL), 6, "input", 1));
    assert.deepEqual(floats(sum), [-63, 254, 4.5, 514]);
  });

  it("reads scales of blocks that are too many to come along", async () => {
    const rows = 1024;
    const bytes = tfliteModel({
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
    const model = await analysed(bytes, "b.tflite");
    const numbers = floats(await saved(await constantOfLayer(model, 0, "input", 1), "dequantized"));
    const expected = (index: number): number => ((index % 15) - 7) * (1 + Math.floor(index / 32));
    for (const index of [0, 31, 32, 64, 1000, rows * 64 - 1]) assert.equal(numbers[index], expected(index) + 0);
  });

  it("is a command that lists what there is to save", async () => {
    const list = await runCli("export-tensor", "media/samples/digits_lenet.onnx");
    assert.match(list.stdout, /Tensor +Type +Shape/);
    const [name = ""] = /\S+(?= +float32 +\d+×\d+×\d+×\d+)/.exec(list.stdout) ?? [];
    const output = join(folder, "weights.npy");
    assert.equal((await runCli("export-tensor", "media/samples/digits_lenet.onnx", name, "--output", output)).code, 0);
    const header = await readNpyHeader(new MemorySource("weights.npy", await readFile(output)));
    assert.equal(header.shape.length, 4);
  });
});
