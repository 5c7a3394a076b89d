import assert from "node:assert/strict";
import { shownRows } from "../../../../webview/runs/shown-rows.ts";
import { layerTimes, runResult } from "../kept-runs.ts";

const named = (...names: readonly string[]): { readonly name: string }[] => names.map((name) => ({ name }));

describe("Rows of a run in the model that is shown", () => {
  const run = runResult([0.01], { layers: layerTimes([["stem", 0, 0.004], ["conv", 2, 0.003]], 0) }); // oxfmt-ignore

  it("are those of their names, wherever edits have moved them", () => {
    const rowOf = shownRows(run, named("stem", "norm", "new", "conv"));
    assert.deepEqual([0, 2].map(rowOf), [0, 3]);
  });

  it("are their own where names repeat", () => {
    assert.equal(shownRows(run, named("stem", "conv", "conv", "conv"))(2), 2);
  });

  it("are none where the layer is gone, or the run says nothing of the row", () => {
    const rowOf = shownRows(run, named("stem", "relu", "pool"));
    assert.deepEqual([rowOf(2), rowOf(7), rowOf(null)], [null, null, null]);
  });
});
