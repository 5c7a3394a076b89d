import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { CalibrationError, FileAccessError } from "../../../profiler/errors.ts";
import { openSamples, type SampleBatch } from "../../../profiler/calibration/sample-set.ts";
import type { CalibrationSpec, InputSpec } from "../../../profiler/calibration/spec.ts";
import type { Port } from "../../../profiler/tensors/port.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { graph, node, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { inputPorts } from "../../../profiler/runtime/model-ports.ts";
import { bytesOf, npyFile } from "./npy-file.ts";
import { inMemory, valuesOf } from "./tiny-models.ts";

const X: Port = { name: "x", dataType: "float32", shape: ["batch", 2, 2] };
const NUMBERS = Float32Array.from({ length: 12 }, (_, index) => index);

describe("Calibration samples", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
  });
  after(() => folder.remove());

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(folder.path, name);
    await writeFile(path, bytes);
    return path;
  }

  async function read(spec: CalibrationSpec, ports: readonly Port[], start = 0, count?: number): Promise<SampleBatch> {
    const samples = await openSamples(spec, ports);
    try {
      return await samples.batch(start, count ?? samples.count);
    } finally {
      await samples.close();
    }
  }

  const ofAnyName = (spec: InputSpec): CalibrationSpec => ({ inputs: { "": spec } });

  const fails = (spec: CalibrationSpec, message: RegExp, ports = [X]): Promise<void> =>
    assert.rejects(
      openSamples(spec, ports),
      (error) => error instanceof CalibrationError && message.test(error.message),
    );

  it("are rows of a .npy, any batch of them", async () => {
    const path = await file("x.npy", npyFile("<f4", [3, 2, 2], bytesOf(NUMBERS)));
    const { inputs } = await read(ofAnyName({ kind: "array", path }), [X], 1, 2);
    assert.deepEqual(
      [inputs.x?.shape, valuesOf(inputs.x)],
      [
        [2, 2, 2],
        [4, 5, 6, 7, 8, 9, 10, 11],
      ],
    );
  });

  it("are taken in parts that are spread evenly, with their labels", async () => {
    const scalars: Port = { name: "x", dataType: "float32", shape: ["batch", 1] };
    const path = await file("parts.npy", npyFile("<f4", [12, 1], bytesOf(NUMBERS)));
    const labels = { path: await file("parts.txt", Buffer.from(Array.from(NUMBERS).join(" "))) };
    const part = async (of: number, from: number, to: number, count?: number): Promise<readonly unknown[]> => {
      const spec = { ...ofAnyName({ kind: "array", path }), labels, part: { of, from, to }, ...(count && { count }) };
      const { inputs, labels: classes } = await read(spec, [scalars]);
      return [valuesOf(inputs.x), classes];
    };
    assert.deepEqual(await part(4, 3, 4), [
      [3, 7, 11],
      [3, 7, 11],
    ]);
    assert.deepEqual(await part(4, 0, 3, 6), [
      [0, 1, 2, 4, 5],
      [0, 1, 2, 4, 5],
    ]);
    await fails({ ...ofAnyName({ kind: "array", path }), part: { of: 40, from: 30, to: 40 } }, /there are 12 samples/, [
      scalars,
    ]);
  });

  it("are of any stored type, scaled to the input's", async () => {
    const stored = npyFile("<i2", [1, 2, 2], bytesOf(Int16Array.of(-1, 0, 1, 255)));
    const path = await file("i2.npy", stored);
    const spec = ofAnyName({ kind: "array", path, zeroPoint: 1, scale: 0.5, mean: [1], std: [2] });
    assert.deepEqual(valuesOf((await read(spec, [X])).inputs.x), [-1, -0.75, -0.5, 63]);
    const bytes: Port = { ...X, dataType: "uint8" };
    assert.deepEqual(
      valuesOf((await read(ofAnyName({ kind: "array", path, scale: 2 }), [bytes])).inputs.x),
      [0, 0, 2, 255],
    );
  });

  it("have a mean and deviation for each channel", async () => {
    const path = await file("channels.npy", npyFile("<f4", [1, 3, 2, 2], bytesOf(NUMBERS)));
    const port: Port = { ...X, shape: ["n", 3, 2, 2] };
    const spec = ofAnyName({ kind: "array", path, mean: [0, 4, 8], std: [1, 2, 4] });
    assert.deepEqual(valuesOf((await read(spec, [port])).inputs.x), [0, 1, 2, 3, 0, 0.5, 1, 1.5, 0, 0.25, 0.5, 0.75]);
    await fails(ofAnyName({ kind: "array", path, mean: [1, 2] }), /2 means and 0 deviations do not fit/, [port]);
    await fails(ofAnyName({ kind: "array", path, std: [0] }), /deviation of 0/, [port]);
  });

  it("come from an array of a .npz by the input's name, by a name given, or the only one", async () => {
    const array = npyFile("<f4", [3, 2, 2], bytesOf(NUMBERS));
    const other = npyFile("<f4", [1, 2, 2], bytesOf(NUMBERS.subarray(0, 4)));
    const path = await file("two.npz", zipSync({ "x.npy": array, "y.npy": other }));
    assert.equal((await read(ofAnyName({ kind: "array", path }), [X])).inputs.x?.shape[0], 3);
    assert.equal((await read(ofAnyName({ kind: "array", path, entry: "y" }), [X])).inputs.x?.shape[0], 1);
    await fails(ofAnyName({ kind: "array", path, entry: "z" }), /expected an array called "z": it holds x, y/);
    const single = await file("one.npz", zipSync({ "data.npy": [array, { level: 0 }] }));
    assert.equal((await read(ofAnyName({ kind: "array", path: single }), [X])).inputs.x?.shape[0], 3);
    await fails(ofAnyName({ kind: "array", path: await file("broken.npz", array) }), /expected a zip archive/);
  });

  it("stand in raw files, of the input's type and shape or those given", async () => {
    const path = await file("x.bin", bytesOf(NUMBERS));
    assert.deepEqual((await read(ofAnyName({ kind: "array", path }), [X])).inputs.x?.shape, [3, 2, 2]);
    const bytes = await file("x.raw", Uint8Array.of(0, 51, 102, 255));
    const spec = ofAnyName({ kind: "array", path: bytes, dataType: "uint8", shape: [2, 2], scale: 1 / 255 });
    assert.deepEqual(valuesOf((await read(spec, [X])).inputs.x), [0, Math.fround(0.2), Math.fround(0.4), 1]);
    await fails(
      ofAnyName({ kind: "array", path: bytes, dataType: "uint8", shape: [3] }),
      /multiple of 3 bytes .*, not 4/,
    );
    await fails(ofAnyName({ kind: "array", path }), /expected the shape of one sample/, [
      { ...X, shape: ["n", "side", 2] },
    ]);
  });

  it("fit whatever axes of size 1 are left out", async () => {
    const path = await file("flat.npy", npyFile("<f4", [6, 2], bytesOf(NUMBERS)));
    const port: Port = { ...X, shape: [1, 2, 1] };
    assert.deepEqual((await read(ofAnyName({ kind: "array", path }), [port], 0, 1)).inputs.x?.shape, [1, 2, 1]);
    const one = await file("single.npy", npyFile("<f4", [2, 2], bytesOf(NUMBERS.subarray(0, 4))));
    assert.deepEqual((await read(ofAnyName({ kind: "array", path: one }), [X])).inputs.x?.shape, [1, 2, 2]);
  });

  it("say what was expected of a file that does not fit", async () => {
    const path = await file("wide.npy", npyFile("<f4", [2, 6], bytesOf(NUMBERS)));
    await fails(ofAnyName({ kind: "array", path }), /wide\.npy: expected float32 N×2×2 for input "x", not float32 2×6/);
    const short = await file("short.npy", npyFile("<f4", [9, 2, 2], bytesOf(NUMBERS)));
    await fails(ofAnyName({ kind: "array", path: short }), /expected \d+ bytes for float32 9×2×2, not/);
    const columns = await file("fortran.npy", npyFile("<f4", [3, 2, 2], bytesOf(NUMBERS), "True"));
    await fails(ofAnyName({ kind: "array", path: columns }), /C order/);
    await fails(
      ofAnyName({ kind: "array", path: await file("big.npy", npyFile(">f4", [3, 2, 2], bytesOf(NUMBERS))) }),
      /little-endian/,
    );
    await fails(
      ofAnyName({ kind: "array", path: await file("no.npy", Buffer.from("not an array")) }),
      /expected a NumPy array/,
    );
    await assert.rejects(openSamples(ofAnyName({ kind: "array", path: "missing.npy" }), [X]), FileAccessError);
  });

  it("of some inputs are enough: the rest is synthetic, of the sizes that they have", async () => {
    const three = await file("tokens.npy", npyFile("<f4", [3, 2, 2], bytesOf(NUMBERS)));
    const ports: readonly Port[] = [
      { name: "x", dataType: "float32", shape: ["batch", "rows", 2] },
      { name: "mask", dataType: "int32", shape: ["batch", "past + rows"] },
      { name: "state", dataType: "float32", shape: [2, "past", 4] },
      { name: "mode", dataType: "int64", shape: [], range: { low: 8000, high: 16000, among: [8000, 16000] } },
    ];
    const spec: CalibrationSpec = { inputs: { x: { kind: "array", path: three } }, dimensions: { past: 5 } };
    const { inputs } = await read(spec, ports, 0, 1);
    assert.deepEqual(
      Object.values(inputs).map(({ shape }) => shape),
      [[1, 2, 2], [1, 7], [2, 5, 4], []],
    );
    assert.ok([8000, 16000].includes(inputs.mode?.data[0] ?? 0));
  });

  it("are one at a time where the batch stands at another place too, and sizes of tables are no batch", async () => {
    const shapes = async (...dims: Port["shape"][]): Promise<readonly unknown[]> => {
      const ports = dims.map((shape, index): Port => ({ name: `x${index}`, dataType: "float32", shape }));
      const samples = await openSamples({ dimensions: { batch: 3, rows: 7 } }, ports);
      const { inputs } = await samples.batch(0, 1);
      await samples.close();
      return [samples.mostPerRun, ...Object.values(inputs).map(({ shape }) => shape)];
    };
    // A state, guided twice, pairs of samples and rows, and a graph's nodes with the edges between them.
    assert.deepEqual(await shapes(["batch", 9], [2, "batch", 4]), [1, [1, 9], [2, 1, 4]]);
    assert.deepEqual(await shapes(["batch", 9], ["2*batch", 4]), [1, [1, 9], [2, 4]]);
    assert.deepEqual(await shapes(["batch", 9], ["rows", 4], ["batch", "rows"]), [1, [1, 9], [7, 4], [1, 7]]);
    assert.deepEqual(await shapes(["rows", 9], ["rows", "rows"]), [1, [7, 9], [7, 7]]);
    assert.deepEqual(await shapes(["batch", 9], ["rows", 4]), [Infinity, [1, 9], [1, 4]]);
  });

  it("hold what a setting is compared with in any branch", async () => {
    const constant = (value: number): OnnxNode =>
      node("Constant", [], ["rate"], { value: tensor("", "int64", [], [value]) });
    const known = (value: number, name: string): readonly OnnxNode[] => [
      constant(value),
      node("Equal", ["mode", "rate"], [name]),
    ];
    const last = graph(known(8000, "is"), { name: "else", outputs: ["is"] });
    const first = graph([node("Identity", ["found"], ["is"])], { name: "then", outputs: ["is"] });
    const nodes = [...known(16000, "found"), node("If", ["found"], ["y"], { then_branch: first, else_branch: last })];
    const [mode] = inputPorts(await inMemory(nodes, { inputs: [value("mode", "int64", [])] }));
    assert.deepEqual(mode?.range?.among, [8000, 16000]);
  });

  it("stand on either side of what a setting is compared with, where no other value that it knows does", async () => {
    const among = async (
      type: "int64" | "float32" | "uint8",
      ...compared: readonly (readonly [string, number])[]
    ): Promise<readonly number[] | undefined> => {
      const nodes = compared.flatMap(([op, limit], place): readonly OnnxNode[] => [
        node("Constant", [], [`c${place}`], { value: tensor("", type, [], [limit]) }),
        node(op, ["mode", `c${place}`], [`y${place}`]),
      ]);
      const outputs = compared.map((_, place) => `y${place}`);
      const [mode] = inputPorts(await inMemory(nodes, { inputs: [value("mode", type, [])], outputs }));
      return mode?.range?.among;
    };
    assert.deepEqual(await among("float32", ["Greater", 0.5]), [0.25, 0.75]);
    assert.deepEqual(await among("int64", ["Less", 1]), [0, 2]);
    assert.deepEqual(await among("uint8", ["GreaterOrEqual", 0]), [1]);
    assert.deepEqual(await among("float32", ["Less", 1], ["Greater", 3]), [0.5, 2, 4.5]);
    assert.deepEqual(await among("int64", ["Less", 1], ["Less", 2]), [0, 3]);
    assert.deepEqual(await among("int64", ["Equal", 8000], ["Equal", 16000], ["Greater", 8001]), [8000, 16000]);
    assert.deepEqual(await among("int64", ["Equal", 8000], ["Greater", 8001]), [8000, 12001]);
  });

  it("that are made up have the sizes that the model is shown with", async () => {
    const ports: readonly Port[] = [
      { name: "x", dataType: "float32", shape: ["batch", "height"], defaults: { height: 32 } },
      { name: "mask", dataType: "float32", shape: ["batch", "height//16"] },
    ];
    const shapes = async (spec: CalibrationSpec): Promise<unknown> =>
      Object.values((await read(spec, ports, 0, 1)).inputs).map(({ shape }) => shape);
    assert.deepEqual(await shapes({}), [
      [1, 32],
      [1, 2],
    ]);
    assert.deepEqual(await shapes({ dimensions: { height: 48 } }), [
      [1, 48],
      [1, 3],
    ]);
  });

  it("are as many for each input of a model", async () => {
    const three = await file("three.npy", npyFile("<f4", [3, 2, 2], bytesOf(NUMBERS)));
    const one = await file("one.npy", npyFile("<f4", [1, 2, 2], bytesOf(NUMBERS.subarray(0, 4))));
    const ports = [X, { ...X, name: "z" }];
    const array = (path: string): InputSpec => ({ kind: "array", path });
    await fails(
      { inputs: { x: array(three), z: array(one) } },
      /one\.npy: expected 3 samples, as .*three\.npy has, not 1/,
      ports,
    );
    await fails({ inputs: { "": array(three) } }, /2 inputs \("x", "z"\): say which/, ports);
    await fails({ inputs: { y: array(three) } }, /no input is called "y"/);
    const { inputs } = await read({ inputs: { x: array(three), z: array(three) }, count: 2 }, ports);
    assert.deepEqual(
      [inputs.x?.shape, inputs.z?.shape],
      [
        [2, 2, 2],
        [2, 2, 2],
      ],
    );
  });

  it("are seeded random of a plausible range otherwise, the same in any batch", async () => {
    const ports: readonly Port[] = [
      { name: "picture", dataType: "float32", shape: ["n", 3, 8, 8] },
      { name: "vector", dataType: "float32", shape: ["n", 200] },
      { name: "ids", dataType: "int64", shape: ["n", 50], range: { low: 0, high: 4 } },
      { name: "mask", dataType: "int64", shape: ["n", 50] },
      { name: "real", dataType: "float32", shape: ["n", 50], range: { low: -2, high: 6 } },
    ];
    const samples = await openSamples({ seed: 7 }, ports);
    assert.deepEqual([samples.count, samples.description, samples.hasLabels], [16, "seeded random (seed 7)", false]);
    const all = await samples.batch(0, 16);
    const some = await samples.batch(3, 2);
    const range = (name: string): readonly number[] => {
      const values = valuesOf(all.inputs[name]);
      return [Math.min(...values), Math.max(...values)];
    };
    assert.deepEqual(valuesOf(some.inputs.vector), valuesOf(all.inputs.vector).slice(600, 1000));
    assert.deepEqual(
      [range("ids"), range("mask")],
      [
        [0, 4],
        [0, 1],
      ],
    );
    const [low = -1, high = 2] = range("picture");
    assert.ok(low >= 0 && low < 0.01 && high < 1 && high > 0.99);
    assert.ok((range("vector")[0] ?? 0) < -2 && (range("vector")[1] ?? 0) > 2);
    const [realLow = 0, realHigh = 0] = range("real");
    assert.ok(realLow >= -2 && realLow < -1.9 && realHigh <= 6 && realHigh > 5.9);
    assert.notDeepEqual((await read({ seed: 8 }, ports)).inputs, all.inputs);
    assert.deepEqual((await read({ seed: 7 }, ports)).inputs, all.inputs);
  });

  it("are stretched to a model that takes other sizes than the one they were made for", async () => {
    const path = await file("maps.npy", npyFile("<f4", [3, 2, 2], bytesOf(NUMBERS)));
    const wide: Port = { ...X, shape: ["batch", 2, 4] };
    const { inputs } = await read({ ...ofAnyName({ kind: "array", path }), madeFor: [X] }, [wide], 0, 1);
    assert.deepEqual(
      [inputs.x?.shape, valuesOf(inputs.x)],
      [
        [1, 2, 4],
        [0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3],
      ],
    );
    const bytes: Port = { name: "x", dataType: "uint8", shape: [1, 2, 1] };
    const whole = await read({ madeFor: [{ ...bytes, shape: [1, 4, 1] }] }, [bytes], 0, 1);
    assert.ok(valuesOf(whole.inputs.x).every(Number.isInteger));
    await fails({ ...ofAnyName({ kind: "array", path }), madeFor: [X] }, /samples of 2×2 cannot be stretched/, [
      { ...X, shape: ["batch", 3, 3] },
    ]);
  });

  it("stay alone where the batch is fixed, or belongs to the sample", async () => {
    const state: Port = { name: "state", dataType: "float32", shape: [2, "n", 8] };
    const samples = await openSamples({ count: 3, dimensions: { n: 4 } }, [X, state]);
    assert.equal(samples.mostPerRun, 1);
    const { inputs } = await samples.batch(2, 1);
    assert.deepEqual(
      [inputs.x?.shape, inputs.state?.shape],
      [
        [1, 2, 2],
        [2, 4, 8],
      ],
    );
    await assert.rejects(samples.batch(0, 2), RangeError);
  });
});
