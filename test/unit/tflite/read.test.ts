import assert from "node:assert/strict";
import { encode } from "flatbuffers/js/flexbuffers.js";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { tfliteModel, type SubgraphSpec, type TfliteSpec } from "../../builders/tflite-builder.ts";
import { infer, inferOperator, macs, readSpec } from "./analyse.ts";

const ADD: TfliteSpec = {
  tensors: [
    { name: "x", shape: [1, 3], signature: [-1, 3] },
    { name: "w", shape: [3], data: [1, 2, 3] },
    { name: "y", shape: [1, 3], signature: [-1, 3] },
  ],
  operators: [
    {
      op: "ADD",
      inputs: ["x", "w"],
      outputs: ["y"],
      options: new schema.AddOptionsT(schema.ActivationFunctionType.RELU6),
    },
  ],
  inputs: ["x"],
  outputs: ["y"],
};

/** Identity over one tensor, with any operators in between. */
function body(name: string, operators: SubgraphSpec["operators"] = []): SubgraphSpec {
  return {
    name,
    tensors: [
      { name: "in", shape: [2] },
      { name: "out", shape: [2] },
    ],
    inputs: [0],
    outputs: [operators.length ? 1 : 0],
    operators,
  };
}

/** Number of STABLEHLO_CASE, the newest operator. */
const NEW_OPERATOR = 209;

