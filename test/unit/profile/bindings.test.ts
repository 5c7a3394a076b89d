import assert from "node:assert/strict";
import { bindInputs } from "../../../profiler/bindings.ts";
import { OptionError } from "../../../profiler/errors.ts";
import type { DeclaredDimension } from "../../../profiler/model/model.ts";
import { graphOf, modelOf } from "../../builders/graph-builder.ts";

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

  for (const value of [-1, 1.5, Number.NaN, 2 ** 40]) {
    it(`refuses ${value} as a size`, () => {
      assert.throws(() => bindInputs(modelWith({ x: ["batch"] }), { batch: value }), OptionError);
    });
  }
});
