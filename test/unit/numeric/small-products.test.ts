import assert from "node:assert/strict";

import { matrix } from "../../../profiler/numeric/matrix.ts";
import { RuntimeProducts } from "../../../profiler/runtime/runtime-products.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { SmallProducts } from "../../../profiler/numeric/small-products.ts";

describe("small products", () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      it(`are those of the runtime (${transposeA}, ${transposeB})`, async () => {
        const random = new Random(3);
        const a = transposeA ? matrix(4, 6, random.normals(24)) : matrix(6, 4, random.normals(24));
        const b = transposeB ? matrix(5, 4, random.normals(20)) : matrix(4, 5, random.normals(20));
        const options = { transposeA, transposeB };
        const expected = await new RuntimeProducts().multiply(a, b, options);
        const { rows, columns, data } = await new SmallProducts().multiply(a, b, options);
        assert.deepEqual([rows, columns], [6, 5]);
        data.forEach((value, index) => {
          assert.ok(Math.abs(value - (expected.data[index] ?? NaN)) < 1e-5);
        });
      });
    }
  }

  it("refuse what does not fit", () => {
    assert.throws(() => void new SmallProducts().multiply(matrix(2, 3), matrix(2, 3)), /2×3 and 2×3 do not multiply/);
  });
});
