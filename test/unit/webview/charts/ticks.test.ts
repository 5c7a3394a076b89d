import assert from "node:assert/strict";
import { tickText } from "../../../../webview/charts/chart-options.ts";

describe("The ticks of an axis", () => {
  it("have no zeros that say nothing", () => {
    assert.equal(tickText("MACs", 50e6), "50 M");
    assert.equal(tickText("bytes", 1.5e6), "1.5 MB");
    assert.equal(tickText("bytes", 500e3), "500 KB");
    assert.equal(tickText("s", 1.05e-3), "1.05 ms");
    assert.equal(tickText("share", 0.4), "40 %");
    assert.equal(tickText("MACs", 0), "0");
  });
});
