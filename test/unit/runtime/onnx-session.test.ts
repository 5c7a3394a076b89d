import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelFormatError, RunError } from "../../../profiler/errors.ts";
import type { NumericType } from "../../../profiler/tensors/numeric-tensor.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import type { Session } from "../../../profiler/runtime/session.ts";
import { externalTensor, graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { withSession } from "./with-session.ts";
import { embeddingModel, identityModel, inMemory, of, scalingModel, valuesOf } from "./tiny-models.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import { modelOfBytes, modelOfFile } from "../../builders/read-model.ts";

describe("A session of ONNX Runtime", () => {
  it("says the model's inputs and outputs, and runs any batch", () =>
    withSession(scalingModel(3), async (session) => {
      assert.deepEqual(session.inputs, [{ name: "x", dataType: "float32", shape: ["batch", 3] }]);
      assert.deepEqual(
        session.outputs.map(({ name, dataType }) => [name, dataType]),
        [["y", "float32"]],
      );
      const { y } = await session.run({ x: of("float32", [2, 3], [1, 1, 1, 2, -2, 2]) });
      assert.deepEqual(
        [y?.shape, valuesOf(y)],
        [
          [2, 3],
          [1, 2, 3, 2, 0, 6],
        ],
      );
    }));

  for (const [type, values] of [
    ["float64", [0.1, -1e300]],
    ["float16", [0.5, -65504]],
    ["int64", [2 ** 53, -(2 ** 53)]],
    ["uint64", [2 ** 53, 0]],
    ["int32", [2 ** 31 - 1, -(2 ** 31)]],
    ["uint32", [2 ** 32 - 1, 0]],
    ["int16", [32767, -32768]],
    ["uint16", [65535, 0]],
    ["int8", [127, -128]],
    ["uint8", [255, 0]],
    ["bool", [1, 0]],
  ] as const satisfies readonly (readonly [NumericType, readonly number[]])[]) {
    it(`carries ${type} there and back`, () =>
      withSession(identityModel(type, [2]), async (session) => {
        const { y } = await session.run({ x: of(type, [2], values) });
        assert.deepEqual([y?.dataType, valuesOf(y)], [type, values]);
      }));
  }

  it("gives the same bits at every run and optimization level that changes nothing", async () => {
    const x = of("float32", [1, 3], [0.1, 0.7, 1.3]);
    const results = [];
    for (const optimization of ["disabled", "basic", "all"] as const)
      results.push(await withSession(scalingModel(3), (session) => session.run({ x }), { optimization, threads: 1 }));
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(results[2], results[0]);
  });

  it("names dynamic dimensions that have no name by their place", () =>
    withSession(identityModel("float32", [null, 2, "n"]), ({ inputs }) =>
      assert.deepEqual(inputs[0]?.shape, ["x[0]", 2, "n"]),
    ));

  it("says which rows of an embedding table exist", () =>
    withSession(embeddingModel(), ({ inputs }) => assert.deepEqual(inputs[0]?.range, { low: 0, high: 4 })));

  it("refuses text as input, and leaves it out of the outputs", async () => {
    const input = await inMemory([node("Identity", ["x"], ["y"])], { inputs: [value("x", "string", [1])] });
    await assert.rejects(openSession(input), (error) => error instanceof RunError && /"x".*text/.test(error.message));
    const nodes = [node("Constant", [], ["s"], { value_strings: ["cat"] }), node("Relu", ["x"], ["y"])];
    const output = await inMemory(nodes, {
      inputs: [value("x", "float32", [1])],
      outputs: [value("s", "string", [1]), "y"],
    });
    await withSession(output, async (session) => {
      assert.deepEqual(
        session.outputs.map(({ name }) => name),
        ["y"],
      );
      assert.deepEqual(session.skipped, [{ name: "s", reason: "it is text, not numbers" }]);
      assert.deepEqual(Object.keys(await session.run({ x: of("float32", [1], [1]) })), ["y"]);
    });
  });

  it("refuses inputs that are missing, unknown, of another type or another shape", () =>
    withSession(scalingModel(3), async (session) => {
      const fails = (inputs: Parameters<Session["run"]>[0], message: RegExp): Promise<void> =>
        assert.rejects(session.run(inputs), (error) => error instanceof RunError && message.test(error.message));
      const x = of("float32", [1, 3], [1, 2, 3]);
      await fails({}, /"x" is missing/);
      await fails({ x, z: x }, /no input is called "z": its inputs are "x"/);
      await fails({ x: of("float64", [1, 3], [1, 2, 3]) }, /takes float32 batch×3, not float64 1×3/);
      await fails({ x: of("float32", [1, 4], [1, 2, 3, 4]) }, /takes float32 batch×3, not float32 1×4/);
      await fails({ x: of("float32", [2, 3], [1, 2, 3]) }, /takes 6 elements, not 3/);
    }));

  it("says what the runtime refused", async () => {
    const unknown = await inMemory([node("Mystery", ["x"], ["y"])], { inputs: [value("x", "float32", [1])] });
    await assert.rejects(
      openSession(unknown),
      (error) => error instanceof RunError && /tiny\.onnx: ONNX Runtime cannot load it: .*Mystery/.test(error.message),
    );
    const reshape = await inMemory([node("Reshape", ["x", "shape"], ["y"])], {
      inputs: [value("x", "float32", ["n"])],
      initializers: [tensor("shape", "int64", [2], [2, 2])],
    });
    await withSession(reshape, (session) =>
      assert.rejects(
        session.run({ x: of("float32", [3], [1, 2, 3]) }),
        (error) => error instanceof RunError && error.message.includes("ONNX Runtime failed"),
      ),
    );
  });

  it("runs without ONNX Runtime's default optimizations what these make invalid, and says so", () =>
    withSession(inMemory(...withoutZeroPoint()), async (session) => {
      assert.match(session.doubt ?? "", /^tiny\.onnx: .*same node name.* it was run at "basic" here$/);
      const { y } = await session.run({ x: of("float32", [1, 1, 1, 2], [4, -4]) });
      assert.deepEqual(valuesOf(y), [3, 0]);
    }));

  it("refuses a broken file before the runtime sees it", async () => {
    const bytes = await modelBytes(await scalingModel(3));
    await assert.rejects(modelOfBytes("half.onnx", bytes.subarray(0, bytes.length / 2)), ModelFormatError);
  });

  it("does not run when closed, and closes twice", async () => {
    const session = await openSession(await scalingModel(1));
    await session.close();
    await session.close();
    await assert.rejects(session.run({ x: of("float32", [1, 1], [1]) }), RunError);
  });

  it("finds external data beside the file, for inner tensors and bytes in memory too", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "model.onnx");
    const weight = externalTensor("w", "float32", [2, 1], { location: "w.bin" });
    const nodes = [node("MatMul", ["x", "w"], ["m"]), node("Neg", ["m"], ["y"])];
    const inputs = [value("x", "float32", ["n", 2])];
    const bytes = onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers: [weight] }) });
    await writeFile(path, bytes);
    await writeFile(join(folder.path, "w.bin"), new Uint8Array(Float32Array.of(3, 5).buffer));
    try {
      const x = of("float32", [1, 2], [1, 10]);
      const fromFile = await withSession(modelOfFile(path), (session) => session.run({ x }));
      assert.deepEqual(valuesOf(fromFile.y), [-53]);
      const captured = await withSession(modelOfFile(path), (session) => session.run({ x }), { tensors: ["m"] });
      assert.deepEqual([valuesOf(captured.y), valuesOf(captured.m)], [[-53], [53]]);
      const memory = readModel(new MemorySource(path, bytes), new ExternalDataFolder(path));
      assert.deepEqual(valuesOf((await withSession(memory, (session) => session.run({ x }))).y), [-53]);
      await assert.rejects(modelOfBytes("edited.onnx", bytes), /data file "w\.bin" is not there/);
    } finally {
      await folder.remove();
    }
  });
});

