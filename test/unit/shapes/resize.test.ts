import assert from "node:assert/strict";
import { resizeByScales, resizeBySizes } from "../../../profiler/shapes/resize.ts";
import { ShapeError } from "../../../profiler/shapes/shape-error.ts";
import { size } from "../../builders/size.ts";

describe("resizing", () => {
  it("multiplies by scales and rounds down, in single precision", () => {
    assert.deepEqual(resizeByScales([1, 3, 5, 7], [1, 1, 2, 0.5]), [1, 3, 10, 3]);
    assert.deepEqual(resizeByScales([1, 3, 5, 7], [2, 2], [2, 3]), [1, 3, 10, 14]);
    // 0.6 as a float is a little more than 0.6, 5 × 0.6 rounds to 3; 0.7 is a little less.
    assert.deepEqual(resizeByScales([5, 10], [Math.fround(0.6), Math.fround(0.7)]), [3, 7]);
  });

  it("keeps names through whole scales and divisors", () => {
    assert.deepEqual(resizeByScales([size("n"), 3, size("h"), size("w")], [1, 1, 2, 0.5]), [
      size("n"),
      3,
      size("2*h"),
      size("floor(w/2)"),
    ]);
    assert.deepEqual(resizeByScales([size("w")], [1.5]), [size("?")]);
  });

  it("takes sizes as they are", () => {
    assert.deepEqual(resizeBySizes([1, 3, 5, 7], [8, size("w")], [2, 3]), [1, 3, 8, size("w")]);
    assert.deepEqual(resizeBySizes([1, 3], [2, 6]), [2, 6]);
  });

  it("keeps the aspect inside or around the sizes", () => {
    assert.deepEqual(resizeBySizes([1, 3, 4, 8], [6, 6], [2, 3], "not-larger"), [1, 3, 3, 6]);
    assert.deepEqual(resizeBySizes([1, 3, 4, 8], [6, 6], [2, 3], "not-smaller"), [1, 3, 6, 12]);
    assert.deepEqual(resizeBySizes([2, 5], [3, size("w")], [0, 1], "not-larger"), [size("?"), size("?")]);
  });

  it("throws when the numbers do not fit the axes", () => {
    assert.throws(() => resizeByScales([1, 2, 3], [1, 2]), ShapeError);
    assert.throws(() => resizeBySizes([1, 2, 3], [1], [3]), ShapeError);
  });
});
