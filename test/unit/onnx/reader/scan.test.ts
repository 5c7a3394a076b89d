import assert from "node:assert/strict";

import { CountingSource } from "../../../../profiler/bytes/counting-source.ts";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { LimitError, ModelFormatError } from "../../../../profiler/errors.ts";
import { onnx } from "../../../../profiler/formats/onnx/schema/onnx.ts";
import { DEEPEST_MESSAGE, LONGEST_BLOB, LONGEST_TEXT, scanModel } from "../../../../profiler/formats/onnx/wire/scan.ts";
import { graph, node, onnxModel, tensor, value, type OnnxGraph } from "../../../builders/onnx-builder.ts";
import { delimited, integer, tag, varint } from "./wire-bytes.ts";

/** The lists of a scan are parts of the main graph, which protobuf puts together from its parts. */
async function skeletonOf(bytes: Uint8Array): Promise<onnx.ModelProto> {
  const { model, nodes, initializers } = await scanModel(new MemorySource("test.onnx", bytes));
  const graphs = [nodes, initializers].flatMap((list) => delimited(GRAPH_FIELD, [...list]));
  return onnx.ModelProto.decode(Uint8Array.from([...model, ...graphs]));
}

const GRAPH_FIELD = 7;

async function scanFault(bytes: readonly number[]): Promise<ModelFormatError> {
  const outcome: unknown = await scanModel(new MemorySource("test.onnx", Uint8Array.from(bytes))).catch(
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof ModelFormatError, String(outcome));
  return outcome;
}

function nested(depth: number): OnnxGraph {
  const inner = depth === 0 ? graph([]) : nested(depth - 1);
  return graph([node("If", ["c"], [], { then_branch: inner })]);
}

