import assert from "node:assert/strict";
import type { DataType } from "../../../profiler/model/data-type.ts";
import type { Dimension } from "../../../profiler/model/shape.ts";
import { VALUE_ELEMENTS_LIMIT } from "../../../profiler/shapes/known-tensor.ts";
import { knownTensor, type KnownTensor } from "../../../profiler/shapes/known-tensor.ts";
import { concatValue, expandValue, gatherValue, padValue } from "../../../profiler/shapes/value-layout.ts";
import {
  castValue,
  elementwiseValue,
  rangeLength,
  rangeValue,
  reduceValue,
  whereValue,
  type BinaryOp,
} from "../../../profiler/shapes/values.ts";
import { size } from "../../builders/size.ts";

const list = (...value: Dimension[]): KnownTensor => ({ value, shape: [value.length] });
const binary = (op: BinaryOp, a: Dimension, b: Dimension, type: DataType = "int64"): Dimension | undefined =>
  elementwiseValue(op, [list(a), list(b)], [1], type)?.[0];

describe("values of small tensors", () => {
  const cases: readonly (readonly [BinaryOp, Dimension, Dimension, Dimension])[] = [
    ["div", -7, 2, -3],
    ["floorDiv", -7, 2, -4],
    ["div", 7, 0, size("?")],
    ["mod", -7, 3, 2],
    ["fmod", -7, 3, -1],
    ["mul", 2 ** 40, 2 ** 40, size("?")],
    ["mul", size("n"), 2, size("2*n")],
    ["div", size("n"), 2, size("floor(n/2)")],
    ["min", size("n"), size("n"), size("n")],
    ["max", size("n"), -1, size("n")],
    ["max", size("n"), 0, size("n")],
    ["min", size("n"), 4, size("?")],
    ["equal", size("n"), size("n"), 1],
    ["equal", size("n"), -1, 0],
    ["equal", size("n"), 0, size("?")],
    ["equal", size("?"), size("?"), size("?")],
    ["notEqual", size("n"), -1, 1],
    ["less", size("n"), 0, 0],
    ["greaterOrEqual", size("n"), 0, 1],
    ["greater", size("n-1"), -1, size("?")],
    ["and", size("?"), 0, 0],
    ["or", size("?"), 1, 1],
  ];
  for (const [op, a, b, expected] of cases) {
    it(`${String(a)} ${op} ${String(b)} is ${String(expected)}`, () => {
      assert.equal(binary(op, a, b), expected);
    });
  }

  it("round to 32 bits as floats do, and keep sizes whole", () => {
    assert.equal(binary("mul", 0.1, 3, "float32"), Math.fround(0.1 * 3));
    assert.equal(binary("div", 7, 2, "float32"), 3.5);
    assert.equal(binary("mul", size("n"), 0.5, "float32"), size("?"));
    assert.equal(binary("add", 2 ** 31 - 1, 1, "int32"), -(2 ** 31));
    assert.ok(Object.is(binary("div", 0, -2), 0));
  });

  it("cast by truncation, wrapping and truth", () => {
    assert.deepEqual(castValue([-1.7, 300, 0.2], "int32"), [-1, 300, 0]);
    assert.deepEqual(castValue([-1, 300], "uint8"), [255, 44]);
    assert.deepEqual(castValue([200], "int8"), [-56]);
    assert.deepEqual(castValue([0, 0.5, size("n")], "bool"), [0, 1, size("?")]);
    assert.deepEqual(castValue([size("n"), 2 ** 63], "int64"), [size("n"), 2 ** 63]);
    assert.equal(castValue([1], "string"), undefined);
  });

  it("choose by an open condition only what both sides agree on", () => {
    assert.deepEqual(whereValue([list(size("?"), size("?"), 1), list(1, 2, 3), list(1, 5, 6)], [3]), [1, size("?"), 3]);
  });

  it("count out ranges", () => {
    assert.deepEqual(rangeValue(5, -2, -3), [5, 2, -1]);
    assert.equal(rangeValue(0, VALUE_ELEMENTS_LIMIT + 1, 1), undefined);
    assert.equal(rangeLength(0, size("n"), 1), size("n"));
    assert.equal(rangeLength(0, size("n"), 2), size("?"));
    assert.equal(rangeLength(0, 4, 0), size("?"));
  });

  it("reduce over some axes in the order of the others", () => {
    const matrix = { value: [1, 2, 3, 4, 5, 6], shape: [2, 3] };
    assert.deepEqual(reduceValue("sum", matrix, [0], "int64"), [5, 7, 9]);
    assert.deepEqual(reduceValue("max", matrix, [-1], "int64"), [3, 6]);
    assert.deepEqual(reduceValue("product", list(size("n"), 4, 2), undefined, "int64"), [size("8*n")]);
    assert.deepEqual(reduceValue("sum", { value: [], shape: [0] }, undefined, "int64"), [0]);
  });

  it("do not pick what is not there", () => {
    assert.deepEqual(gatherValue(list(4, size("n"), 6), list(-2, 0), 0), [size("n"), 4]);
    assert.equal(gatherValue(list(4, 5), list(2), 0), undefined);
    assert.equal(gatherValue(list(4, 5), list(size("k")), 0), undefined);
  });

  it("move together with their shapes", () => {
    const row = { value: [1, 2], shape: [1, 2] };
    assert.deepEqual(concatValue([row, { value: [3], shape: [1, 1] }], 1), [1, 2, 3]);
    assert.deepEqual(padValue(list(1, 2, 3), [1], [-2], 9), [9, 1]);
    assert.deepEqual(expandValue(row, [2, 2]), [1, 2, 1, 2]);
    assert.equal(expandValue(row, [VALUE_ELEMENTS_LIMIT, 2]), undefined);
  });

  it("are known only of tensors whose shape is", () => {
    assert.equal(knownTensor({ shape: [size("n")], value: [1] }), undefined);
    assert.equal(knownTensor({ shape: [1] }), undefined);
    assert.deepEqual(knownTensor({ shape: [], value: [1] }), { shape: [], value: [1] });
  });
});
