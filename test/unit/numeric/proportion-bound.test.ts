import assert from "node:assert/strict";
import { fewestTrials, leastProportion } from "../../../profiler/numeric/proportion-bound.ts";

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 5e-5, `${actual} is not ${expected}`);

describe("The least proportion", () => {
  it("is that of Clopper and Pearson's tables", () => {
    near(leastProportion(10, 10, 0.05), 0.05 ** 0.1);
    // R: binom.test(95, 100, alternative = "greater")$conf.int[1], qbeta(0.05, 95, 6)
    near(leastProportion(95, 100, 0.05), 0.897718);
    near(leastProportion(0, 20, 0.05), 0);
  });

  it("is one with which as many successes are as unlikely as the risk", () => {
    const [successes, trials] = [37, 40];
    const least = leastProportion(successes, trials, 0.05);
    let probability = 0;
    for (let count = successes; count <= trials; count += 1) {
      let ways = 1;
      for (let at = 0; at < trials - count; at += 1) ways *= (trials - at) / (at + 1);
      probability += ways * least ** count * (1 - least) ** (trials - count);
    }
    near(probability, 0.05);
  });

  it("of 99 % takes 299 trials to show", () => {
    assert.equal(fewestTrials(0.99, 0.05), 299);
    assert.ok(leastProportion(299, 299, 0.05) >= 0.99 && leastProportion(298, 298, 0.05) < 0.99);
  });
});
