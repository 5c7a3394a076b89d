import assert from "node:assert/strict";
import type { Dimension } from "../../../../profiler/model/shape.ts";
import type { InferredType } from "../../../../profiler/operators/inferred-type.ts";
import { CASES } from "./runtime-cases.ts";
import { inferCase, runCase, type OperatorCase, type Result } from "./operator-case.ts";

describe("ONNX operator rules against ONNX Runtime", () => {
  for (const op of new Set(CASES.map((given) => given.op))) {
    const cases = CASES.filter((given) => given.op === op);
    it(`${op}, ${cases.length} cases`, async () => {
      for (const given of cases) await compare(given);
    });
  }
});

/** Every output's type and shape, and its elements where inference gives any. */
async function compare(given: OperatorCase): Promise<void> {
  const results = await runCase(given);
  const known = inferCase(given, true);
  const label = JSON.stringify(given);
  results.forEach((result, index) => {
    const inferredType = known[index];
    assert.ok(inferredType, `no output ${index} of ${label}`);
    assert.equal(inferredType.dataType, result.dataType, `type of output ${index} of ${label}`);
    assert.deepEqual(inferredType.shape, result.shape, `shape of output ${index} of ${label}`);
    if (inferredType.value !== undefined)
      assertClose(inferredType.value, result, `elements of output ${index} of ${label}`);
  });
  inferCase(given, false).forEach((inferredType, index) => {
    const result = results[index];
    if (result !== undefined) assertCompatible(inferredType, result, `output ${index} without values of ${label}`);
  });
}

function assertClose(elements: readonly Dimension[], { values }: Result, label: string): void {
  assert.equal(elements.length, values.length, label);
  elements.forEach((element, place) => {
    const expected = values[place];
    if (typeof element !== "number" || typeof expected !== "number") assert.fail(label);
    if (Object.is(element, expected) || element === expected) return;
    assert.ok(Math.abs(element - expected) <= 1e-6 * Math.abs(expected), `${label}: ${element} for ${expected}`);
  });
}

/** What is said without the values may be open, but never wrong. */
function assertCompatible(inferredType: InferredType, result: Result, label: string): void {
  assert.equal(inferredType.dataType, result.dataType, label);
  if (inferredType.shape === undefined) return;
  assert.equal(inferredType.shape.length, result.shape.length, label);
  inferredType.shape.forEach((size, axis) => {
    if (typeof size === "number") assert.equal(size, result.shape[axis], label);
  });
}