describe("readTflite", () => {
  it("keeps names, options by their schema names, and small values", async () => {
    const model = await readSpec(ADD);
    const { graph } = model.entries[0];
    const [node] = graph.nodes;
    assert.deepEqual([node?.op, node?.domain, node?.name, node?.version], ["ADD", "", "", 1]);
    assert.equal(node?.attributes.get("fused_activation_function"), "RELU6");
    assert.equal(node.attributes.get("pot_scale_int16"), true);
    assert.deepEqual(graph.inputs, [0]);
    assert.deepEqual(graph.tensors[0]?.declared?.shape, [{ dynamic: true, example: 1 }, 3]);
    const constant = graph.tensors[1]?.constant;
    assert.deepEqual(constant?.values, [1, 2, 3]);
    assert.equal(constant.storedBytes, 12);
  });

  it("finds the same weights inside the flatbuffer and behind it", async () => {
    for (const weights of ["inside", "outside"] as const) {
      const bytes = tfliteModel({ ...ADD, weights });
      const { graph } = (await readTflite(new MemorySource("m.tflite", bytes))).entries[0];
      const storage = graph.tensors[1]?.constant?.storage;
      assert.equal(storage?.kind, "range");
      assert.deepEqual(
        [...(await storage.source.read(storage.offset, storage.length))],
        [...new Uint8Array(Float32Array.of(1, 2, 3).buffer)],
      );
    }
  });

  it("reads quantization for the tensor, its channels and its blocks", async () => {
    const tensors: TfliteSpec["tensors"] = [
      { name: "x", type: "int8", shape: [1, 4], quantization: { scales: [0.5], zeroPoints: [3] } },
      {
        name: "w",
        type: "int4",
        shape: [2, 4],
        data: [1, -2, 3, -4, 5, -6, 7, -8],
        quantization: { blockwise: new schema.BlockwiseQuantizationT(2, -1, 2) },
      },
      { name: "scales", type: "float32", shape: [2, 2], data: [1, 2, 3, 4] },
      { name: "y", type: "int8", shape: [1, 2], quantization: { scales: [0.5, 0.25], zeroPoints: [0, 0], axis: 1 } },
    ];
    const model = await readSpec({
      tensors,
      operators: [{ op: "FULLY_CONNECTED", inputs: [0, 1, -1], outputs: [3] }],
      inputs: [0],
      outputs: [3],
    });
    const { graph } = model.entries[0];
    assert.deepEqual(graph.tensors[0]?.quantization, { granularity: "tensor", scales: [0.5], zeroPoints: [3] });
    const { stored, ...blocks } = graph.tensors[1]?.quantization ?? {};
    assert.deepEqual(
      blocks,
      { granularity: "block", axis: 1, blockSize: 2, scales: [1, 2, 3, 4], zeroPoints: [] },
      "the file gives the axis of the channels; scales are fewer along the other one",
    );
    assert.equal(stored?.scales, graph.tensors[2]?.constant);
    assert.deepEqual(graph.tensors[1]?.constant?.values, [1, -2, 3, -4, 5, -6, 7, -8]);
    assert.equal(graph.tensors[1].constant.storedBytes, 4);
    assert.deepEqual(graph.tensors[3]?.quantization, {
      granularity: "channel",
      axis: 1,
      scales: [0.5, 0.25],
      zeroPoints: [0, 0],
    });
    assert.deepEqual(graph.nodes[0]?.inputs, [0, 1, -1]);
  });

  it("takes no sizes for a scalar's in files from before ranks were said, and for unknown in newer ones", async () => {
    const shapesOf = async (saysRanks: boolean) => {
      const model = await readSpec({
        tensors: [
          { name: "x", shape: [], hasRank: false },
          { name: "w", shape: [3], hasRank: saysRanks, data: [1, 2, 3] },
          { name: "y", shape: [3], hasRank: saysRanks },
        ],
        operators: [{ op: "ADD", inputs: ["x", "w"], outputs: ["y"] }],
        inputs: ["x"],
        outputs: ["y"],
      });
      const { graph, inferredTypes } = infer(model);
      return [graph.tensors[0]?.declared?.shape, inferredTypes[2]?.shape];
    };
    assert.deepEqual(await shapesOf(false), [[], [3]]);
    assert.deepEqual(await shapesOf(true), [undefined, undefined]);
  });

  it("leaves quantization out that does not fit, and says so", async () => {
    const [x, w, y] = ADD.tensors;
    assert.ok(x && w && y);
    const model = await readSpec({ ...ADD, tensors: [{ ...x, quantization: { scales: [1, 2] } }, w, y] });
    assert.equal(model.entries[0].graph.tensors[0]?.quantization, undefined);
    assert.match(model.warnings[0] ?? "", /2 scales along axis 0/);
  });

  it("counts of a sparse tensor what is stored", async () => {
    const [x, , y] = ADD.tensors;
    assert.ok(x && y);
    const w = { name: "w", shape: [3], data: [5], sparsity: new schema.SparsityParametersT([0]) };
    const constant = (await readSpec({ ...ADD, tensors: [x, w, y] })).entries[0].graph.tensors[1]?.constant;
    assert.equal(constant?.isSparse, true);
    assert.equal(constant.storedBytes, 4);
    assert.equal(constant.values, undefined);
  });

  it("lists the main subgraph, signatures, and whatever no operator runs", async () => {
    const model = await readSpec({
      ...ADD,
      name: "main",
      subgraphs: [body("encode"), body("decode"), body("then"), body("else"), body("spare")],
      signatures: [
        { key: "serving_default", subgraph: 0 },
        { key: "encode", subgraph: 1 },
        { key: "again", subgraph: 0 },
      ],
    });
    assert.deepEqual(
      model.entries.map(({ name }) => name),
      ["serving_default", "encode", "decode", "then", "else", "spare"],
    );
  });

  it("shows description, metadata and the runtime that the file needs", async () => {
    const metadata = {
      min_runtime_version: new TextEncoder().encode("2.9.0\0\0\0"),
      TFLITE_METADATA: new Uint8Array(40),
    };
    const { properties } = await readSpec({ ...ADD, description: "made by a test", metadata });
    assert.deepEqual(
      [...properties],
      [
        ["schema version", "3"],
        ["description", "made by a test"],
        ["min_runtime_version", "2.9.0"],
        ["TFLITE_METADATA", "40 bytes"],
      ],
    );
  });

  it("reads a custom operator's flexbuffer", async () => {
    const customOptions = encode({
      max_detections: 10,
      max_classes_per_detection: 1,
      nms_iou_threshold: 0.6,
      use_regular_nms: false,
      label: "a",
    });
    const { node, shapes } = await inferOperator({
      op: { custom: "TFLite_Detection_PostProcess" },
      inputs: [{ shape: [1, 1917, 4] }, { shape: [1, 1917, 91] }, { shape: [1917, 4], data: "zeros" }],
      outputs: ["float32", "float32", "float32", "float32"],
      customOptions,
    });
    assert.deepEqual([node.domain, node.op], ["custom", "TFLite_Detection_PostProcess"]);
    assert.equal(node.attributes.get("nms_iou_threshold"), 0.6);
    assert.equal(node.attributes.get("use_regular_nms"), false);
    assert.equal(node.attributes.get("label"), "a");
    assert.deepEqual(shapes, [[1, 10, 4], [1, 10], [1, 10], [1]]);
  });

  it("leaves options of an unknown custom operator alone, and its row unknown", async () => {
    for (const customOptions of [
      Uint8Array.of(1, 2, 3),
      new Uint8Array(0),
      Uint8Array.of(255, 255, 39, 1),
      new Uint8Array(50).fill(37),
    ]) {
      const { rule, operation } = await inferOperator({
        op: { custom: "Mystery" },
        inputs: [{ shape: [2] }],
        customOptions,
      });
      assert.equal(rule, undefined);
      assert.equal(operation.kind, "unknown");
    }
  });

  it("keeps the number of a builtin operator that is newer than the schema", async () => {
    const bytes = tfliteModel({
      ...ADD,
      operators: [{ op: "STABLEHLO_CASE", inputs: [0], outputs: [2], options: new schema.StablehloCaseOptionsT([]) }],
    });
    const view = new DataView(bytes.buffer);
    for (let offset = 0; offset + 4 <= bytes.length; offset += 4) {
      if (view.getInt32(offset, true) === NEW_OPERATOR) view.setInt32(offset, 999, true);
    }
    const model = await readTflite(new MemorySource("m.tflite", bytes));
    assert.equal(model.entries[0].graph.nodes[0]?.op, "BUILTIN_999");
  });

  it("drops stored data of a tensor that the caller gives", async () => {
    const [x, w, y] = ADD.tensors;
    assert.ok(x && w && y);
    const model = await readSpec({ ...ADD, tensors: [{ ...x, data: [0, 0, 0] }, w, y] });
    assert.equal(model.entries[0].graph.tensors[0]?.constant, undefined);
    assert.match(model.warnings[0] ?? "", /tensor 0 has stored data/);
  });
});

