import assert from "node:assert/strict";
import { xnorEstimate } from "../../../profiler/compression/xnor.ts";

describe("The estimate of a binary layer", () => {
  it("is that of XNOR-Net: 62.27 times for 256 channels, 3×3 filters and 14×14 places", () => {
    const columns = 256 * 9;
    const macs = columns * 256 * 14 * 14;
    const { speedUp, equivalentMacs, storedBytes } = xnorEstimate({ macs, columns, outputs: 256 });
    assert.equal(speedUp.toFixed(2), "62.27");
    assert.equal(Math.round(macs / equivalentMacs), 62);
    // A bit each, and a float for each output: a thirty-second of the floats, and 1 KiB.
    assert.equal(storedBytes, (columns * 256 * 4) / 32 + 1024);
  });
});
