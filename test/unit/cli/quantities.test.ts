import assert from "node:assert/strict";
import { parseBytes, parseCount, parseDimension } from "../../../profiler/cli/quantities.ts";

describe("Quantities on the command line", () => {
  it("count in decimal thousands", () => {
    assert.deepEqual(["42", "4.2k", "4.2M", "1.5G", "5e6", "2 M"].map(parseCount), [42, 4200, 4.2e6, 1.5e9, 5e6, 2e6]);
  });

  it("tell decimal from binary bytes", () => {
    assert.deepEqual(
      ["42", "42B", "1KB", "1k", "1KiB", "2MB", "2MiB", "1GB", "1gib"].map(parseBytes),
      [42, 42, 1000, 1000, 1024, 2e6, 2_097_152, 1e9, 1_073_741_824],
    );
  });

  it("are refused when they are none", () => {
    for (const text of ["", "M", "-1", "1,000", "0x10", "5 Mb/s", "1 constructor"]) {
      assert.throws(() => parseCount(text), /It must be a number such as/, text);
      assert.throws(() => parseBytes(text), /It must be a size such as/, text);
    }
    assert.throws(() => parseCount("4KB"), /It must be a number such as/);
  });

  it("take a dimension's name up to the last equals sign", () => {
    assert.deepEqual(parseDimension("batch=4"), { batch: 4 });
    assert.deepEqual(parseDimension("x[0]=2", { batch: 4 }), { batch: 4, "x[0]": 2 });
    assert.deepEqual(parseDimension("a=b=3"), { "a=b": 3 });
    for (const text of ["batch", "batch=", "=1", "batch=-1", "batch=1.5", "batch=99999999999999999"]) {
      assert.throws(() => parseDimension(text), /It must be NAME=N/, text);
    }
  });
});
