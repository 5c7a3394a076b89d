import assert from "node:assert/strict";
import { RunError } from "../../../profiler/errors.ts";
import { detachModel, attachModel } from "../../../profiler/formats/tflite/detached-model.ts";
import { openLitertSession, openPart } from "../../../profiler/runtime/litert-session.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";
import { of, tflite, tfliteCast, tfliteConvolution, tfliteRelu, valuesOf } from "./tiny-models.ts";
import { withSession } from "./with-session.ts";

const PICTURE = [1, 1, -1, 2, 0, 3, 4, -5];
const PRODUCTS = [2, 3, -2, 6, 0, 9, 8, -15];

describe("A session of LiteRT.js", () => {
  it("runs a float model", () =>
    withSession(tfliteConvolution(), async (session) => {
      assert.deepEqual(session.inputs, [{ name: "x", dataType: "float32", shape: [1, 2, 2, 2] }]);
      const { y } = await session.run({ x: of("float32", [1, 2, 2, 2], PICTURE) });
      assert.deepEqual([y?.shape, valuesOf(y)], [[1, 2, 2, 2], PRODUCTS.map((each) => Math.max(0, each))]);
    }));

  it("gives inner tensors by name and by number", () =>
    withSession(
      tfliteConvolution(),
      async (session) => {
        assert.deepEqual(
          session.outputs.map(({ name }) => name),
          ["y"],
        );
        assert.deepEqual(
          session.captured.map(({ name }) => name),
          ["products", "#2"],
        );
        const results = await session.run({ x: of("float32", [1, 2, 2, 2], PICTURE) });
        assert.deepEqual([valuesOf(results.products), valuesOf(results["#2"])], [PRODUCTS, PRODUCTS]);
      },
      { tensors: ["products", "#2"] },
    ));

  for (const [type, zeroPoint, low, high] of [
    ["int8", -10, -59, 68.5],
    ["uint8", 128, -64, 63.5],
  ] as const) {
    it(`gives and takes the real numbers that ${type} stands for`, () =>
      withSession(tfliteRelu({ type, quantization: { scales: [0.5], zeroPoints: [zeroPoint] } }), async (session) => {
        assert.deepEqual(session.inputs, [{ name: "x", dataType: "float32", shape: [1, 4], range: { low, high } }]);
        const { y } = await session.run({ x: of("float32", [1, 4], [-3, 0.5, 7.1, 1000]) });
        assert.deepEqual(valuesOf(y), [0, 0.5, 7, high]);
      }));
  }

  it("casts types that it has no tensors of", () =>
    withSession(tfliteCast(), async (session) => {
      assert.deepEqual([session.inputs[0]?.dataType, session.outputs[0]?.dataType], ["int32", "int32"]);
      const { y } = await session.run({ x: of("int32", [1, 3], [0, 7, -1]) });
      assert.deepEqual(valuesOf(y), [0, 1, 1]);
    }));

  it("runs at sizes that follow from an open one, though the file declares them as numbers", async () => {
    const held = (name: string): { name: string; shape: number[] } => ({ name, shape: [1, 4] });
    const model = await tflite(
      [{ ...held("x"), signature: [-1, 4] }, held("inner"), held("y")],
      [
        { op: "RELU", inputs: ["x"], outputs: ["inner"] },
        { op: "NEG", inputs: ["inner"], outputs: ["y"] },
      ],
    );
    const numbers = Array.from({ length: 12 }, (_, place) => place - 5);
    await withSession(
      model,
      async (session) => {
        const { y, inner } = await session.run({ x: of("float32", [3, 4], numbers) });
        const kept = numbers.map((each) => Math.max(0, each));
        assert.deepEqual([inner?.shape, valuesOf(inner)], [[3, 4], kept]);
        assert.deepEqual([y?.shape, valuesOf(y).map(Math.abs)], [[3, 4], kept]);
      },
      { tensors: ["inner"] },
    );
  });

  it("refuses an output whose size an operator finds out from numbers, and runs what is computed from one", async () => {
    const tensors = [
      { name: "x", shape: [2] },
      { name: "times", type: "int32" as const, shape: [1] },
      { name: "tiled", shape: [4] },
      { name: "y", shape: [4] },
    ];
    const operators = [
      { op: "TILE" as const, inputs: ["x", "times"], outputs: ["tiled"] },
      { op: "RELU" as const, inputs: ["tiled"], outputs: ["y"] },
    ];
    const giving = (output: string): Promise<Model> =>
      modelOfBytes("tile.tflite", tfliteModel({ tensors, operators, inputs: ["x", "times"], outputs: [output] }));
    const request = { captured: [], ranges: new Map() };
    await assert.rejects(
      openLitertSession(await giving("tiled"), request),
      (error) => error instanceof RunError && error.message.includes('TILE finds out the size of "tiled"'),
    );
    const session = await openLitertSession(await giving("y"), request);
    const { y } = await session.run({ x: of("float32", [2], [1, -2]), times: of("int32", [1], [2]) });
    assert.deepEqual(valuesOf(y), [1, 0, 1, 0]);
    await session.close();
  });

  it("refuses text", async () => {
    const text = await tflite(
      [
        { name: "x", type: "string", shape: [1] },
        { name: "y", type: "string", shape: [1] },
      ],
      [{ op: "RESHAPE", inputs: ["x"], outputs: ["y"] }],
    );
    await assert.rejects(openSession(text), (error) => error instanceof RunError && /"x".*string/.test(error.message));
  });

  it("says so when a layer fails, where the runtime returns memory as it found it", async () => {
    const end = (name: string): { name: string; shape: number[] } => ({ name, shape: [1] });
    const custom = await tflite([end("x"), end("y")], [{ op: { custom: "Mystery" }, inputs: ["x"], outputs: ["y"] }]);
    return withSession(custom, (session) =>
      assert.rejects(
        session.run({ x: of("float32", [1], [1]) }),
        (error) => error instanceof RunError && /LiteRT\.js failed: .*custom op: Mystery/.test(error.message),
      ),
    );
  });

  it("refuses a model that keeps state, and says which tensor", async () => {
    const end = (name: string): { name: string; shape: number[] } => ({ name, shape: [1] });
    const stateful = await tflite(
      [end("x"), { ...end("memory"), isVariable: true }, end("y")],
      [{ op: "ADD", inputs: ["x", "memory"], outputs: ["y"] }],
    );
    for (const open of [openLitertSession, openPart])
      await assert.rejects(
        open(stateful, { captured: [], ranges: new Map() }),
        (error) => error instanceof RunError && error.message.includes('"memory" of ADD is a variable tensor'),
      );
  });

  it("runs many times, is closed twice, and then runs no more", async () => {
    const session = await openSession(await tfliteRelu({}));
    const x = of("float32", [1, 4], [1, -1, 2, -2]);
    const results = await Promise.all(Array.from({ length: 20 }, () => session.run({ x })));
    for (const { y } of results) assert.deepEqual(valuesOf(y), [1, 0, 2, 0]);
    await session.close();
    await session.close();
    await assert.rejects(session.run({ x }), /closed/);
  });

  it("rejects a run that is under way when it is closed", async () => {
    const session = await openSession(await tfliteRelu({}));
    const run = session.run({ x: of("float32", [1, 4], [1, -1, 2, -2]) });
    await Promise.all([assert.rejects(run, RunError), session.close()]);
  });

  it("leaves this process's globals alone", async () => {
    const names = ["self", "importScripts", "__dirname"];
    const before = names.map((name) => Object.hasOwn(globalThis, name));
    await withSession(tfliteRelu({}), () => undefined);
    assert.deepEqual(
      names.map((name) => Object.hasOwn(globalThis, name)),
      before,
    );
  });
});

describe("Taking a TFLite model apart and putting it together", () => {
  it("keeps tables and data, aligned", async () => {
    const model = await tfliteConvolution();
    const [name, bytes] = [model.file, await modelBytes(model)];
    const before = Uint8Array.from(bytes);
    const detached = detachModel(bytes);
    assert.deepEqual(bytes, before, "the file's bytes are not written to");
    assert.ok(detached.tables.buffers.every(({ data }) => data.length === 0));
    const again = await attachModel(detached);
    const [a, b] = await Promise.all(
      [bytes, again].map(async (file) => {
        const read = await readModel(new MemorySource(name, file), { open: () => assert.fail("no externalData") });
        return analyseModel(read, {}).listing.layers.map(({ op, inputs, outputs }) => [op, inputs.length, outputs]);
      }),
    );
    assert.deepEqual(b, a);
    assert.deepEqual(detachModel(again).data, detached.data);
    for (const data of detachModel(again).data) if (data.length > 0) assert.equal(data.byteOffset % 16, 0);
  });
});
