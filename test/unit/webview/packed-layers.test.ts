import assert from "node:assert/strict";
import { packProfile } from "../../../extension/worker/pack-profile.ts";
import { packLayers, unpackLayers } from "../../../webview/protocol/packed-layers.ts";
import { CHUNK_ROWS, FIRST_CHUNK_ROWS } from "../../../webview/protocol/packed-profile.ts";
import { layerRow, profileOf, tensorRow } from "./profiles.ts";

const ODD_ROWS = [
  layerRow(0),
  layerRow(1, { parameters: null, macs: null, energy: null, kind: "unknown", op: "com.acme.Fold", notes: ["a", "b"] }),
  layerRow(2, { outputs: [], inputs: [{ name: "x", dtype: null, shape: null, isConstant: false }], path: [] }),
  layerRow(3, { outputs: [tensorRow("s", []), tensorRow("b", ["boxes", 4])], role: "shape", isCounted: false }),
  layerRow(4, { macs: 0, repeats: 12, latencySeconds: null, macTerms: [], name: "" }),
  layerRow(5, { macTerms: [[{ name: "sequence", value: "tokens" }], []] }),
  layerRow(6, { latencyParts: [{ part: "conv-maps", seconds: 1e-6, factor: 2.5 }] }),
  layerRow(7, { latencyParts: [], latencySeconds: 0 }),
  layerRow(8, { isFixed: true }),
];

describe("Packed layers", () => {
  it("unpack to the rows that were packed, after a trip as JSON", () => {
    const packed: unknown = JSON.parse(JSON.stringify(packLayers(ODD_ROWS)));
    assert.deepEqual(unpackLayers(packed as ReturnType<typeof packLayers>), ODD_ROWS);
  });

  it("do not take a negative zero, a scalar or an empty name for something absent", () => {
    const [row] = unpackLayers(packLayers([layerRow(0, { outputs: [tensorRow("", [])] })]));
    assert.deepEqual(row?.outputs, [tensorRow("", [])]);
  });

  it("are far smaller than the rows: the first chunk of a long model is under 100 KB", () => {
    const rows = Array.from({ length: 6000 }, (_, index) => layerRow(index));
    const { header, chunks } = packProfile(profileOf(rows));
    const bytes = (value: unknown): number => JSON.stringify(value).length;
    assert.ok(bytes(header) + bytes(chunks[0]) < 100_000, `${bytes(header) + bytes(chunks[0])} bytes`);
    assert.ok(bytes(chunks) < bytes(rows) / 3, `${bytes(chunks)} of ${bytes(rows)} bytes`);
  });

  it("refuse positions that are not in their pools", () => {
    const packed = packLayers([layerRow(0)]);
    assert.throws(() => unpackLayers({ ...packed, strings: [] }), RangeError);
  });
});

describe("A packed profile", () => {
  it("holds every row once, in order, the first ones in a small chunk", () => {
    const rows = Array.from({ length: FIRST_CHUNK_ROWS + CHUNK_ROWS + 1 }, (_, index) => layerRow(index));
    const { header, chunks } = packProfile(profileOf(rows));
    assert.equal(header.rowCount, rows.length);
    assert.deepEqual(
      chunks.map(({ from, columns }) => [from, columns.index.length]),
      [
        [0, FIRST_CHUNK_ROWS],
        [FIRST_CHUNK_ROWS, CHUNK_ROWS],
        [FIRST_CHUNK_ROWS + CHUNK_ROWS, 1],
      ],
    );
    assert.deepEqual(chunks.flatMap(unpackLayers), rows);
  });

  it("has a first chunk even without rows", () => {
    assert.equal(packProfile(profileOf([])).chunks.length, 1);
  });
});
