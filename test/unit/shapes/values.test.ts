import assert from "node:assert/strict";
import type { DataType } from "../../../profiler/model/data-type.ts";
import type { Dimension } from "../../../profiler/model/shape.ts";
import { VALUE_ELEMENTS_LIMIT } from "../../../profiler/operators/inferred-type.ts";
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

const list = (...value: Dimension[]): KnownTensor => ({ value, shape: [value.length] });
const binary = (op: BinaryOp, a: Dimension, b: Dimension, type: DataType = "int64"): Dimension | undefined =>
  elementwiseValue(op, [list(a), list(b)], [1], type)?.[0];

describe("values of small tensors", () => {
  const cases: readonly (readonly [BinaryOp, Dimension, Dimension, Dimension])[] = [
    ["div", -7, 2, -3],
    ["floorDiv", -7, 2, -4],
    ["div", 7, 0, "?"],
    ["mod", -7, 3, 2],
    ["fmod", -7, 3, -1],
    ["mul", 2 ** 40, 2 ** 40, "?"],
    ["mul", "n", 2, "2*n"],
    ["div", "n", 2, "floor(n/2)"],
    ["min", "n", "n", "n"],
    ["max", "n", -1, "n"],
    ["max", "n", 0, "n"],
    ["min", "n", 4, "?"],
    ["equal", "n", "n", 1],
    ["equal", "n", -1, 0],
    ["equal", "n", 0, "?"],
    ["equal", "?", "?", "?"],
    ["notEqual", "n", -1, 1],
    ["less", "n", 0, 0],
    ["greaterOrEqual", "n", 0, 1],
    ["greater", "n-1", -1, "?"],
    ["and", "?", 0, 0],
    ["or", "?", 1, 1],
  ];
  for (const [op, a, b, expected] of cases) {
    it(`${a} ${op} ${b} is ${expected}`, () => {
      assert.equal(binary(op, a, b), expected);
    });
  }

  it("round to 32 bits as floats do, and keep sizes whole", () => {
    assert.equal(binary("mul", 0.1, 3, "float32"), Math.fround(0.1 * 3));
    assert.equal(binary("div", 7, 2, "float32"), 3.5);
    assert.equal(binary("mul", "n", 0.5, "float32"), "?");
    assert.equal(binary("add", 2 ** 31 - 1, 1, "int32"), -(2 ** 31));
    assert.ok(Object.is(binary("div", 0, -2), 0));
  });

  it("cast by truncation, wrapping and truth", () => {
    assert.deepEqual(castValue([-1.7, 300, 0.2], "int32"), [-1, 300, 0]);
    assert.deepEqual(castValue([-1, 300], "uint8"), [255, 44]);
    assert.deepEqual(castValue([200], "int8"), [-56]);
    assert.deepEqual(castValue([0, 0.5, "n"], "bool"), [0, 1, "?"]);
    assert.deepEqual(castValue(["n", 2 ** 63], "int64"), ["n", 2 ** 63]);
    assert.equal(castValue([1], "string"), undefined);
  });

  it("choose by an open condition only what both sides agree on", () => {
    assert.deepEqual(whereValue([list("?", "?", 1), list(1, 2, 3), list(1, 5, 6)], [3]), [1, "?", 3]);
  });

  it("count out ranges", () => {
    assert.deepEqual(rangeValue(5, -2, -3), [5, 2, -1]);
    assert.equal(rangeValue(0, VALUE_ELEMENTS_LIMIT + 1, 1), undefined);
    assert.equal(rangeLength(0, "n", 1), "n");
    assert.equal(rangeLength(0, "n", 2), "?");
    assert.equal(rangeLength(0, 4, 0), "?");
  });

  it("reduce over some axes in the order of the others", () => {
    const matrix = { value: [1, 2, 3, 4, 5, 6], shape: [2, 3] };
    assert.deepEqual(reduceValue("sum", matrix, [0], "int64"), [5, 7, 9]);
    assert.deepEqual(reduceValue("max", matrix, [-1], "int64"), [3, 6]);
    assert.deepEqual(reduceValue("product", list("n", 4, 2), undefined, "int64"), ["8*n"]);
    assert.deepEqual(reduceValue("sum", { value: [], shape: [0] }, undefined, "int64"), [0]);
  });

  it("do not pick what is not there", () => {
    assert.deepEqual(gatherValue(list(4, "n", 6), list(-2, 0), 0), ["n", 4]);
    assert.equal(gatherValue(list(4, 5), list(2), 0), undefined);
    assert.equal(gatherValue(list(4, 5), list("k"), 0), undefined);
  });

  it("move together with their shapes", () => {
    const row = { value: [1, 2], shape: [1, 2] };
    assert.deepEqual(concatValue([row, { value: [3], shape: [1, 1] }], 1), [1, 2, 3]);
    assert.deepEqual(padValue(list(1, 2, 3), [1], [-2], 9), [9, 1]);
    assert.deepEqual(expandValue(row, [2, 2]), [1, 2, 1, 2]);
    assert.equal(expandValue(row, [VALUE_ELEMENTS_LIMIT, 2]), undefined);
  });

  it("are known only of tensors whose shape is", () => {
    assert.equal(knownTensor({ dataType: "int64", shape: ["n"], value: [1] }), undefined);
    assert.equal(knownTensor({ dataType: "int64", shape: [1] }), undefined);
    assert.deepEqual(knownTensor({ dataType: "int64", shape: [], value: [1] }), { shape: [], value: [1] });
  });
});
