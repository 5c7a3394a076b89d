import assert from "node:assert/strict";
import { IS_THOROUGH } from "../effort.ts";
import { tryCase } from "../fuzz/exercise.ts";

/** The first cases of `npm run fuzz`, which has as many as one likes and tries them in processes of their own. */
const SEED = 1;
/** By default about 40 seconds of processor time for both formats. */
const TRIED = IS_THOROUGH ? 20_000 : 3000;

describe("Mutants of models", () => {
  for (const format of ["onnx", "tflite"] as const) {
    it(`are refused by typed errors or shown, in bounded time (${format})`, async function () {
      this.timeout(600_000);
      let refused = 0;
      for (let number = 0; number < TRIED; number += 1) {
        const { fault, isRefused } = await tryCase(format, SEED, number);
        assert.equal(fault, undefined, `case ${number} of seed ${SEED}: ${fault ?? ""}`);
        refused += Number(isRefused);
      }
      // Mutants that all end at the reader's first look would try nothing else.
      assert.ok(refused > 0 && refused < TRIED * 0.8, `${refused} of ${TRIED} are refused`);
    });
  }

  it("may leave outputs out, which no layer behind has", async () => {
    assert.equal((await tryCase("tflite", 30, 12_448)).fault, undefined);
  });
});
