import { size } from "../../../builders/size.ts";
import assert from "node:assert/strict";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { ONNX_OPERATORS } from "../../../../profiler/formats/onnx/operators/index.ts";
import { profileModel } from "../../../../profiler/profile-model.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import { inferGraph, type InferredNode } from "../../../../profiler/operators/infer.ts";
import type { InferredType } from "../../../../profiler/operators/inferred-type.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { noExternalData } from "../../zoo/no-external-data.ts";
import { f32, i64, operand, runModel, type Operand } from "./operator-case.ts";

interface ControlCase extends Omit<GraphCase, "nodes"> {
  readonly node: OnnxNode;
}

interface GraphCase {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: Readonly<Record<string, Operand>>;
  readonly outputs: readonly string[];
  readonly opset?: number;
  readonly initializers?: readonly OnnxTensor[];
}

interface ControlResult {
  readonly inferredTypes: readonly (InferredType | undefined)[];
  readonly node: InferredNode;
}

async function control({ node: single, ...rest }: ControlCase): Promise<ControlResult> {
  const { inferred, nodes } = await controlGraph({ nodes: [single], ...rest });
  const [only] = nodes;
  assert.ok(only);
  return { inferredTypes: inferred, node: only };
}

/** Inferred from the file, after ONNX Runtime has agreed with every size that is no name. */
async function controlGraph(given: GraphCase) {
  const { inputs, outputs, opset = 17, initializers = [] } = given;
  const bytes = onnxModel({
    opset,
    graph: graph(given.nodes, {
      inputs: Object.entries(inputs).map(([name, { dataType, shape }]) => value(name, dataType, shape)),
      outputs,
      initializers,
    }),
  });
  const model = await readOnnx(new MemorySource("control.onnx", bytes), noExternalData);
  const main = model.entries[0].graph;
  const inferred = inferGraph(
    { model, operators: ONNX_OPERATORS, checksDeclared: true },
    main,
    main.inputs.map((id) => {
      const declared = inputs[main.tensors[id]?.name ?? ""];
      return { dataType: declared?.dataType, shape: declared?.shape };
    }),
  );
  for (const { problems } of inferred.nodes) assert.deepEqual(problems, []);
  const inferredTypes = main.outputs.map((id) => inferred.inferredTypes[id]);
  const results = await runModel(bytes, inputs);
  outputs.forEach((name, position) => {
    const [inferredType, result] = [inferredTypes[position], results.get(name)];
    assert.equal(inferredType?.dataType, result?.dataType);
    assert.equal(inferredType?.shape?.length ?? result?.shape.length, result?.shape.length);
    inferredType?.shape?.forEach((size, axis) => {
      if (typeof size === "number") assert.equal(size, result?.shape[axis]);
    });
  });
  return { inferred: inferredTypes, nodes: inferred.nodes };
}

const shapes = ({ inferredTypes }: ControlResult) => inferredTypes.map((inferredType) => inferredType?.shape);
const x = f32([2, 3]);
const yes = operand("bool", [], [1]);

describe("If", () => {
  const branches = (thenBranch: OnnxNode, elseBranch: OnnxNode): Record<string, OnnxGraph> => ({
    then_branch: graph([thenBranch], { name: "then", outputs: [value("a", "float32")] }),
    else_branch: graph([elseBranch], { name: "else", outputs: [value("b", "float32")] }),
  });
  const relu = node("Relu", ["x"], ["a"]);

  it("hands out what both branches agree on", async () => {
    const held = branches(relu, node("Neg", ["x"], ["b"]));
    const result = await control({ node: node("If", ["c"], ["y"], held), inputs: { c: yes, x }, outputs: ["y"] });
    assert.deepEqual(shapes(result), [[2, 3]]);
    assert.equal(result.node.rule?.control?.isChoice, true);
  });

  it("names the sizes in which they differ", async () => {
    const held = branches(relu, node("Concat", ["x", "x"], ["b"], { axis: 1 }));
    const result = await control({ node: node("If", ["c"], ["y"], held), inputs: { c: yes, x }, outputs: ["y"] });
    assert.deepEqual(shapes(result), [[2, size("if1(y)")]]);
  });

  it("knows no rank where those differ", async () => {
    const held = branches(relu, node("ReduceSum", ["x"], ["b"], { keepdims: 0 }));
    const result = await control({ node: node("If", ["c"], ["y"], held), inputs: { c: yes, x }, outputs: ["y"] });
    assert.deepEqual(shapes(result), [undefined]);
  });

  it("follows a constant condition and says so", async () => {
    const held = branches(relu, node("Concat", ["x", "x"], ["b"], { axis: 1 }));
    const result = await control({
      node: node("If", ["c"], ["y"], held),
      inputs: { x },
      outputs: ["y"],
      initializers: [tensor("c", "bool", [], [0])],
    });
    assert.deepEqual(shapes(result), [[2, 6]]);
    assert.match(result.node.view.notes.join(), /else branch always runs/);
  });
});

