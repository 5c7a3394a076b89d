import assert from "node:assert/strict";
import { dataRows } from "../../../profiler/cost/data-rows.ts";
import { layerProfile, profileOf } from "../../builders/profile-builder.ts";

describe("Rows that work on data", () => {
  it("are those that need the caller's data, and those with weights or MACs", () => {
    const free = { parameters: 0, macs: 0 };
    const constant = { name: "c", dtype: "int64", shape: [4], isConstant: true } as const;
    const rows = profileOf([
      layerProfile("positions", { ...free, op: "Range", inputs: [constant] }),
      layerProfile("mask", {
        ...free,
        op: "Reshape",
        inputs: [{ ...constant, name: "positions_output", isConstant: false }],
      }),
      layerProfile("table", { macs: 0, op: "Gather", inputs: [constant] }),
      layerProfile("stem"),
      layerProfile("masked", { ...free, op: "Add", inputs: [] }),
      layerProfile("noise", { ...free, op: "RandomNormal", inputs: [] }),
      layerProfile("scale", { macs: 0, parameters: 1, op: "Div", inputs: [constant] }),
    ]).layers;
    const edges = [
      { from: 0, output: 0, to: 1 },
      { from: 1, output: 0, to: 4 },
      { from: 3, output: 0, to: 4 },
    ];
    assert.deepEqual([...dataRows(rows, { edges })].sort(), [2, 3, 4, 5]);
  });
});
