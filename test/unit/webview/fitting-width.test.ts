import assert from "node:assert/strict";
import { leavesOf } from "../../../webview/table/fitting-width.ts";
import { layerRow } from "./profiles.ts";

describe("What must be there of names", () => {
  const leaves = (...rows: readonly (readonly [name: string, op: string, path: string])[]): readonly string[] => [
    ...leavesOf(rows.map(([name, op, path], index) => layerRow(index, { name, op, path: path.split("/") }))),
  ];

  it("is the module of a layer that is alone in it, since the operator has a column of its own", () => {
    assert.deepEqual(
      leaves(["/1/1.0/Conv", "Conv", "1/1.0"], ["/1/1.1/BatchNormalization", "BatchNormalization", "1/1.1"]),
      ["1.0", "1.1"],
    );
  });

  it("is the operator where nothing else tells layers of a module apart", () => {
    assert.deepEqual(leaves(["/1/Conv", "Conv", "1"], ["/1/BatchNormalization", "BatchNormalization", "1"]), [
      "Conv",
      "BatchNormalization",
    ]);
  });
});
