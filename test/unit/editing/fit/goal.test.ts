import assert from "node:assert/strict";
import { Goal } from "../../../../profiler/editing/fit/goal.ts";
import type { Verdict } from "../../../../profiler/editing/fit/fit-point.ts";
import type { Totals } from "../../../../profiler/profile.ts";

const TOTALS: Totals = {
  ...{ parameters: 1_000, macs: 1_000, otherOps: 0, weightBytes: 4_000, fileBytes: 5_000 },
  ...{ peakMemoryBytes: 100, energyPicojoules: 1, latencySeconds: 1, unknownRows: 0 },
};
/** As the keyword model: right in 89.6 % of what judges. */
const START: Verdict = { right: 672, samples: 750, least: 0.876 };
const found: Verdict = { right: 678, samples: 750, least: 0.884 };

describe("An accuracy that samples cannot show of the model itself", () => {
  it("is met by a model of an asked size that has it", () => {
    const goal = new Goal({ lowestAccuracy: 0.9, fileBytes: 3_000 }, { totals: TOTALS, downloadBytes: null }, START);
    assert.ok(goal.isConfirmed(found));
    assert.ok(!goal.isConfirmed({ ...found, right: 674 }));
  });

  it("must be exceeded where it alone says how far to go", () => {
    const goal = new Goal({ lowestAccuracy: 0.9 }, { totals: TOTALS, downloadBytes: null }, START);
    assert.ok(!goal.isConfirmed(found));
    assert.ok(goal.isConfirmed({ ...found, right: 683 }));
  });
});
