import assert from "node:assert/strict";

import { ModelFormatError } from "../../../../profiler/errors.ts";
import { ABSENT, isConstant } from "../../../../profiler/model/model.ts";
import { onnx } from "../../../../profiler/formats/onnx/schema/onnx.ts";
import {
  float,
  floats,
  graph,
  node,
  onnxModel,
  sparseTensor,
  tensor,
  tensorType,
  value,
  type GraphOptions,
  type OnnxNode,
  type OnnxValue,
} from "../../../builders/onnx-builder.ts";
import { bodyOf, names, nodeOf, readGraph, readModel, refuses, tensorOf } from "./read-model.ts";

const model = (nodes: readonly OnnxNode[], options: GraphOptions = {}): Uint8Array =>
  onnxModel({ graph: graph(nodes, options) });
const X = value("x", "float32", [1]);

describe("onnx reader: graphs", () => {
  it("reads what the exporter notes of a node", async () => {
    const relu = {
      ...node("Relu", ["x"], ["y"]),
      metadataProps: [{ key: "pkg.torch.onnx.name_scopes", value: "['', 'act']" }],
    };
    const read = await readGraph(model([relu], { inputs: [X] }));
    assert.equal(read.nodes[0]?.metadata?.get("pkg.torch.onnx.name_scopes"), "['', 'act']");
  });

  it("reads nodes, tensors, inputs and outputs", async () => {
    const bytes = model(
      [node("Conv", ["x", "w"], ["y"], {}, { name: "conv" }), node("Clip", ["y", "", "max"], ["z", ""])],
      {
        inputs: [X],
        outputs: [value("z", "float32", [1])],
        initializers: [tensor("w", "float32", [1]), tensor("max", "float32", [], [6])],
      },
    );
    const read = await readGraph(bytes);
    assert.deepEqual(names(read, read.inputs), ["x"]);
    assert.deepEqual(names(read, read.outputs), ["z"]);
    const [conv, clip] = read.nodes;
    assert.deepEqual([conv?.op, conv?.name, conv?.domain, conv?.version], ["Conv", "conv", "", 17]);
    assert.deepEqual(names(read, conv?.inputs ?? []), ["x", "w"]);
    assert.equal(clip?.inputs[1], ABSENT);
    assert.equal(clip.outputs[1], ABSENT);
    assert.ok((conv?.span?.length ?? 0) > 10);
    read.tensors.forEach(({ id }, index) => assert.equal(id, index));
  });

  it("takes initializers out of the inputs, as files before IR version 4 list them", async () => {
    const bytes = onnxModel({
      irVersion: 3,
      graph: graph([node("Conv", ["x", "w"], ["y"])], {
        inputs: [X, value("w", "float32", [1])],
        outputs: ["y"],
        initializers: [tensor("w", "float32", [1])],
      }),
    });
    const read = await readGraph(bytes);
    assert.deepEqual(names(read, read.inputs), ["x"]);
    assert.ok(tensorOf(read, "w").constant);
  });

  it("gives operators the version of their domain, under either name of the default one", async () => {
    const bytes = onnxModel({
      opset: { "ai.onnx": 13, "com.microsoft": 2 },
      graph: graph([
        node("Relu", [], ["a"]),
        node("Relu", [], ["b"], {}, { domain: "ai.onnx" }),
        node("Gelu", [], ["c"], {}, { domain: "com.microsoft" }),
        node("Foo", [], ["d"], {}, { domain: "else" }),
      ]),
    });
    const read = await readModel(bytes);
    assert.deepEqual(
      read.entries[0].graph.nodes.map(({ domain, version }) => [domain, version]),
      [
        ["", 13],
        ["", 13],
        ["com.microsoft", 2],
        ["else", 1],
      ],
    );
    assert.deepEqual(
      [...read.opsets],
      [
        ["", 13],
        ["com.microsoft", 2],
      ],
    );
  });

  it("knows that the first IR versions used the first operator set", async () => {
    const read = await readModel(onnxModel({ irVersion: 2, opset: {}, graph: graph([node("Relu", [], ["a"])]) }));
    assert.deepEqual([...read.opsets], [["", 1]]);
  });

  it("says who wrote it", async () => {
    const bytes = onnxModel({
      graph: graph([], { name: "net" }),
      metadata: { author: "someone", Producer: "not this" },
      fields: { producerName: "pytorch", producerVersion: "2.6", modelVersion: 3, docString: "A net." },
    });
    const read = await readModel(bytes);
    assert.equal(read.entries[0].name, "net");
    assert.equal(read.fileBytes, bytes.length);
    assert.deepEqual(Object.fromEntries(read.properties), {
      Producer: "pytorch",
      "Producer version": "2.6",
      "Model version": "3",
      Description: "A net.",
      "IR version": "8",
      "Operator sets": "ai.onnx 17",
      author: "someone",
    });
    assert.deepEqual(read.warnings, []);
  });

  it("warns of what is not shown", async () => {
    const read = await readModel(onnxModel({ irVersion: 99, graph: graph([]), fields: { trainingInfo: [{}] } }));
    assert.equal(read.warnings.length, 2);
    assert.match(read.warnings.join(), /IR version 99.*training/s);
  });

  it("warns of operator sets that it does not know, and of a missing one", async () => {
    const warningsOf = async (opset: Record<string, number>): Promise<string> =>
      (await readModel(onnxModel({ opset, graph: graph([node("Relu", [], ["a"])]) }))).warnings.join();
    assert.match(await warningsOf({ "": 99 }), /operator set 99, newer than/);
    assert.match(await warningsOf({ "com.microsoft": 1 }), /does not say which version of ONNX's own operators/);
    assert.equal(await warningsOf({ "": 17 }), "");
  });

  it("reads attributes of every kind", async () => {
    const bytes = model([
      node("Any", [], ["y"], {
        axis: -1,
        alpha: 0.5,
        one: float(1),
        mode: "größer",
        pads: [0, -1],
        scales: [0.5, 2],
        ones: floats([1, 1]),
        kinds: ["a", "b"],
        value: tensor("", "int64", [2], [3, 4]),
        sparse: sparseTensor("", "float32", [4], [1], [5]),
        type: { type: onnx.AttributeProto.AttributeType.TYPE_PROTO, tp: tensorType("float32", []) },
      }),
    ]);
    const { attributes } = nodeOf(await readGraph(bytes), 0);
    const plain = [...attributes].map(([name, read]) => [
      name,
      typeof read === "object" && isConstant(read) ? read.values : read,
    ]);
    assert.deepEqual(Object.fromEntries(plain), {
      axis: -1,
      alpha: 0.5,
      one: 1,
      mode: "größer",
      pads: [0, -1],
      scales: [0.5, 2],
      ones: [1, 1],
      kinds: ["a", "b"],
      value: [3, 4],
      sparse: [0, 5, 0, 0],
    });
  });

  it("reads attributes without a type, as the first files have them", async () => {
    const bytes = model([
      {
        ...node("Any", [], ["y"]),
        attribute: [
          { name: "pads", ints: [1, 2] },
          { name: "mode", s: Buffer.from("x") },
          { name: "alpha", f: 0.5 },
          { name: "axis", i: 3 },
          { name: "zero" },
        ],
      },
    ]);
    assert.deepEqual(
      [...nodeOf(await readGraph(bytes), 0).attributes],
      [
        ["pads", [1, 2]],
        ["mode", "x"],
        ["alpha", 0.5],
        ["axis", 3],
        ["zero", 0],
      ],
    );
  });

  it("keeps declared types: names, dynamic sizes, containers", async () => {
    const typed = (name: string, type: onnx.TypeProto.$Properties): OnnxValue => ({ name, type });
    const float = tensorType("float32", ["n", null, 0, 3]);
    const bytes = model([node("Relu", ["x"], ["y"])], {
      inputs: [
        value("x", "float32", ["batch", null, 0, 3]),
        value("unranked", "int64"),
        value("scalar", "bool", []),
        typed("list", { sequenceType: { elemType: float } }),
        typed("maybe", { optionalType: { elemType: float } }),
        typed("map", { mapType: { keyType: 7, valueType: float } }),
        typed("sparse", { sparseTensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } }),
        typed("opaque", { opaqueType: { name: "thing" } }),
        { name: "untyped" },
      ],
      outputs: ["y"],
      values: [value("y", "float16", [2]), value("nobody", "float32", [1])],
    });
    const read = await readGraph(bytes);
    const shape = ["n", null, 0, 3];
    assert.deepEqual(
      read.tensors.map(({ name, declared }) => [name, declared]),
      [
        ["x", { dataType: "float32", shape: ["batch", null, 0, 3] }],
        ["unranked", { dataType: "int64", shape: undefined }],
        ["scalar", { dataType: "bool", shape: [] }],
        ["list", { dataType: "float32", shape, container: "sequence" }],
        ["maybe", { dataType: "float32", shape, container: "optional" }],
        ["map", { dataType: "float32", shape, container: "map" }],
        ["sparse", { dataType: "float32", shape: [2] }],
        ["opaque", { dataType: undefined, shape: undefined }],
        ["untyped", undefined],
        ["y", { dataType: "float16", shape: [2] }],
      ],
    );
  });

  describe("with bodies", () => {
    it("gives bodies their role and their own tensors", async () => {
      const branch = (op: string): ReturnType<typeof graph> =>
        graph([node(op, ["x"], ["out"])], { name: op, outputs: ["out"] });
      const bytes = model(
        [
          node("If", ["c"], ["y"], { then_branch: branch("Relu"), else_branch: branch("Tanh"), note: 1 }),
          node("Loop", ["", "c", "y"], ["z"], { body: graph([], { name: "l" }) }),
          node("Scan", ["z"], ["s"], { body: graph([], { name: "s" }) }),
          node("SequenceMap", ["s"], ["q"], { body: graph([], { name: "m" }) }),
        ],
        { inputs: [X, value("c", "bool", [])] },
      );
      const read = await readGraph(bytes);
      assert.deepEqual(
        read.nodes.flatMap(({ bodies }) => bodies.map(({ role, label }) => [role, label])),
        [
          ["then", "then_branch"],
          ["else", "else_branch"],
          ["loop", "body"],
          ["scan", "body"],
          ["region", "body"],
        ],
      );
      const conditional = nodeOf(read, 0);
      assert.deepEqual([...conditional.attributes.keys()], ["note"]);
      const [then, otherwise] = [bodyOf(conditional, 0), bodyOf(conditional, 1)];
      assert.equal(tensorOf(then, "x").outer, tensorOf(read, "x").id);
      assert.equal(tensorOf(otherwise, "out").outer, undefined);
      assert.equal(nodeOf(otherwise, 0).op, "Tanh");
    });

    it("passes names through every graph between", async () => {
      const inner = graph([node("Relu", ["x"], ["in"])], { outputs: ["in"] });
      const middle = graph([node("If", ["c"], ["mid"], { then_branch: inner })], { outputs: ["mid"] });
      const read = await readGraph(
        model([node("If", ["c"], ["y"], { then_branch: middle })], { inputs: [X, value("c", "bool")] }),
      );
      const mid = bodyOf(nodeOf(read, 0));
      const deep = bodyOf(nodeOf(mid, 0));
      assert.equal(tensorOf(mid, "x").outer, tensorOf(read, "x").id);
      assert.equal(tensorOf(deep, "x").outer, tensorOf(mid, "x").id);
    });

    it("lets a body's own name hide the one outside, and return an outer tensor", async () => {
      const body = graph([node("Relu", ["c"], ["x"])], { outputs: ["x", "c"] });
      const read = await readGraph(
        model([node("If", ["c"], ["y", "z"], { then_branch: body })], { inputs: [X, value("c", "bool")] }),
      );
      const inner = bodyOf(nodeOf(read, 0));
      assert.equal(tensorOf(inner, "x").outer, undefined);
      assert.deepEqual(names(inner, inner.outputs), ["x", "c"]);
    });

    it("does not let names out of a body", async () => {
      const body = graph([node("Relu", ["x"], ["inside"])], { outputs: ["inside"] });
      const bytes = model([node("If", ["x"], ["y"], { then_branch: body }), node("Relu", ["inside"], ["z"])], {
        inputs: [X],
      });
      await refuses(bytes, ModelFormatError, /node 1 \(Relu\).*"inside" has no producer/);
    });
  });

  describe("that are not consistent", () => {
    it("a name without a producer", async () => {
      const lost = node("Add", ["x", "lost"], ["y"], {}, { name: "sum" });
      const error = await refuses(
        model([lost], { inputs: [X] }),
        ModelFormatError,
        /test\.onnx: node 0 \(Add sum\).*"lost" has no producer/,
      );
      assert.ok((error.offset ?? 0) > 0);
      await refuses(model([], { outputs: ["gone"] }), ModelFormatError, /output gone/);
      const body = graph([node("Relu", ["lost"], ["y"])]);
      await refuses(
        model([node("If", ["x"], ["y"], { then_branch: body })], { inputs: [X] }),
        ModelFormatError,
        /node 0 \(Relu\) in then_branch of node 0 \(If\).*"lost"/,
      );
    });

    it("a name with two producers", async () => {
      await refuses(
        model([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])], { inputs: [X] }),
        ModelFormatError,
        /node 1 \(Tanh\).*"y" is already/,
      );
      await refuses(model([node("Relu", ["x"], ["x"])], { inputs: [X] }), ModelFormatError, /"x" is already/);
      await refuses(model([], { inputs: [X, X] }), ModelFormatError, /input x.*twice/);
    });

    it("circles, of one node, of several, and through a body", async () => {
      await refuses(model([node("Add", ["y", "y"], ["y"])]), ModelFormatError, /node 0 \(Add\).*cyclic/);
      const circle = [
        node("Relu", ["x"], ["a"]),
        node("Add", ["a", "d"], ["b"]),
        node("Tanh", ["b"], ["c"]),
        node("Abs", ["c"], ["d"]),
      ];
      await refuses(model(circle, { inputs: [X] }), ModelFormatError, /node [123] .*cyclic/);
      const body = graph([node("Relu", ["y"], ["out"])], { outputs: ["out"] });
      await refuses(
        model([node("If", ["x"], ["y"], { then_branch: body })], { inputs: [X] }),
        ModelFormatError,
        /node 0 \(If\).*cyclic/,
      );
    });

    it("accepts nodes out of order, with a warning", async () => {
      const read = await readModel(
        model([node("Relu", ["a"], ["b"]), node("Tanh", ["x"], ["a"])], { inputs: [X], outputs: ["b"] }),
      );
      assert.deepEqual(
        read.entries[0].graph.nodes.map(({ op }) => op),
        ["Relu", "Tanh"],
      );
      assert.match(read.warnings.join(), /not in the order/);
    });

    it("walks long chains against the order without recursion", async () => {
      const nodes = Array.from({ length: 20_000 }, (_, index) => node("Relu", [`t${index + 1}`], [`t${index}`]));
      const read = await readModel(model(nodes, { inputs: [value("t20000", "float32")] }));
      assert.equal(read.warnings.length, 1);
    });

    it("negative and absurd dimensions, a node without an operator", async () => {
      await refuses(
        model([], { inputs: [value("x", "float32", [-1])] }),
        ModelFormatError,
        /value x.*a dimension of -1/,
      );
      await refuses(model([], { inputs: [value("x", "float32", [2 ** 41])] }), ModelFormatError, /LARGEST_DIMENSION/);
      await refuses(model([node("", [], ["y"])]), ModelFormatError, /expected an operator/);
    });
  });
});
