import assert from "node:assert/strict";
import { edgesOf } from "../../../profiler/layers/edges.ts";
import { layer, listed, omitted, tensor } from "../cost/layer-builder.ts";

const [x, a, b, c, y] = ["x", "a", "b", "c", "y"].map((name) => tensor(name, [1]));

describe("Edges between layers", () => {
  it("lead from the output that is read to the layer that reads it", () => {
    assert.ok(x && a && b && c && y);
    const rows = listed(
      layer("split", { inputs: [x], outputs: [a, b] }),
      layer("left", { inputs: [a, omitted()], outputs: [c] }),
      layer("sum", { inputs: [c, b, b], outputs: [y] }),
    );
    assert.deepEqual(edgesOf(rows), [
      { from: 0, output: 0, to: 1 },
      { from: 1, output: 0, to: 2 },
      { from: 0, output: 1, to: 2 },
    ]);
  });

  it("come from the row in a body that makes the tensor, not from the node that holds the body", () => {
    assert.ok(x && a && y);
    const rows = listed(
      layer("if", { inputs: [], outputs: [a], operation: { kind: "control" } }),
      layer("if/then/Relu", { inputs: [x], outputs: [a] }),
      layer("after", { inputs: [a], outputs: [y] }),
    );
    assert.deepEqual(edgesOf(rows), [{ from: 1, output: 0, to: 2 }]);
  });
});