describe("onnx/wire/scan", () => {
  it("keeps the graph and replaces weights by their place in the file", async () => {
    const weights = tensor("w", "float32", [100, 100]);
    const bytes = onnxModel({ graph: graph([node("Relu", ["x"], ["y"])], { initializers: [weights] }) });
    const [initializer] = (await skeletonOf(bytes)).graph?.initializer ?? [];
    const [payload] = initializer?.payload ?? [];
    assert.equal(initializer?.rawData?.length ?? 0, 0);
    assert.deepEqual([payload?.field, payload?.length, payload?.bytes?.length ?? 0], [9, 40000, 0]);
    const offset = payload?.offset ?? 0;
    assert.deepEqual(Buffer.from(bytes.subarray(offset, offset + 40000)), Buffer.from(weights.rawData ?? []));
  });

  it("takes small constants along", async () => {
    const bytes = onnxModel({ graph: graph([], { initializers: [tensor("shape", "int64", [2], [-1, 8])] }) });
    const [payload] = (await skeletonOf(bytes)).graph?.initializer?.[0]?.payload ?? [];
    assert.equal(Buffer.from(payload?.bytes ?? []).readBigInt64LE(0), -1n);
  });

  it("says where messages stand", async () => {
    const bytes = onnxModel({ graph: graph([node("Relu", ["x"], ["y"], {}, { name: "r" })]) });
    const relu = (await skeletonOf(bytes)).graph?.node?.[0];
    const { offset = 0, length = 0 } = relu?.span ?? {};
    const again = onnx.NodeProto.decode(bytes.subarray(offset ?? 0, (offset ?? 0) + (length ?? 0)));
    assert.deepEqual([again.opType, again.input, again.name], ["Relu", ["x"], "r"]);
  });

  it("reads the weights' neighbourhood only", async () => {
    const initializers = Array.from({ length: 8 }, (_, index) => tensor(`w${index}`, "float32", [1024, 1024]));
    const bytes = onnxModel({ graph: graph([], { initializers }) });
    const source = new CountingSource(new MemorySource("test.onnx", bytes));
    await scanModel(source);
    assert.ok(bytes.length > 32 * 2 ** 20);
    assert.ok(source.bytesRead < 64 * 1024, `${source.bytesRead} bytes read`);
    assert.ok(source.reads < 20, `${source.reads} reads`);
  });

  it("reads a graph once, with few reads", async () => {
    const nodes = Array.from({ length: 6000 }, (_, index) =>
      node("Relu", [`t${index}`], [`t${index + 1}`], { axis: 1 }),
    );
    const bytes = onnxModel({ graph: graph(nodes) });
    const source = new CountingSource(new MemorySource("test.onnx", bytes));
    await scanModel(source);
    assert.ok(source.bytesRead < 1.1 * bytes.length, `${source.bytesRead} of ${bytes.length} bytes read`);
    assert.ok(source.reads < 20, `${source.reads} reads`);
  });

  it("leaves out fields it does not know, ours among them", async () => {
    const span = delimited(100002, integer(1, 7));
    const bytes = Uint8Array.from([
      ...integer(1, 8),
      ...delimited(7, [...span, ...delimited(999, new Array<number>(300).fill(0))]),
    ]);
    const { graph: read } = await skeletonOf(bytes);
    assert.equal(read?.span?.offset, bytes.length - (span.length + 300 + 4));
    assert.equal(read.$unknowns, undefined);
  });

  it("leaves out long string attributes", async () => {
    const program = node("EPContext", [], ["y"], { cache: "x".repeat(LONGEST_BLOB + 1), name: "short" });
    const [attribute, other] =
      (await skeletonOf(onnxModel({ graph: graph([program]) }))).graph?.node?.[0]?.attribute ?? [];
    assert.deepEqual([attribute?.s?.length ?? 0, Buffer.from(other?.s ?? []).toString()], [0, "short"]);
  });

  it("refuses names without end", async () => {
    const bytes = onnxModel({ graph: graph([], { name: "x".repeat(LONGEST_TEXT + 1) }) });
    await assert.rejects(
      skeletonOf(bytes),
      (error) => error instanceof LimitError && error.message.includes("LONGEST_TEXT"),
    );
  });

  it("refuses messages that nest without end", async () => {
    const bytes = onnxModel({ graph: nested(30) });
    assert.ok((await skeletonOf(bytes)).graph);
    const nodes = Array.from({ length: DEEPEST_MESSAGE }).reduce<number[]>(
      (inner) => delimited(1, delimited(5, delimited(6, inner))),
      [],
    );
    await assert.rejects(
      skeletonOf(Uint8Array.from(delimited(7, nodes))),
      (error) => error instanceof LimitError && error.message.includes("DEEPEST_MESSAGE"),
    );
  });

  it("hands 64-bit integers over as numbers", async () => {
    const ends = delimited(8, [...varint(2n ** 63n - 1n), ...varint(-5), ...varint(-(2n ** 63n))]);
    const attribute = [...delimited(1, "ends"), ...ends, ...integer(3, -1), ...integer(20, 7)];
    const bytes = Uint8Array.from(delimited(7, delimited(1, delimited(5, attribute))));
    const [read] = (await skeletonOf(bytes)).graph?.node?.[0]?.attribute ?? [];
    assert.deepEqual(read?.ints, [2 ** 63, -5, -(2 ** 63)]);
    assert.equal(read.i, -1);
  });

  describe("refuses what is no protobuf, and says where", () => {
    const cases: readonly (readonly [string, readonly number[], RegExp, number])[] = [
      [
        "a length past its message",
        delimited(7, [...tag(2, 2), 50]).concat(new Array<number>(60).fill(0)),
        /inside its message/,
        2,
      ],
      ["a length past the file", [...tag(7, 2), 50, 0], /ends too early/, 0],
      ["a number cut off", [0x08, 0x80], /cut off/, 1],
      ["a number without end", [0x08, ...new Array<number>(12).fill(0xff)], /at most 10 bytes/, 1],
      ["a group", [...tag(40, 3), 0, 0], /wire type 0, 1, 2 or 5, not 3/, 0],
      ["a wire type that is none", [...tag(40, 7), 0, 0], /wire type 0, 1, 2 or 5, not 7/, 0],
      ["field 0", [0x02, 0x00], /a field number/, 0],
      ["a graph that is a number", integer(7, 1), /wire type 2 for field 7, not 0/, 0],
      ["a name that is no text", delimited(7, delimited(2, [0xff, 0xfe])), /UTF-8/, 4],
      ["a list cut off", delimited(7, delimited(1, delimited(5, delimited(8, [1, 0x80])))), /last element is whole/, 8],
      ["half a float", delimited(7, delimited(1, delimited(5, delimited(7, [0, 0, 0])))), /last element is whole/, 8],
    ];
    for (const [what, bytes, message, offset] of cases) {
      it(what, async () => {
        const fault = await scanFault(bytes);
        assert.match(fault.message, message);
        assert.equal(fault.offset, offset);
      });
    }
  });

  it("keeps dimensions of inputs", async () => {
    const bytes = onnxModel({ graph: graph([], { inputs: [value("x", "float32", [0, "n", null])] }) });
    const dims = (await skeletonOf(bytes)).graph?.input?.[0]?.type?.tensorType?.shape?.dim ?? [];
    assert.deepEqual(
      dims.map(({ value: kind }) => kind),
      ["dimValue", "dimParam", undefined],
    );
  });
});
