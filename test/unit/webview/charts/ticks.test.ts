import assert from "node:assert/strict";
import { withoutZeros } from "../../../../webview/charts/chart-options.ts";

describe("The ticks of an axis", () => {
  it("have no zeros that say nothing", () => {
    assert.equal(withoutZeros("50.0 M"), "50 M");
    assert.equal(withoutZeros("1.50 MB"), "1.5 MB");
    assert.equal(withoutZeros("500 KB"), "500 KB");
    assert.equal(withoutZeros("1.05 ms"), "1.05 ms");
    assert.equal(withoutZeros("0.100"), "0.1");
    assert.equal(withoutZeros("10.0 G/s"), "10 G/s");
    assert.equal(withoutZeros("0"), "0");
  });
});
