import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { bindInputs, openInputs } from "../../../profiler/bindings.ts";
import { OptionError } from "../../../profiler/errors.ts";
import type { DeclaredDimension } from "../../../profiler/model/model.ts";
import { symbol } from "../../../profiler/model/size-expression.ts";
import { graphOf, modelOf } from "../../builders/graph-builder.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import { graph, node, onnxModel, tensor, value, type Dims } from "../../builders/onnx-builder.ts";
import { noExternalData } from "../zoo/no-external-data.ts";
import { size } from "../../builders/size.ts";

function modelWith(shapes: Readonly<Record<string, readonly DeclaredDimension[]>>, format: "onnx" | "tflite" = "onnx") {
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { dataType: "float32" as const, shape }]),
  );
  return modelOf(graphOf({ inputs, nodes: [] }), format);
}

describe("bindInputs", () => {
  it("binds a name once for all its occurrences, and says that the default is used", () => {
    const { inferredTypes, dimensions } = bindInputs(modelWith({ x: ["batch", 3], mask: ["batch"] }), {});
    assert.deepEqual(
      inferredTypes.map(({ shape }) => shape),
      [[1, 3], [1]],
    );
    assert.deepEqual(dimensions, [
      { name: "batch", value: 1, default: 1, source: "default", occurrences: ["x[0]", "mask[0]"] },
    ]);
  });

  it("uses the caller's value", () => {
    const { inferredTypes, dimensions, isResized } = bindInputs(modelWith({ x: ["batch", 3] }), { batch: 8 });
    assert.deepEqual(inferredTypes[0]?.shape, [8, 3]);
    assert.equal(dimensions[0]?.source, "given");
    assert.equal(isResized, false, "a dynamic dimension of ONNX has no stored size to disagree with");
  });

  it("calls a dimension without a name by its place", () => {
    const { inferredTypes } = bindInputs(modelWith({ x: [null, 3] }), { "x[0]": 5 });
    assert.deepEqual(inferredTypes[0]?.shape, [5, 3]);
  });

  it("starts from the size a TFLite model was converted with", () => {
    const model = modelWith({ x: [{ dynamic: true, example: 4 }, 10] }, "tflite");
    assert.deepEqual(bindInputs(model, {}).inferredTypes[0]?.shape, [4, 10]);
    assert.equal(bindInputs(model, {}).isResized, false);
    assert.equal(bindInputs(model, { "x[0]": 2 }).isResized, true);
  });

  it("overrides a fixed size by its place, and shows fixed sizes only then", () => {
    const model = modelWith({ x: [1, 224] });
    assert.deepEqual(bindInputs(model, {}).dimensions, []);
    const { inferredTypes, dimensions, isResized } = bindInputs(model, { "x[1]": 96 });
    assert.deepEqual(inferredTypes[0]?.shape, [1, 96]);
    assert.deepEqual(
      dimensions.map(({ name, value, default: stored }) => [name, value, stored]),
      [["x[1]", 96, 224]],
    );
    assert.equal(isResized, true);
  });

  it("keeps an unknown rank unknown", () => {
    const model = modelOf(graphOf({ inputs: { x: { dataType: "float32", shape: undefined } }, nodes: [] }));
    assert.equal(bindInputs(model, {}).inferredTypes[0]?.shape, undefined);
  });

  it("refuses an unknown name, saying which there are", () => {
    const bind = () => bindInputs(modelWith({ x: ["batch", 3] }), { Batch: 2 });
    assert.throws(bind, (error) => error instanceof OptionError && /"Batch".*batch/.test(error.message));
  });

  describe("sizes that follow from others", () => {
    const attention = modelWith({
      ids: ["batch", "sequence_length"],
      mask: ["batch", "past_sequence_length + sequence_length"],
      past: ["batch", 2, "past_sequence_length", 8],
    });

    it("are computed, not defaulted", () => {
      const { inferredTypes, dimensions } = bindInputs(attention, { sequence_length: 5, past_sequence_length: 7 });
      assert.deepEqual(inferredTypes[1]?.shape, [1, 12]);
      assert.deepEqual(
        dimensions.map(({ name, occurrences }) => [name, occurrences]),
        [
          ["batch", ["ids[0]", "mask[0]", "past[0]"]],
          ["sequence_length", ["ids[1]", "mask[1]"]],
          ["past_sequence_length", ["mask[1]", "past[2]"]],
        ],
      );
      assert.deepEqual(bindInputs(attention, {}).inferredTypes[1]?.shape, [1, 2]);
    });

    it("stay expressions where nothing is bound", () => {
      const [, mask] = openInputs(attention).inferredTypes;
      assert.deepEqual(mask?.shape, [size("batch"), size("past_sequence_length + sequence_length")]);
      assert.deepEqual(
        openInputs(attention, { sequence_length: 1 }).inferredTypes[1]?.shape?.[1],
        size("past_sequence_length + 1"),
      );
    });

    it("may be given themselves where that says what the rest is", () => {
      const doubled = modelWith({ x: ["2*s0"], y: ["s0 - 1"] });
      assert.deepEqual(
        bindInputs(doubled, { "2*s0": 8 }).inferredTypes.map(({ shape }) => shape),
        [[8], [3]],
      );
      const total = "past_sequence_length + sequence_length";
      assert.deepEqual(bindInputs(attention, { [total]: 9, sequence_length: 1 }).inferredTypes[2]?.shape, [1, 2, 8, 8]);
      const contradiction = { [total]: 9, sequence_length: 1, past_sequence_length: 3 };
      assert.throws(() => bindInputs(attention, contradiction), /past_sequence_length.*it is 4, not 9/);
    });

    it("start where they come to something", () => {
      const model = modelWith({ image: [1, 3, "height", "width"], mask: [1, "height//32", "floor(width/14)"] });
      assert.deepEqual(
        bindInputs(model, {}).inferredTypes.map(({ shape }) => shape),
        [
          [1, 3, 32, 16],
          [1, 1, 1],
        ],
      );
      assert.throws(() => bindInputs(modelWith({ x: ["n"], y: ["n - 4"] }), { n: 2 }), /n - 4 comes to -2/);
    });

    // As SymPy, PyTorch and ONNX Runtime's shape inference write them; the value is Python's for s0 = 10.
    for (const [text, value] of [
      ["s0**2", 100],
      ["-s0**2 + 2*s0**2 - 90", 10],
      ["PowByNatural(s0, 2) - 1", 99],
      ["floor(s0/2 - 1/2) + 1", 5],
      ["floor(s0/4 + 3/4)", 3],
      ["ceil((s0 + 1)/4 - 1)", 2],
      ["2*(s0/4)", 5],
      ["(s0 + 1)//2//2", 2],
      ["CeilToInt(IntTrueDiv(s0, 4))", 3],
      ["TruncToInt(IntTrueDiv(s0, 4))", 2],
      ["FloorToInt(s0/4)", 2],
      ["Max(1, s0 - 20)", 1],
      ["Max(1, s0)", 10],
      ["Min(8, s0, 2*s0)", 8],
      ["PythonMod(s0, 4)", 2],
      ["s0 % 4 + s0 / 5", 4],
    ] as const) {
      it(`are computed from ${text}`, () => {
        const model = modelWith({ x: ["s0"], y: [text] });
        assert.deepEqual(bindInputs(model, { s0: 10 }).inferredTypes[1]?.shape, [value]);
        const open = openInputs(model).inferredTypes[1]?.shape?.[0];
        assert.equal(size(String(open)), open, String(open));
      });
    }

    const names = [
      "seq-len",
      "tokens/second",
      "a+b",
      "rows*",
      "3d",
      "N (batch)",
      "batch size",
      "x[0]",
      "½",
      "-1",
      "",
      "1",
    ];
    for (const name of names) {
      it(`are not what a dimension called "${name}" is`, () => {
        const model = modelWith({ x: [name, 4], y: [name], seq: ["seq", "len"] });
        assert.deepEqual(openInputs(model).inferredTypes[0]?.shape, [symbol(name), 4]);
        assert.deepEqual(
          bindInputs(model, { [name]: 6 }).inferredTypes.map(({ shape }) => shape),
          [[6, 4], [6], [1, 1]],
        );
      });
    }
  });

  for (const value of [-1, 1.5, Number.NaN, 2 ** 40]) {
    it(`refuses ${value} as a size`, () => {
      assert.throws(() => bindInputs(modelWith({ x: ["batch"] }), { batch: value }), OptionError);
    });
  }
});

