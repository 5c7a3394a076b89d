import assert from "node:assert/strict";
import { executionOrder } from "../../../profiler/operators/execution-order.ts";
import { graphOf, type NodeSketch } from "../../builders/graph-builder.ts";

const chain = (length: number): readonly NodeSketch[] =>
  Array.from({ length }, (_, index) => ({ op: "Relu", inputs: [`t${index}`], outputs: [`t${index + 1}`] }));

const indices = (nodes: readonly NodeSketch[]): readonly number[] =>
  executionOrder(graphOf({ inputs: { t0: { dataType: "float32", shape: [1] } }, nodes })).map(({ index }) => index);

describe("executionOrder", () => {
  it("keeps a sorted file's order", () => assert.deepEqual(indices(chain(4)), [0, 1, 2, 3]));

  it("puts producers before their consumers", () => assert.deepEqual(indices(chain(3).toReversed()), [2, 1, 0]));

  it("orders 20,000 nodes that stand backwards", () => {
    assert.deepEqual(indices(chain(20_000).toReversed()).slice(0, 2), [19_999, 19_998]);
  });

  it("waits for what a body captures", () => {
    const body = graphOf({
      captured: { late: 1 },
      nodes: [{ op: "Relu", inputs: ["late"], outputs: ["y"] }],
      outputs: ["y"],
    });
    const order = executionOrder(
      graphOf({
        inputs: { condition: { dataType: "bool", shape: [] } },
        constants: { late0: { shape: [1], values: [0] } },
        nodes: [
          {
            op: "If",
            inputs: ["condition"],
            outputs: ["z"],
            bodies: [
              {
                role: "then",
                label: "then_branch",
                graph: { ...body, tensors: body.tensors.map((t) => (t.outer === undefined ? t : { ...t, outer: 3 })) },
              },
            ],
          },
          { op: "Relu", inputs: ["late0"], outputs: ["late"] },
        ],
      }),
    );
    assert.deepEqual(
      order.map(({ index }) => index),
      [1, 0],
    );
  });

  it("does not hang on a cycle", () => {
    const cycle = [
      { op: "Add", inputs: ["a"], outputs: ["b"] },
      { op: "Add", inputs: ["b"], outputs: ["a"] },
    ];
    assert.equal(indices(cycle).length, 2);
  });
});
