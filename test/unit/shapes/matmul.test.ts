import assert from "node:assert/strict";
import type { Shape } from "../../../profiler/model/shape.ts";
import { matmulGeometry, matmulShape, transposeMatrix } from "../../../profiler/shapes/matmul.ts";
import { ShapeError } from "../../../profiler/shapes/shape-error.ts";
import { size } from "../../builders/size.ts";

describe("matrix products", () => {
  const CASES: readonly (readonly [a: Shape, b: Shape, output: Shape, sizes: Shape])[] = [
    [
      [2, 3],
      [3, 4],
      [2, 4],
      [1, 2, 3, 4],
    ],
    [
      [5, 2, 3],
      [3, 4],
      [5, 2, 4],
      [5, 2, 3, 4],
    ],
    [
      [6, 1, 2, 3],
      [5, 3, 4],
      [6, 5, 2, 4],
      [30, 2, 3, 4],
    ],
    [[3], [3, 4], [4], [1, 1, 3, 4]],
    [[2, 3], [3], [2], [1, 2, 3, 1]],
    [[3], [3], [], [1, 1, 3, 1]],
    [[3], [5, 3, 4], [5, 4], [5, 1, 3, 4]],
    [
      [size("batch"), 1, 768],
      [768, 1000],
      [size("batch"), 1, 1000],
      [size("batch"), 1, 768, 1000],
    ],
    [
      [size("n"), size("k")],
      [16, 4],
      [size("n"), 4],
      [1, size("n"), 16, 4],
    ],
    [
      [0, 3],
      [3, 4],
      [0, 4],
      [1, 0, 3, 4],
    ],
  ];
  for (const [a, b, output, [batch, rows, inner, columns]] of CASES) {
    it(`[${a.join()}] by [${b.join()}] is [${output.join()}]`, () => {
      assert.deepEqual(matmulShape(a, b), output);
      assert.deepEqual(matmulGeometry(a, b), { batch, rows, inner, columns });
    });
  }

  it("knows nothing of a product with an unknown rank", () => {
    assert.equal(matmulShape(undefined, [2, 3]), undefined);
    assert.deepEqual(matmulGeometry([2, 3], undefined), {
      batch: size("?"),
      rows: size("?"),
      inner: size("?"),
      columns: size("?"),
    });
  });

  it("throws for inner sizes that differ and for scalars", () => {
    assert.throws(() => matmulShape([2, 3], [4, 5]), ShapeError);
    assert.throws(() => matmulShape([], [4, 5]), ShapeError);
  });

  it("swaps the last two axes", () => {
    assert.deepEqual(transposeMatrix([7, 2, size("n")]), [7, size("n"), 2]);
    assert.deepEqual(transposeMatrix([3]), [3]);
    assert.equal(transposeMatrix(undefined), undefined);
  });
});
