import assert from "node:assert/strict";
import {
  explainScore,
  isSlower,
  savesNoTime,
  whyWorthless,
  type Suggestion,
} from "../../../profiler/editing/suggestion.ts";

const saves = (macs: number | null, latencySeconds: number | null): Suggestion["saves"] => ({
  parameters: 0,
  macs,
  weightBytes: 0,
  peakMemoryBytes: 0,
  energyPicojoules: 0,
  latencySeconds,
});

describe("a suggestion that cuts MACs", () => {
  it("says so when it saves no time", () => {
    for (const [macs, time, isSo] of [
      [0.3, 0.25, false],
      [0.3, 0.01, true],
      [0.3, -0.2, true],
      [0, -0.2, false],
      [0.3, null, false],
      [null, 0, false],
    ] as const)
      assert.equal(savesNoTime({ saves: saves(macs, time) }), isSo, `${macs} of the MACs, ${time} of the time`);
  });

  it("says so where its standing is explained", () => {
    const text = (time: number): string =>
      explainScore({ saves: saves(0.3, time), wantsSamples: false, guarantee: "exact" });
    assert.match(text(0), /It cuts MACs, but saves no time on this hardware\.$/);
    assert.doesNotMatch(text(0.3), /saves no time/);
  });
});

describe("a suggestion that costs time", () => {
  it("is made where it stores less and saves more on average, and not where it computes less", () => {
    for (const [weights, time, keepsMacs, isMade] of [
      [0.75, -0.01, true, true],
      [0.75, -0.01, false, false],
      [0.75, -0.4, true, false],
      [0.01, -0.005, true, false],
      [0.75, 0, false, true],
    ] as const) {
      const found = {
        saves: { ...saves(0, time), weightBytes: weights },
        guarantee: "approximate",
        keepsMacs,
      } as const;
      assert.equal(whyWorthless(found) === undefined, isMade, `${weights} of the weights, ${time} of the time`);
    }
  });

  it("says so in its standing, and once", () => {
    for (const [macs, time, slower] of [
      [0, -0.25, /slower on this hardware than the model as it is\.$/],
      [0.3, -0.25, /saves no time on this hardware\.$/],
      [0, 0, /counts[^.]*\.$/],
    ] as const) {
      const one = { saves: saves(macs, time), wantsSamples: false, guarantee: "approximate" } as const;
      assert.match(explainScore(one), slower);
      assert.equal(isSlower(one), time < 0);
    }
  });
});