describe("TFLite control flow", () => {
  const dense = (units: number): SubgraphSpec => ({
    tensors: [{ shape: [1, 4] }, { shape: [units, 4], data: "zeros" }, { shape: [1, units] }],
    operators: [{ op: "FULLY_CONNECTED", inputs: [0, 1, -1], outputs: [2] }],
    inputs: [0],
    outputs: [2],
  });
  const main = (operator: TfliteSpec["operators"][number], subgraphs: readonly SubgraphSpec[]): TfliteSpec => ({
    tensors: [
      { name: "condition", type: "bool", shape: [1] },
      { name: "x", shape: [1, 4] },
      { name: "y", shape: [1, 8] },
    ],
    operators: [operator],
    inputs: [0, 1],
    outputs: [2],
    subgraphs,
  });

  it("shows both branches of IF and merges what they hand out", async () => {
    const model = await readSpec(
      main({ op: "IF", inputs: [0, 1], outputs: [2], options: new schema.IfOptionsT(1, 2) }, [dense(8), dense(6)]),
    );
    const [node] = infer(model).nodes;
    assert.deepEqual(
      node?.bodies.map(({ body: { role } }) => role),
      ["then", "else"],
    );
    assert.equal(model.entries.length, 1);
    const [, columns] = infer(model).inferredTypes[2]?.shape ?? [];
    assert.equal(typeof columns, "object");
    assert.deepEqual(macs(model).slice(1), [32, 24]);
  });

  it("counts a WHILE once and says so", async () => {
    const condition: SubgraphSpec = {
      tensors: [{ shape: [1, 4] }, { type: "bool", shape: [1], data: [1] }],
      operators: [],
      inputs: [0],
      outputs: [1],
    };
    const spec = main({ op: "WHILE", inputs: [1], outputs: [2], options: new schema.WhileOptionsT(1, 2) }, [
      condition,
      dense(4),
    ]);
    const model = await readSpec(spec);
    const [node] = infer(model).nodes;
    assert.deepEqual(
      node?.bodies.map(({ trips }) => trips),
      [undefined, undefined],
    );
    assert.match(node.view.notes.join(), /only when the model runs/);
    assert.deepEqual(infer(model).inferredTypes[2]?.shape, [1, 4]);
  });

  it("does not count what CALL_ONCE runs", async () => {
    const spec = main({ op: "CALL_ONCE", inputs: [], outputs: [], options: new schema.CallOnceOptionsT(1) }, [
      { tensors: [], operators: [], inputs: [], outputs: [] },
    ]);
    const [node] = infer(await readSpec({ ...spec, outputs: [1] })).nodes;
    assert.equal(node?.bodies[0]?.trips, 0);
    assert.match(node.view.notes.join(), /when the model is loaded/);
  });

  it("looks through a composite into its decomposition", async () => {
    const options = new schema.StableHLOCompositeOptionsT("odml.dense", 1);
    const model = await readSpec(main({ op: "STABLEHLO_COMPOSITE", inputs: [1], outputs: [2], options }, [dense(8)]));
    assert.deepEqual(infer(model).inferredTypes[2]?.shape, [1, 8]);
    assert.equal(macs(model)[1], 32);
  });
});