/**
 * A convolution by 0.75 and a Relu, quantized in steps of 0.5, whose last QuantizeLinear leaves the zero point out, which is then 0 (ONNX).
 * ONNX Runtime 1.27.0 fuses it into two nodes of one name, and refuses these.
 */
function withoutZeroPoint(): Parameters<typeof inMemory> {
  const nodes = [
    node("QuantizeLinear", ["x", "half", "middle"], ["integers"]),
    node("DequantizeLinear", ["integers", "half", "middle"], ["given"]),
    node("DequantizeLinear", ["weights", "quarter", "none"], ["kernel"]),
    node("Conv", ["given", "kernel"], ["product"], {}, { name: "conv" }),
    node("Relu", ["product"], ["positive"]),
    node("QuantizeLinear", ["positive", "half"], ["rounded"]),
    node("DequantizeLinear", ["rounded", "half"], ["y"]),
  ];
  const initializers = [
    tensor("half", "float32", [], [0.5]),
    tensor("quarter", "float32", [], [0.25]),
    tensor("middle", "uint8", [], [128]),
    tensor("none", "int8", [], [0]),
    tensor("weights", "int8", [1, 1, 1, 1], [3]),
  ];
  return [nodes, { inputs: [value("x", "float32", [1, 1, 1, 2])], initializers }];
}
