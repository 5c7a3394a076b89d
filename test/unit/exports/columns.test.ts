import assert from "node:assert/strict";
import { columnOf, COLUMNS, formatCell, formatCellExact, TOTALS } from "../../../profiler/columns.ts";
import {
  formatBytes,
  formatCount,
  formatEnergy,
  formatShape,
  formatShare,
  formatTime,
} from "../../../profiler/format-numbers.ts";
import { SAMPLE } from "./sample-profile.ts";

describe("Columns", () => {
  it("have ids of their own and a definition in full sentences", () => {
    assert.equal(new Set(COLUMNS.map(({ id }) => id)).size, COLUMNS.length);
    for (const { definition, title } of [...COLUMNS, ...TOTALS]) {
      assert.match(definition, /^[A-Z0-9].*\.$/s, title);
      assert.notEqual(title, "");
    }
  });

  it("define every total once, in the order of the contract", () => {
    assert.deepEqual(
      TOTALS.map(({ id }) => id),
      Object.keys(SAMPLE.totals),
    );
  });

  it("sum up to their totals where they have one", () => {
    for (const column of COLUMNS) {
      if (column.total === undefined) continue;
      const sum = SAMPLE.layers.reduce((total, row) => total + Number(column.value(row, SAMPLE.totals) ?? 0), 0);
      assert.equal(sum, SAMPLE.totals[column.total], column.id);
    }
  });

  it("show an unknown value as unknown and a share of nothing as none", () => {
    const unknown = SAMPLE.layers[2];
    assert.ok(unknown);
    const value = (id: string): unknown => columnOf(id)?.value(unknown, { ...SAMPLE.totals, macs: 0 });
    assert.deepEqual(
      [value("macs"), value("macsShare"), value("energy"), value("energyWeights")],
      [null, null, null, null],
    );
    assert.equal(formatCell("MACs", null), "unknown");
    assert.equal(columnOf("macsShare")?.value({ ...unknown, macs: 0 }, { ...SAMPLE.totals, macs: 0 }), 0);
  });

  it("give every digit on demand", () => {
    assert.equal(formatCellExact("MACs", 569_123_456), "569,123,456 MACs");
    assert.equal(formatCellExact("s", 0.0000123456789), "12.3457 µs");
    assert.equal(formatCellExact("share", 0.123456), "12.3456 %");
    assert.equal(formatCellExact("rows", 3), "3");
    assert.equal(formatCellExact("bytes", null), "unknown");
  });
});

describe("Formats", () => {
  it("count in thousands with three digits", () => {
    assert.deepEqual([0, 7, 999, 1000, 1234, 999_499, 999_500, 4_231_976, 15.3e9, 2.5e12, 3e18].map(formatCount), [
      "0",
      "7",
      "999",
      "1.00 k",
      "1.23 k",
      "999 k",
      "1.00 M",
      "4.23 M",
      "15.3 G",
      "2.50 T",
      "3000 P",
    ]);
  });

  it("give bytes, energy and time their units", () => {
    assert.deepEqual([0, 512, 4100, 553e6].map(formatBytes), ["0 B", "512 B", "4.10 KB", "553 MB"]);
    assert.deepEqual([0, 3.7, 640e9, 0.03].map(formatEnergy), ["0 pJ", "3.70 pJ", "640 mJ", "0.0300 pJ"]);
    assert.deepEqual([0, 5e-6, 0.0131, 2].map(formatTime), ["0 ns", "5.00 µs", "13.1 ms", "2 s"]);
  });

  it("do not round a small share to nothing", () => {
    assert.deepEqual([0, 0.0001, 0.0005, 0.4321, 1].map(formatShare), [
      "0.0 %",
      "<0.1 %",
      "0.1 %",
      "43.2 %",
      "100.0 %",
    ]);
  });

  it("write shapes with names, scalars and unknown ranks as such", () => {
    assert.deepEqual([[1, 3, "height"], [], null].map(formatShape), ["1×3×height", "scalar", "unknown"]);
  });
});