describe("Loop", () => {
  const body = (nodes: readonly OnnxNode[], outputs: readonly string[], carried: number): OnnxGraph =>
    graph(nodes, {
      name: "body",
      inputs: [value("i", "int64", []), value("go", "bool", []), ...(carried > 0 ? [value("s", "float32")] : [])],
      outputs: outputs.map((name, position) => value(name, position === 0 ? "bool" : "float32")),
    });
  const keepGoing = node("Identity", ["go"], ["on"]);
  const five = tensor("m", "int64", [], [5]);

  it("runs as often as a constant says, and stacks what the body hands out", async () => {
    const held = {
      body: body([keepGoing, node("Relu", ["s"], ["t"]), node("Neg", ["s"], ["u"])], ["on", "t", "u"], 1),
    };
    const result = await control({
      node: node("Loop", ["m", "", "x"], ["y", "z"], held),
      inputs: { x },
      outputs: ["y", "z"],
      initializers: [five],
    });
    assert.deepEqual(shapes(result), [
      [2, 3],
      [5, 2, 3],
    ]);
    assert.equal(result.node.bodies[0]?.trips, 5);
  });

  it("gives a name to a size that each run changes", async () => {
    const held = { body: body([keepGoing, node("Concat", ["s", "x"], ["t"], { axis: 0 })], ["on", "t"], 1) };
    const result = await control({
      node: node("Loop", ["m", "", "x"], ["y"], held),
      inputs: { x },
      outputs: ["y"],
      initializers: [five],
    });
    const [grown] = shapes(result);
    assert.equal(grown?.length, 2);
    assert.equal(grown[1], 3);
    assert.equal(typeof grown[0], "object");
    const [inner] = result.node.bodies;
    const carried = inner?.graph.inferredTypes[inner.body.graph.inputs[2] ?? -1];
    assert.deepEqual(carried?.shape, [size("loop0(y)"), 3]);
  });

  const sequence = { sequenceType: { elemType: value("", "float32").type ?? null } };
  const collecting = graph([keepGoing, node("SequenceInsert", ["s", "x"], ["t"])], {
    name: "body",
    inputs: [value("i", "int64", []), value("go", "bool", []), { name: "s", type: sequence }],
    outputs: [value("on", "bool", []), { name: "t", type: sequence }],
  });

  it("collects tensors in a sequence that begins empty", async () => {
    const { inferred } = await controlGraph({
      nodes: [
        node("SequenceEmpty", [], ["none"]),
        node("Loop", ["m", "", "none"], ["all"], { body: collecting }),
        node("ConcatFromSequence", ["all"], ["y"], { axis: 0, new_axis: 1 }),
      ],
      inputs: { x },
      outputs: ["y"],
      initializers: [five],
    });
    assert.deepEqual(
      inferred.map((inferredType) => inferredType?.shape),
      [[size("tensors(y)"), 2, 3]],
    );
  });

  it("collects tensors in a sequence that had one and was emptied", async () => {
    const { inferred } = await controlGraph({
      nodes: [
        node("SequenceConstruct", ["x"], ["one"]),
        node("SequenceErase", ["one"], ["none"]),
        node("Loop", ["m", "", "none"], ["all"], { body: collecting }),
        node("SequenceLength", ["all"], ["y"]),
      ],
      inputs: { x },
      outputs: ["y"],
      initializers: [five],
    });
    assert.notDeepEqual(inferred[0]?.value, [1]);
  });

  it("is exact about a single run", async () => {
    const held = { body: body([keepGoing, node("Concat", ["s", "x"], ["t"], { axis: 0 })], ["on", "t"], 1) };
    const result = await control({
      node: node("Loop", ["m", "", "x"], ["y"], held),
      inputs: { x },
      outputs: ["y"],
      initializers: [tensor("m", "int64", [], [1])],
    });
    assert.deepEqual(shapes(result), [[4, 3]]);
  });

  it("counts no trips that only the run can tell", async () => {
    const held = {
      body: body([keepGoing, node("Relu", ["s"], ["t"]), node("Neg", ["s"], ["u"])], ["on", "t", "u"], 1),
    };
    const given = { node: node("Loop", ["m", "", "x"], ["y", "z"], held), outputs: ["y", "z"] };
    const result = await control({ ...given, inputs: { x, m: i64(3) } });
    assert.equal(result.node.bodies[0]?.trips, undefined);
    assert.deepEqual(shapes(result), [
      [2, 3],
      [size("trips(z)"), 2, 3],
    ]);
  });

  it("may end early where the body computes its condition", async () => {
    const stop = node("Not", ["go"], ["on"]);
    const held = { body: body([stop, node("Relu", ["x"], ["u"])], ["on", "u"], 0) };
    const result = await control({
      node: node("Loop", ["m", ""], ["z"], held),
      inputs: { x },
      outputs: ["z"],
      initializers: [five],
    });
    assert.equal(result.node.bodies[0]?.trips, undefined);
  });
});

