import { size } from "../../builders/size.ts";
import assert from "node:assert/strict";
import { LimitError } from "../../../profiler/errors.ts";
import { inferGraph, type InferredGraph } from "../../../profiler/operators/infer.ts";
import type { OperatorRule, OperatorTable } from "../../../profiler/operators/operator-rule.ts";
import type { InferredType } from "../../../profiler/operators/inferred-type.ts";
import type { Body, Graph } from "../../../profiler/model/model.ts";
import { ShapeError } from "../../../profiler/shapes/shape-error.ts";
import { graphOf, modelOf, type GraphSketch } from "../../builders/graph-builder.ts";

function contradict(): never {
  throw new ShapeError("contrary");
}

const RULES: Readonly<Record<string, OperatorRule>> = {
  Relu: { kind: "data-movement", infer: (view) => [view.input(0)] },
  Carry: { kind: "reshape", carries: 0, infer: (view) => [view.input(0)] },
  Dice: { kind: "random", infer: (view) => [view.input(0)], isNondeterministic: true },
  Odd: {
    kind: "reshape",
    infer: () => {
      throw new ShapeError("3 and 4 do not broadcast");
    },
  },
  Oversized: {
    describe: () => ({
      outputs: [{ dataType: "float32", shape: [2, 0] }],
      operation: { kind: "pool", geometry: { window: 7, mode: "max" } },
    }),
  },
  Contrary: { describe: contradict },
  Broken: {
    kind: "reshape",
    infer: () => {
      throw new TypeError("a bug of ours");
    },
  },
  Negative: { kind: "reshape", infer: () => [{ dataType: "float32", shape: [-1, 2] }] },
  Choose: {
    kind: "control",
    infer: () => [],
    control: { bodyInputs: () => [], outputs: (_view, [first]) => first ?? [], isChoice: true },
  },
  Restless: {
    kind: "control",
    infer: () => [],
    control: {
      bodyInputs: (view) => [view.input(0)],
      widened: (_view, _body, [first]) => [{ ...first, dataType: "float32", shape: [size(`n${++widenings}`)] }],
      outputs: () => [X],
    },
  },
};
let widenings = 0;
const OPERATORS: OperatorTable = new Map([["", RULES]]);
const X: InferredType = { dataType: "float32", shape: [2, 3] };
const DECLARED = { dataType: "float32", shape: [2, 3] } as const;

function infer(sketch: GraphSketch, options: { checksDeclared?: boolean } = {}): InferredGraph {
  const graph = graphOf(sketch);
  const context = { model: modelOf(graph), operators: OPERATORS, checksDeclared: options.checksDeclared ?? true };
  return inferGraph(
    context,
    graph,
    graph.inputs.map(() => X),
  );
}

function inferredType({ graph, inferredTypes }: InferredGraph, name: string): InferredType | undefined {
  const tensor = graph.tensors.find((candidate) => candidate.name === name);
  return tensor && inferredTypes[tensor.id];
}

const unary = (op: string, extra: Partial<GraphSketch> = {}): GraphSketch => ({
  inputs: { x: DECLARED },
  nodes: [{ op, inputs: ["x"], outputs: ["y"] }],
  ...extra,
});

