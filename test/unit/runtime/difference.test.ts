import assert from "node:assert/strict";
import { tensorTexts } from "../../../profiler/cli/tensor-table.ts";
import { DifferenceSum, LEAST_CLASSES_OF_RANDOM, type Difference } from "../../../profiler/runtime/difference.ts";
import { of } from "./tiny-models.ts";

function difference(
  a: readonly number[],
  b: readonly number[],
  shape: readonly number[],
  labels?: readonly number[],
): Difference {
  const sum = new DifferenceSum();
  sum.add(of("float64", shape, a), of("float64", shape, b), shape[0] ?? 1, labels);
  return sum.result();
}

const near = (actual: number | null | undefined, expected: number): void =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-12, `${actual ?? "nothing"} is not ${expected}`);

describe("Differences of tensors", () => {
  it("are as defined", () => {
    const { elements, maxAbsolute, maxRelative, rms, snr, cosine } = difference([0, 3, 4, 0], [0, 3, 2, 0], [2, 2]);
    assert.deepEqual([elements, maxAbsolute, maxRelative, rms], [4, 2, 0.5, 1]);
    near(snr, 10 * Math.log10(25 / 4));
    near(cosine, 17 / (5 * Math.sqrt(13)));
  });

  it("are relative to an output's size where it hardly varies", () => {
    near(difference([100, 100], [100, 101], [2, 1]).maxRelative, 0.1);
    near(difference([-100, -99.999], [-100.001, -99.999], [2, 1]).maxRelative, 1e-4);
  });

  it("add up the same whatever the batches", () => {
    const [a, b] = [
      Array.from({ length: 60 }, (_, i) => Math.sin(i)),
      Array.from({ length: 60 }, (_, i) => Math.sin(i + 0.1)),
    ];
    const whole = difference(a, b, [6, 10], [0, 1, 2, 3, 4, 5]);
    const pieces = new DifferenceSum();
    for (let sample = 0; sample < 6; sample += 1) {
      const part = (all: readonly number[]): ReturnType<typeof of> =>
        of("float64", [1, 10], all.slice(sample * 10, sample * 10 + 10));
      pieces.add(part(a), part(b), 1, [sample]);
    }
    assert.deepEqual(pieces.result(), whole);
  });

  it("are none between equal tensors, infinities among them", () => {
    const values = [1, Number.POSITIVE_INFINITY, Number.NaN];
    const result = difference(values, values, [1, 3]);
    assert.deepEqual(
      [result.isIdentical, result.maxAbsolute, result.maxRelative, result.rms, result.snr, result.cosine],
      [true, 0, 0, 0, null, 1],
    );
    assert.equal(difference([0, 0], [0, 0], [1, 2]).cosine, 1);
  });

  it("say which elements are not numbers in either, of which no number is", () => {
    const values = [1, Number.POSITIVE_INFINITY, Number.NaN];
    const compared = difference(values, values, [1, 3]);
    assert.equal(compared.alikeNonFinite, 2);
    const names = { a: "scores", b: "scores" };
    const { remarks } = tensorTexts([{ names, difference: compared }]);
    assert.deepEqual(remarks, ["scores: 2 of 3 elements are NaN or infinite in both models and are not compared"]);
  });

  it("have no row where nothing is a number in either", () => {
    const values = [Number.NaN, Number.NEGATIVE_INFINITY];
    const compared = difference(values, values, [1, 2]);
    const { rows, remarks } = tensorTexts([{ names: { a: "y", b: "y" }, difference: compared }]);
    assert.deepEqual(rows, []);
    assert.deepEqual(remarks, ["y: all 2 elements are NaN or infinite in both models and are not compared"]);
  });

  it("are plain data, whatever the numbers", () => {
    const kinds = [Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, -Number.MAX_VALUE, 0, 1];
    for (const a of kinds)
      for (const b of kinds) {
        const result = difference([a, b, 1, 2], [b, a, 1, 2], [2, 2], [0, 1]);
        assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
      }
  });

  it("have no size where one is a number and the other is not", () => {
    const result = difference([1, 2], [1, Number.NaN], [1, 2]);
    assert.deepEqual(
      [result.isIdentical, result.maxAbsolute, result.maxRelative, result.rms, result.snr, result.unlikeNonFinite],
      [false, null, null, null, null, 1],
    );
  });

  it("count answers of class-like outputs only", () => {
    const a = [0, 9, 1, 8, 0, 0];
    const b = [0, 9, 1, 0, 0, 8];
    const { expectedAgreement = NaN, ...top1 } = difference(a, b, [2, 3]).top1 ?? { samples: 0, agreement: 0 };
    assert.deepEqual(top1, { samples: 2, agreement: 0.5 });
    assert.ok(expectedAgreement > 0.5 && expectedAgreement < 1, "margins of 8 in noise of 4.6");
    assert.deepEqual(difference(a, b, [2, 3, 1, 1], [1, 2]).top1?.accuracy, { a: 0.5, b: 1 });
    assert.equal(difference(a, b, [1, 2, 3]).top1, undefined);
    assert.equal(difference([1, 2], [1, 2], [2, 1]).top1, undefined);
  });

  it("expect of noise that it rights answers that were nearly right, as it spoils those that nearly were not", () => {
    const labels = [0, 0, 0];
    const of = (wrong: number): number | undefined =>
      difference([9, 0, 9, 0, 0, wrong], [9.4, 0, 8.6, 0, 0.4, wrong - 0.4], [3, 2], labels).top1?.expectedAccuracy;
    assert.ok((of(8) ?? NaN) < 2 / 3 + 1e-6, "8 in noise of 0.4");
    const nearly = of(0.1) ?? NaN;
    assert.ok(nearly > 2 / 3 + 0.1 && nearly < 2 / 3 + 1 / 6, `${nearly}`);
    assert.equal(difference([9, 0, 0, 1], [9, 0, 0, 1], [2, 2], [0, 0]).top1?.expectedAccuracy, 0.5);
  });

  it("tell no agreement where one class is all that is said, and none of random inputs that are nearly so", () => {
    const agreementOf = (classes: readonly number[], least?: number): number | null | undefined => {
      const rows = classes.flatMap((chosen) => [0, 1, 2].map((index) => Number(index === chosen)));
      const sum = new DifferenceSum();
      const tensor = of("float64", [classes.length, 3], rows);
      sum.add(tensor, tensor, classes.length);
      return sum.result(least).top1?.agreement;
    };
    assert.equal(agreementOf([1, 1, 1, 1]), null);
    assert.equal(agreementOf([1, 1, 1, 2]), 1, "samples of the user's own are what they are");
    assert.equal(agreementOf([1, 1, 1, 2], LEAST_CLASSES_OF_RANDOM), null);
    assert.equal(agreementOf([1, 2, 1, 2, 0], LEAST_CLASSES_OF_RANDOM), 1);
  });
});
