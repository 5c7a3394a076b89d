import assert from "node:assert/strict";
import fc from "fast-check";
import type { Dimension } from "../../../../profiler/model/shape.ts";
import { UNKNOWN_SIZE } from "../../../../profiler/shapes/dimension.ts";
import { inferCase, runCase, type OperatorCase, type Result } from "../shape-ops/operator-case.ts";
import { ATTENTIONS, EINSUMS, GEMMS, MATRIX_PRODUCTS, RECURRENT_CELLS, RESIZES } from "./random-products.ts";
import { CASES } from "./runtime-cases.ts";
import { CONVOLUTIONS, POOLS, QUANTIZED_WINDOWS, TRANSPOSED_CONVOLUTIONS } from "./random-windows.ts";

/** The same cases in every run of the tests. */
const SEED = 20_261_121;

const FAMILIES: readonly (readonly [name: string, cases: fc.Arbitrary<OperatorCase>, count: number])[] = [
  ["convolutions", CONVOLUTIONS, 200],
  ["transposed convolutions", TRANSPOSED_CONVOLUTIONS, 200],
  ["pools", POOLS, 500],
  ["quantized convolutions and pools", QUANTIZED_WINDOWS, 300],
  ["matrix products", MATRIX_PRODUCTS, 150],
  ["Gemm and its forms", GEMMS, 60],
  ["Einsum", EINSUMS, 60],
  ["recurrent cells", RECURRENT_CELLS, 60],
  ["Resize", RESIZES, 300],
  ["attention", ATTENTIONS, 150],
];

describe("ONNX compute operators against ONNX Runtime", () => {
  for (const [name, cases, count] of FAMILIES) {
    it(`gives the types and shapes of ${count} random ${name}`, async () => {
      let ran = 0;
      await fc.assert(
        fc.asyncProperty(cases, async (given) => {
          const results = await runCase(given).catch(() => undefined);
          // What the runtime refuses (a window larger than its input, say) tells nothing about shapes.
          if (results === undefined) return;
          ran += 1;
          compare(given, results);
        }),
        { seed: SEED, numRuns: count },
      );
      assert.ok(ran >= count / 2, `only ${ran} of ${count} cases ran`);
    }).timeout(120_000);
  }

  for (const op of new Set(CASES.map((given) => given.op))) {
    const cases = CASES.filter((given) => given.op === op);
    it(`${op}, ${cases.length} cases`, async () => {
      for (const given of cases) compare(given, await runCase(given));
    });
  }
});

function compare(given: OperatorCase, results: readonly Result[]): void {
  const label = JSON.stringify({
    ...given,
    inputs: given.inputs.map((input) => input && [input.dataType, input.shape]),
  });
  const inferredTypes = inferCase(given, true);
  results.forEach((result, index) => {
    assert.equal(inferredTypes[index]?.dataType, result.dataType, `type of output ${index} of ${label}`);
    const shape = inferredTypes[index].shape?.map((size, axis) => (isOpen(size) ? result.shape[axis] : size));
    assert.deepEqual(shape, result.shape, `shape of output ${index} of ${label}`);
  });
  // Without the values a size may be open, but never wrong.
  inferCase(given, false).forEach((inferredType, index) => {
    inferredType.shape?.forEach((size, axis) => {
      if (typeof size === "number" && results[index]) assert.equal(size, results[index].shape[axis], label);
    });
  });
}

/** A size that only the run can tell, by name; one that nothing is known of would not have a name. */
function isOpen(size: Dimension): boolean {
  return typeof size !== "number" && size !== UNKNOWN_SIZE;
}