describe("sizes that the file declares", () => {
  it("stand for those that a rule cannot compute, with a note", async () => {
    const bytes = await readFile(join(import.meta.dirname, "../../data/sizes/declared-shape.onnx"));
    const profile = await profileModel(new MemorySource("declared-shape.onnx", bytes), noExternalData);
    const shapes = profile.layers.map(({ outputs }) => outputs[0]?.shape);
    assert.deepEqual(shapes.slice(1), [
      [1, 8, 256],
      [1, 8, 10],
    ]);
    assert.match(profile.layers[1]?.notes.join() ?? "", /the file's own/);
    assert.equal(profile.totals.unknownRows, 0);
  });

  it("stand for those that only a run can tell", async () => {
    const bytes = onnxModel({
      graph: graph(
        [
          node("NonZero", ["x"], ["places"]),
          node("Cast", ["places"], ["c"], { to: 1 }),
          node("MatMul", ["m", "c"], ["y"]),
        ],
        {
          inputs: [value("x", "float32", [4, 5])],
          outputs: [value("y", "float32", [3, "found"])],
          initializers: [tensor("m", "float32", [3, 2], [1, 2, 3, 4, 5, 6])],
          values: [value("places", "int64", [2, 7])],
        },
      ),
    });
    const { layers } = await profileModel(new MemorySource("m.onnx", bytes), noExternalData);
    assert.deepEqual(
      layers.map(({ outputs, notes }) => [outputs[0]?.shape, notes.length]),
      [
        [[2, 7], 1],
        [[2, 7], 0],
        [[3, 7], 0],
      ],
    );
  });
});

describe("Dimensions whose defaults let a model not run", () => {
  const convolution = (dims: Dims): Uint8Array =>
    onnxModel({
      graph: graph(
        [
          node("Conv", ["x", "w"], ["y"], { kernel_shape: [7, 7], strides: [2, 2] }),
          node("MaxPool", ["y"], ["z"], { kernel_shape: [2, 2], strides: [2, 2] }),
        ],
        { inputs: [value("x", "float32", dims)], outputs: ["z"], initializers: [tensor("w", "float32", [8, 3, 7, 7])] },
      ),
    });
  const profiled = async (
    dims: Dims,
    bindings: Readonly<Record<string, number>> = {},
  ): Promise<readonly (readonly [string, number, number | undefined])[]> => {
    const source = new MemorySource("m.onnx", convolution(dims));
    const { dimensions, warnings } = await profileModel(source, noExternalData, { bindings });
    const pointed = warnings.filter(({ code }) => code === "dimension-unrunnable");
    assert.equal(pointed.length, dimensions.filter(({ works }) => works !== undefined).length);
    return dimensions.map(({ name, value: size, works }) => [name, size, works]);
  };

  it("come with the smallest sizes that work, the batch left alone", async () => {
    assert.deepEqual(await profiled(["batch", 3, "height", "width"]), [
      ["batch", 1, undefined],
      ["height", 1, 8],
      ["width", 1, 8],
    ]);
    assert.deepEqual(await profiled(["batch", 3, 224, "width"]), [
      ["batch", 1, undefined],
      ["width", 1, 8],
    ]);
  });

  it("do not when they work, or a given size is what keeps it from running", async () => {
    assert.deepEqual(await profiled(["batch", 3, "height", "width"], { height: 32, width: 32 }), [
      ["batch", 1, undefined],
      ["height", 32, undefined],
      ["width", 32, undefined],
    ]);
    assert.deepEqual(await profiled(["batch", 3, "height", "width"], { height: 1 }), [
      ["batch", 1, undefined],
      ["height", 1, undefined],
      ["width", 1, undefined],
    ]);
  });
});