describe("inferGraph", () => {
  it("follows a file that is not sorted, and lists nodes in file order", () => {
    const inferred = infer({
      inputs: { x: DECLARED },
      nodes: [
        { op: "Relu", name: "second", inputs: ["y"], outputs: ["z"] },
        { op: "Relu", name: "first", inputs: ["x"], outputs: ["y"] },
      ],
    });
    assert.deepEqual(inferredType(inferred, "z")?.shape, [2, 3]);
    assert.deepEqual(
      inferred.nodes.map(({ node }) => node.name),
      ["second", "first"],
    );
  });

  it("computes shapes without the file's word, and lists where it differs", () => {
    const wrong = infer(unary("Relu", { declared: { y: { dataType: "float32", shape: [2, 4] } } }));
    assert.deepEqual(inferredType(wrong, "y")?.shape, [2, 3]);
    assert.equal(wrong.nodes[0]?.problems[0]?.code, "shape-disagrees");
    assert.match(wrong.nodes[0].problems[0].message, /\[2, 4\].*\[2, 3\]/);
  });

  it("does not compare once an input has another size", () => {
    const resized = infer(unary("Relu", { declared: { y: { dataType: "float32", shape: [2, 4] } } }), {
      checksDeclared: false,
    });
    assert.deepEqual(resized.nodes[0]?.problems, []);
  });

  it("takes a name in the file for no contradiction", () => {
    const named = infer(unary("Relu", { declared: { y: { dataType: "float32", shape: ["n", 3] } } }));
    assert.deepEqual(named.nodes[0]?.problems, []);
  });

  it("leaves the result of an unknown operator unknown, or as the file declares it", () => {
    const silent = infer(unary("Mystery"));
    assert.equal(inferredType(silent, "y")?.shape, undefined);
    assert.equal(silent.nodes[0]?.operation.kind, "unknown");
    assert.equal(silent.nodes[0].problems[0]?.code, "unknown-operator");
    const declared = infer(unary("Mystery", { declared: { y: { dataType: "int8", shape: [7] } } }));
    assert.deepEqual(inferredType(declared, "y")?.shape, [7]);
    assert.match(declared.nodes[0]?.view.notes[0] ?? "", /the file's own/);
  });

  it("tells when a window is larger than what it moves over", () => {
    const inferred = infer(unary("Oversized"));
    assert.deepEqual(inferredType(inferred, "y")?.shape, [2, 0]);
    const messages = inferred.nodes[0]?.problems.map(({ message }) => message);
    assert.deepEqual(messages, ["its window does not fit in its input [2, 3]: nothing comes out"]);
  });

  it("tells a contradiction once, though shapes and costs both stumble over it", () => {
    const { nodes } = infer(unary("Contrary"));
    assert.deepEqual(nodes[0]?.problems, [{ code: "shape-error", message: "contrary" }]);
  });

  for (const [op, code] of [
    ["Odd", "shape-error"],
    ["Broken", "internal-error"],
    ["Negative", "shape-error"],
  ] as const) {
    it(`confines the failure of ${op} to its row`, () => {
      const inferred = infer(unary(op));
      assert.equal(inferred.nodes[0]?.problems[0]?.code, code);
      assert.equal(inferredType(inferred, "y")?.shape, undefined);
    });
  }

  describe("constants", () => {
    const constants = { w: { shape: [2], values: [1, 2] } };
    const fold = (op: string) => infer({ constants, nodes: [{ op, inputs: ["w"], outputs: ["y"] }] });

    it("keep their identity where only type or order change", () => {
      const inferred = fold("Carry");
      assert.equal(inferredType(inferred, "y")?.constant, inferredType(inferred, "w")?.constant);
    });

    it("fold into constants of their own", () => {
      const { parts, ...own } = inferredType(fold("Relu"), "y")?.constant ?? {};
      assert.deepEqual(own, { name: "y", elements: 2, dataType: "float32", storedBytes: 8 });
      assert.deepEqual(
        parts?.map(({ name }) => name),
        ["w"],
      );
    });

    it("do not fold into random numbers", () => assert.equal(inferredType(fold("Dice"), "y")?.constant, undefined));

    it("are not what a runtime input is mixed with", () => {
      const inferred = infer({
        inputs: { x: DECLARED },
        constants,
        nodes: [{ op: "Relu", inputs: ["x", "w"], outputs: ["y"] }],
      });
      assert.equal(inferredType(inferred, "y")?.constant, undefined);
    });
  });

  describe("bodies", () => {
    const relu = (outer?: number): Graph =>
      graphOf({
        ...(outer === undefined ? { inputs: { a: DECLARED } } : { captured: { a: outer } }),
        nodes: [{ op: "Relu", inputs: ["a"], outputs: ["b"] }],
        outputs: ["b"],
      });
    const call = (role: Body["role"], op: string, graph: Graph) =>
      infer({
        inputs: { x: DECLARED },
        nodes: [{ op, inputs: ["x"], outputs: ["y"], bodies: [{ role, label: "f", graph }] }],
      });

    it("are inferred from what a call hands in, under the same keys", () => {
      const inferred = call("call", "F", relu());
      assert.deepEqual(inferredType(inferred, "y")?.shape, [2, 3]);
      const body = inferred.nodes[0]?.bodies[0]?.graph;
      assert.equal(body?.keys[0], inferred.keys[0], "the body's input is the call's input");
      assert.equal(body?.keys[1], inferred.keys[1], "the body's output is the call's output");
    });

    it("see the tensors of the graph around them", () => {
      const inferred = call("then", "Choose", relu(0));
      assert.deepEqual(inferredType(inferred, "y")?.shape, [2, 3]);
      assert.equal(inferred.nodes[0]?.bodies[0]?.graph.keys[0], inferred.keys[0]);
    });

    it("give up when loops in loops widen each other without end", () => {
      const loop = (inner: Graph): GraphSketch => ({
        inputs: { x: DECLARED },
        nodes: [
          { op: "Restless", inputs: ["x"], outputs: ["y"], bodies: [{ role: "loop", label: "body", graph: inner }] },
        ],
      });
      const longest = Array.from({ length: 1000 }, (_, step) => ({
        op: "Relu",
        inputs: [`t${step}`],
        outputs: [`t${step + 1}`],
      }));
      let innermost = graphOf({ inputs: { t0: DECLARED }, nodes: longest });
      for (let depth = 0; depth < 6; depth++) innermost = graphOf(loop(innermost));
      assert.throws(() => infer(loop(innermost)), LimitError);
    }).timeout(120_000);

    it("have keys of their own at each place", () => {
      const body = graphOf({
        inputs: { a: DECLARED },
        nodes: [
          { op: "Relu", inputs: ["a"], outputs: ["t"] },
          { op: "Relu", inputs: ["t"], outputs: ["b"] },
        ],
        outputs: ["b"],
      });
      const bodies: readonly Body[] = [{ role: "call", label: "f", graph: body }];
      const inferred = infer({
        inputs: { x: DECLARED },
        nodes: [
          { op: "F", inputs: ["x"], outputs: ["y"], bodies },
          { op: "F", inputs: ["y"], outputs: ["z"], bodies },
        ],
      });
      const inner = inferred.nodes.map(({ bodies: [only] }) => only?.graph.keys[1]);
      assert.notEqual(inner[0], inner[1]);
    });
  });
});
