import assert from "node:assert/strict";

import { LimitError, ModelFormatError } from "../../../../profiler/errors.ts";
import { DEEPEST_CALL } from "../../../../profiler/formats/onnx/functions.ts";
import { isConstant } from "../../../../profiler/model/model.ts";
import {
  graph,
  node,
  onnxFunction,
  onnxModel,
  reference,
  tensor,
  value,
  type AttributeValue,
  type OnnxFunction,
  type OnnxNode,
} from "../../../builders/onnx-builder.ts";
import { bodyOf, names, nodeOf, readGraph, refuses, tensorOf } from "./read-model.ts";

const LOCAL = { domain: "local" };
const call = (
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): OnnxNode => node(name, inputs, outputs, attributes, LOCAL);

function modelWith(functions: readonly OnnxFunction[], nodes: readonly OnnxNode[]): Uint8Array {
  return onnxModel({
    functions,
    opset: { "": 17, local: 1 },
    graph: graph(nodes, { inputs: [value("x", "float32", [1])] }),
  });
}

describe("onnx reader: functions", () => {
  const leaky = onnxFunction([node("LeakyRelu", ["a"], ["b"], { alpha: reference("slope", "FLOAT") })], {
    name: "Leaky",
    inputs: ["a", "unused"],
    outputs: ["b"],
    defaults: { slope: 0.25 },
    opset: 15,
  });

  it("gives each call a body of its own", async () => {
    const read = await readGraph(
      modelWith([leaky], [call("Leaky", ["x"], ["y"]), call("Leaky", ["y"], ["z"], { slope: 0.5 })]),
    );
    const [first, second] = [nodeOf(read, 0), nodeOf(read, 1)];
    assert.deepEqual([first.op, first.domain, first.version], ["Leaky", "local", 1]);
    assert.deepEqual(
      first.bodies.map(({ role, label }) => [role, label]),
      [["call", "Leaky"]],
    );
    const body = bodyOf(first);
    assert.deepEqual(names(body, body.inputs), ["a", "unused"]);
    assert.deepEqual(names(body, body.outputs), ["b"]);
    assert.equal(nodeOf(body, 0).version, 15);
    assert.equal(nodeOf(body, 0).attributes.get("alpha"), 0.25);
    assert.equal(nodeOf(bodyOf(second), 0).attributes.get("alpha"), 0.5);
    assert.equal(second.attributes.get("slope"), 0.5);
  });

  it("leaves an attribute out that neither the call nor the function gives", async () => {
    const plain = onnxFunction([node("LeakyRelu", ["a"], ["b"], { alpha: reference("slope", "FLOAT") })], {
      name: "Plain",
      inputs: ["a"],
      outputs: ["b"],
      attributes: ["slope"],
    });
    const read = await readGraph(modelWith([plain], [call("Plain", ["x"], ["y"])]));
    assert.equal(nodeOf(bodyOf(nodeOf(read, 0)), 0).attributes.size, 0);
  });

  it("hands attributes through calls within calls, and into bodies within functions", async () => {
    const conditional = onnxFunction(
      [
        node("If", ["a"], ["b"], {
          then_branch: graph([call("Leaky", ["a"], ["t"], { slope: reference("steep", "FLOAT") })], { outputs: ["t"] }),
        }),
      ],
      { name: "Outer", inputs: ["a"], outputs: ["b"], attributes: ["steep"], opset: { "": 16, local: 1 } },
    );
    const read = await readGraph(modelWith([conditional, leaky], [call("Outer", ["x"], ["y"], { steep: 0.75 })]));
    const outer = bodyOf(nodeOf(read, 0));
    const then = bodyOf(nodeOf(outer, 0));
    assert.equal(nodeOf(outer, 0).version, 16);
    assert.equal(tensorOf(then, "a").outer, tensorOf(outer, "a").id);
    assert.equal(nodeOf(bodyOf(nodeOf(then, 0)), 0).attributes.get("alpha"), 0.75);
  });

  it("reads a function's constants once, for all its calls", async () => {
    const scale = onnxFunction(
      [node("Constant", [], ["k"], { value: tensor("", "float32", [1], [2]) }), node("Mul", ["a", "k"], ["b"])],
      { name: "Scale", inputs: ["a"], outputs: ["b"] },
    );
    const read = await readGraph(modelWith([scale], [call("Scale", ["x"], ["y"]), call("Scale", ["y"], ["z"])]));
    const constants = read.nodes.map((caller) => nodeOf(bodyOf(caller), 0).attributes.get("value"));
    assert.ok(constants[0] !== undefined && isConstant(constants[0]));
    assert.equal(constants[0], constants[1]);
  });

  it("does not see the names around a call", async () => {
    const nosy = onnxFunction([node("Relu", ["x"], ["b"])], { name: "Nosy", outputs: ["b"] });
    await refuses(
      modelWith([nosy], [call("Nosy", [], ["y"])]),
      ModelFormatError,
      /node 0 \(Relu\) in function local\.Nosy.*"x" has no producer/,
    );
  });

  it("goes before an operator of the same name, by domain and overload", async () => {
    const relu = onnxFunction([node("Max", ["a", "a"], ["b"])], {
      name: "Relu",
      domain: "ai.onnx",
      inputs: ["a"],
      outputs: ["b"],
    });
    const other = onnxFunction([node("Min", ["a", "a"], ["b"])], {
      name: "Leaky",
      overload: "v2",
      inputs: ["a"],
      outputs: ["b"],
    });
    const nodes = [
      node("Relu", ["x"], ["y"]),
      node("Leaky", ["x"], ["z"], {}, { ...LOCAL, overload: "v2" }),
      node("Leaky", ["x"], ["w"]),
    ];
    const read = await readGraph(modelWith([relu, leaky, other], nodes));
    assert.equal(nodeOf(bodyOf(nodeOf(read, 0)), 0).op, "Max");
    assert.equal(nodeOf(bodyOf(nodeOf(read, 1)), 0).op, "Min");
    assert.equal(nodeOf(read, 2).bodies.length, 0);
  });

  it("refuses recursion and names the circle", async () => {
    const calls = (name: string, callee: string): OnnxFunction =>
      onnxFunction([call(callee, ["a"], ["b"])], { name, inputs: ["a"], outputs: ["b"] });
    await refuses(modelWith([calls("A", "A")], [call("A", ["x"], ["y"])]), ModelFormatError, /local\.A → local\.A/);
    const circle = [calls("A", "B"), calls("B", "C"), calls("C", "B")];
    await refuses(modelWith(circle, [call("A", ["x"], ["y"])]), ModelFormatError, /local\.B → local\.C → local\.B/);
  });

  it("refuses two functions of one name", async () => {
    await refuses(modelWith([leaky, leaky], []), ModelFormatError, /local\.Leaky.*twice/);
  });

  it("refuses calls without end", async () => {
    const chain = (length: number, calls: number): OnnxFunction[] =>
      Array.from({ length }, (_, index) =>
        onnxFunction(
          Array.from({ length: calls }, (_unused, copy) => call(`F${index + 1}`, ["a"], [`b${copy}`])),
          { name: `F${index}`, inputs: ["a"], outputs: ["b0"] },
        ),
      );
    await refuses(modelWith(chain(40, 2), [call("F0", ["x"], ["y"])]), LimitError, /UnfoldingBudget/);
    await refuses(modelWith(chain(DEEPEST_CALL + 1, 1), [call("F0", ["x"], ["y"])]), LimitError, /DEEPEST_CALL/);
  });
});
