import assert from "node:assert/strict";
import { columnOf } from "../../../profiler/columns.ts";
import { layersTsv } from "../../../profiler/exports/tsv.ts";
import { layerProfile, TOTALS } from "../../builders/profile-builder.ts";

describe("Rows for the clipboard", () => {
  const columns = ["name", "macs", "latency"].flatMap((id) => columnOf(id) ?? []);

  it("have titles and every digit; unknown is the word", () => {
    const layers = [layerProfile("a", { macs: 1_234_567 }), layerProfile("b", { macs: null, latencySeconds: 1.25e-7 })];
    assert.equal(
      layersTsv(layers, TOTALS, columns),
      "Name\tMACs\tLatency estimate\na\t1234567\t0.000001\nb\tunknown\t1.25e-7\n",
    );
  });

  it("hold names of strangers in their cells, and no formula", () => {
    const layers = ["a\tb\nc", "=1+1", "-x", "@y"].map((name) => layerProfile(name));
    const names = layersTsv(layers, TOTALS, columns.slice(0, 1)).split("\n");
    assert.deepEqual(names, ["Name", "a\ufffdb\ufffdc", "'=1+1", "'-x", "'@y", ""]);
  });
});
