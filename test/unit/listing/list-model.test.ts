import assert from "node:assert/strict";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { Conv2DOptionsT } from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { listModel } from "../../../profiler/listing/list-model.ts";
import { ListingIndex } from "../../../profiler/listing/listing-index.ts";
import type { ModelListing } from "../../../profiler/listing/listing.ts";
import { analyseModel, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { graph, node, onnxModel, tensor, value, type OnnxGraph } from "../../builders/onnx-builder.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";

const NOWHERE = { open: () => Promise.reject(new Error("no data files")) };

async function analyse(bytes: Uint8Array, file = "test.onnx"): Promise<AnalysedModel> {
  return analyseModel(await readModel(new MemorySource(file, bytes), NOWHERE), {});
}

async function listed(main: OnnxGraph): Promise<ModelListing> {
  return listModel(await analyse(onnxModel({ graph: main })));
}

function lines({ text }: ModelListing): readonly string[] {
  return text.split("\n");
}

const CHAIN = graph(
  [
    node("Conv", ["x", "w"], ["/stem/Conv_output_0"], { pads: [1, 1, 1, 1] }, { name: "/stem/Conv" }),
    node("Relu", ["/stem/Conv_output_0"], ["/stem/Relu_output_0"], {}, { name: "/stem/Relu" }),
    node("Add", ["/stem/Relu_output_0", "/stem/Conv_output_0"], ["y"], {}, { name: "sum" }),
  ],
  {
    inputs: [value("x", "float32", ["batch", 3, 8, 8])],
    outputs: [value("y", "float32", ["batch", 4, 8, 8])],
    initializers: [tensor("w", "float32", [4, 3, 3, 3])],
  },
);

describe("The listing of a model", () => {
  it("has one line a layer in ONNX's syntax, inputs, outputs and constants with their types, modules indented", async () => {
    assert.deepEqual(lines(await listed(CHAIN)), [
      "// test.onnx",
      '<opset_import: ["" : 17]>',
      "main (float32[1,3,8,8] x) => (float32[1,4,8,8] y)",
      "<",
      "  float32[4,3,3,3] w",
      "> {",
      "  // stem · 2 layers",
      "    /stem/Conv_output_0 = Conv <pads = [1, 1, 1, 1]> (x, w)",
      "    /stem/Relu_output_0 = Relu (/stem/Conv_output_0)",
      "  [sum] y = Add (/stem/Relu_output_0, /stem/Conv_output_0)",
      "}",
      "",
    ]);
  });

  it("tells where each layer and each tensor stands", async () => {
    const listing = await listed(CHAIN);
    const text = lines(listing);
    assert.deepEqual(listing.lines, [7, 8, 9]);
    assert.deepEqual(
      listing.operators.map(([start, end], layer) => text[listing.lines[layer] ?? 0]?.slice(start, end)),
      ["Conv", "Relu", "Add"],
    );
    for (const { line, start, end, tensor: id } of listing.occurrences)
      assert.equal(text[line]?.slice(start, end), listing.tensors[id]?.name);
    const index = new ListingIndex(listing);
    const column = text[9]?.lastIndexOf("/stem/Conv_output_0") ?? -1;
    const read = index.tensorAt(9, column + 3);
    assert.ok(read);
    assert.equal(index.tensor(read)?.type, "float32[1,4,8,8]");
    assert.deepEqual(
      index.definitionsOf(read).map(({ line }) => line),
      [7],
    );
    assert.deepEqual(
      index.occurrencesOf(read).map(({ line }) => line),
      [7, 8, 9],
    );
    assert.equal(index.layerAt(8), 1);
    assert.equal(index.layerAt(6), undefined);
    assert.deepEqual(index.layersBetween(8, 9), [1, 2]);
  });

  it("folds the graph, its constants and its modules", async () => {
    const { regions } = await listed(CHAIN);
    assert.deepEqual(regions, [
      { kind: "graph", name: "main", first: 2, last: 10 },
      { kind: "constants", name: "", first: 3, last: 4 },
      { kind: "module", name: "stem", first: 6, last: 8 },
    ]);
  });

  it("nests bodies, whose tensors from outside are those of outside", async () => {
    const body = (name: string, op: string): OnnxGraph =>
      graph([node(op, ["x", "one"], [`${name}_y`])], {
        name,
        outputs: [value(`${name}_y`, "float32", [2])],
        initializers: [tensor("one", "float32", [2])],
      });
    const listing = await listed(
      graph([node("If", ["c"], ["y"], { then_branch: body("a", "Add"), else_branch: body("b", "Mul") })], {
        inputs: [value("c", "bool", []), value("x", "float32", [2])],
        outputs: ["y"],
      }),
    );
    assert.deepEqual(lines(listing).slice(2), [
      "main (bool c, float32[2] x) => (float32[2] y) {",
      "  y = If (c)",
      "    then_branch () => (float32[2] a_y)",
      "    <",
      "      float32[2] one",
      "    > {",
      "      a_y = Add (x, one)",
      "    }",
      "    else_branch () => (float32[2] b_y)",
      "    <",
      "      float32[2] one",
      "    > {",
      "      b_y = Mul (x, one)",
      "    }",
      "}",
      "",
    ]);
    const index = new ListingIndex(listing);
    const used = index.tensorAt(14, lines(listing)[14]?.indexOf("x,") ?? -1);
    assert.ok(used);
    assert.deepEqual(
      index.definitionsOf(used).map(({ line }) => line),
      [2],
    );
    assert.deepEqual(listing.lines, [3, 8, 14]);
  });

  it("quotes names that could be taken for something else, and shows what an editor would hide", async () => {
    const listing = await listed(
      graph([node("Relu", ["1"], ["a b"]), node("Neg", ["a b"], ['q"\n\u202e'])], {
        inputs: [value("1", "float32", [1])],
        outputs: ['q"\n\u202e'],
      }),
    );
    assert.deepEqual(lines(listing).slice(3, 5), ['  "a b" = Relu ("1")', '  "q\\"\\n\\u202e" = Neg ("a b")']);
  });

  it("leaves an omitted input empty and shortens what is long", async () => {
    const many = Array.from({ length: 20 }, (_, index) => index);
    const listing = await listed(
      graph([node("Clip", ["x", "", "m"], ["y"], { note: "z".repeat(500), list: many })], {
        inputs: [value("x", "float32", [1])],
        outputs: ["y"],
        initializers: [tensor("m", "float32", [], [6])],
      }),
    );
    const [line = ""] = lines(listing).filter((text) => text.includes("Clip"));
    assert.match(line, /\(x, "", m\)$/);
    assert.match(line, /list = \[0, 1, .*, 15, …\]/);
    assert.ok(line.length < 300);
  });

  it("lists TFLite with its own operators and options, and numbers tensors of one name", async () => {
    const bytes = tfliteModel({
      tensors: [
        { name: "x", shape: [1, 4, 4, 3] },
        { name: "w", shape: [8, 1, 1, 3], data: "zeros" },
        { name: "same", shape: [1, 2, 2, 8] },
        { name: "same", shape: [1, 2, 2, 8] },
        { name: "", shape: [1, 2, 2, 8] },
      ],
      operators: [
        {
          op: "CONV_2D",
          inputs: [0, 1, -1],
          outputs: [2],
          options: Object.assign(new Conv2DOptionsT(), { strideW: 2, strideH: 2 }),
        },
        { op: "RELU", inputs: [2], outputs: [3] },
        { op: "NEG", inputs: [3], outputs: [4] },
      ],
      inputs: [0],
      outputs: [4],
    });
    const listing = listModel(await analyse(bytes, "test.tflite"));
    const [conv = "", relu, neg] = listing.lines.map((line) => lines(listing)[line]);
    assert.match(conv, /^ {2}same%2 = CONV_2D <.*padding = "SAME".*> \(x, w, ""\)$/);
    assert.equal(relu, "  same%3 = RELU (same%2)");
    assert.equal(neg, "  %4 = NEG (same%3)");
  });

  it("lists 6,000 layers, the same each time", async () => {
    const nodes = Array.from({ length: 6000 }, (_, index) =>
      node("Relu", [index === 0 ? "x" : `t${index - 1}`], [`t${index}`], {}, { name: `/block${index % 50}/n${index}` }),
    );
    const analysed = await analyse(
      onnxModel({ graph: graph(nodes, { inputs: [value("x", "float32", [1, 8])], outputs: ["t5999"] }) }),
    );
    const listing = listModel(analysed);
    assert.equal(listing.lines.length, 6000);
    assert.deepEqual(listModel(analysed), listing);
  });
});
