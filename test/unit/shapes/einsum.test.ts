import assert from "node:assert/strict";
import type { Dimension, Shape } from "../../../profiler/model/shape.ts";
import { einsumShape, parseEinsum } from "../../../profiler/shapes/einsum.ts";
import { ShapeError } from "../../../profiler/shapes/shape-error.ts";
import { size } from "../../builders/size.ts";

describe("Einsum", () => {
  const CASES: readonly (readonly [
    equation: string,
    shapes: readonly (Shape | undefined)[],
    output: Shape | undefined,
  ])[] = [
    [
      "ij,jk->ik",
      [
        [2, 3],
        [3, 4],
      ],
      [2, 4],
    ],
    [
      "ij,jk",
      [
        [2, 3],
        [3, 4],
      ],
      [2, 4],
    ],
    ["ba", [[2, 3]], [3, 2]],
    ["ii->i", [[3, 3]], [3]],
    ["ij->", [[2, 3]], []],
    [
      "...ij,...jk->...ik",
      [
        [7, 1, 2, 3],
        [5, 3, 4],
      ],
      [7, 5, 2, 4],
    ],
    [
      "...ij,jk",
      [
        [7, 2, 3],
        [3, 4],
      ],
      [7, 2, 4],
    ],
    ["i...j->j...", [[2, 5, 6, 3]], [3, 5, 6]],
    [
      "bhid,bhjd->bhij",
      [
        [size("n"), 8, size("t"), 64],
        [size("n"), 8, size("t"), 64],
      ],
      [size("n"), 8, size("t"), size("t")],
    ],
    ["ij,jk->ik", [[1, 3], undefined], [1, size("?")]],
    ["...i->...", [undefined], undefined],
    [
      "ij,jk->ik",
      [
        [2, size("k")],
        [3, 4],
      ],
      [2, 4],
    ],
    ["i,i->i", [[1], [4]], [4]],
  ];
  for (const [equation, shapes, output] of CASES) {
    it(`${equation} of ${JSON.stringify(shapes)} is ${JSON.stringify(output)}`, () => {
      assert.deepEqual(einsumShape(equation, shapes).shape, output);
    });
  }

  it("multiplies over every index once", () => {
    const sizes = (equation: string, shapes: readonly Shape[]): readonly Dimension[] =>
      einsumShape(equation, shapes).indices.map(({ size }) => size);
    assert.deepEqual(
      sizes("bij,bjk->bik", [
        [5, 2, 3],
        [5, 3, 4],
      ]),
      [5, 2, 3, 4],
    );
    assert.deepEqual(
      sizes("...ij,jk->...ik", [
        [7, 2, 3],
        [3, 4],
      ]),
      [7, 2, 3, 4],
    );
    assert.deepEqual(
      sizes("ij,jk->ik", [
        [2, size("k")],
        [size("k"), 4],
      ]),
      [2, size("k"), 4],
    );
  });

  it("throws for equations that are none and for shapes that do not fit", () => {
    assert.throws(() => parseEinsum("ij->k->l"), ShapeError);
    assert.throws(() => parseEinsum("i1,j->ij"), ShapeError);
    assert.throws(() => einsumShape("ij,jk->ik", [[2, 3]]), ShapeError);
    assert.throws(
      () =>
        einsumShape("ij,jk->ik", [
          [2, 3],
          [4, 5],
        ]),
      ShapeError,
    );
    assert.throws(() => einsumShape("ij->ji", [[2, 3, 4]]), ShapeError);
    assert.throws(() => einsumShape("ij->ik", [[2, 3]]), ShapeError);
  });
});