describe("Scan", () => {
  const step = graph([node("Add", ["s", "e"], ["t"]), node("Neg", ["t"], ["u"])], {
    name: "step",
    inputs: [value("s", "float32"), value("e", "float32")],
    outputs: [value("t", "float32"), value("u", "float32")],
  });

  it("runs over the first axis by default", async () => {
    const held = { body: step, num_scan_inputs: 1 };
    const result = await control({
      node: node("Scan", ["s0", "x"], ["y", "z"], held),
      inputs: { s0: f32([3]), x: f32([4, 3]) },
      outputs: ["y", "z"],
    });
    assert.deepEqual(shapes(result), [[3], [4, 3]]);
    assert.equal(result.node.bodies[0]?.trips, 4);
  });

  it("keeps what it takes slices of until its last round, and calls what makes that no shape arithmetic", async () => {
    const bytes = onnxModel({
      graph: graph(
        [
          node("Relu", ["x"], ["h"]),
          node("Scan", ["s0", "h"], ["y"], {
            num_scan_inputs: 1,
            body: graph([node("Add", ["s", "e"], ["t"])], {
              inputs: [value("s", "float32"), value("e", "float32")],
              outputs: [value("t", "float32")],
            }),
          }),
        ],
        { inputs: [value("x", "float32", [100, 8]), value("s0", "float32", [8])], outputs: ["y"] },
      ),
    });
    const { layers, structure } = await profileModel(new MemorySource("scan.onnx", bytes), noExternalData);
    assert.deepEqual(
      layers.map(({ op, role, repeats }) => [op, role, repeats]),
      [
        ["Relu", "compute", 1],
        ["Scan", "compute", 1],
        ["Add", "compute", 100],
      ],
    );
    const held = structure.memory?.buffers.find(({ occupants }) => occupants.some(({ name }) => name === "h"));
    assert.deepEqual([held?.bytes, held?.first, held?.last], [4 * 800, 0, 2]);
  });

  it("runs over the axes that it names", async () => {
    const held = { body: step, num_scan_inputs: 1, scan_input_axes: [1], scan_output_axes: [-1] };
    const result = await control({
      node: node("Scan", ["s0", "x"], ["y", "z"], held),
      inputs: { s0: f32([4]), x: f32([4, 7]) },
      outputs: ["y", "z"],
    });
    assert.deepEqual(shapes(result), [[4], [4, 7]]);
    assert.equal(result.node.bodies[0]?.trips, 7);
  });

  it("has a batch axis in opset 8", async () => {
    const held = { body: step, num_scan_inputs: 1 };
    const result = await control({
      node: node("Scan", ["", "s0", "x"], ["y", "z"], held),
      inputs: { s0: f32([2, 3]), x: f32([2, 5, 3]) },
      outputs: ["y", "z"],
      opset: 8,
    });
    assert.deepEqual(shapes(result), [
      [2, 3],
      [2, 5, 3],
    ]);
    assert.equal(result.node.bodies[0]?.trips, 10);
  });
});
