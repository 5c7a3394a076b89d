import assert from "node:assert/strict";

import { matrix } from "../../../profiler/numeric/matrix.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { startRuntime } from "../../../profiler/runtime/process/process-pool.ts";
import { productElsewhere, productHere } from "../../../profiler/runtime/runtime-products.ts";

describe("products by ONNX Runtime", () => {
  before(() => startRuntime("ONNX Runtime"));

  for (const transposeA of [false, true])
    for (const transposeB of [false, true])
      it(`are the same to the bit in the process that runs models (${transposeA}, ${transposeB})`, async () => {
        const random = new Random(5);
        const a = transposeA ? matrix(300, 40, random.normals(12000)) : matrix(40, 300, random.normals(12000));
        const b = transposeB ? matrix(70, 300, random.normals(21000)) : matrix(300, 70, random.normals(21000));
        const factors = { a, b, transposeA, transposeB, elements: 40 * 70 };
        const elsewhere = await productElsewhere(factors);
        assert.deepEqual(elsewhere, await productHere(factors));
        assert.equal(elsewhere.length, 40 * 70);
      });
});
