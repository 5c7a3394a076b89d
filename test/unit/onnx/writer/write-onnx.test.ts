import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bytesSegment } from "../../../../profiler/bytes/byte-segments.ts";
import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../../profiler/bytes/external-data-folder.ts";
import { FileAccessError, FileChangedError } from "../../../../profiler/errors.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import { writeOnnx } from "../../../../profiler/formats/onnx/write.ts";
import { prepareDataFile } from "../../../../profiler/formats/onnx/write/data-file.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { applyEdit, predictEdit } from "../../../../profiler/editing/apply.ts";
import { openSession } from "../../../../profiler/runtime/open-session.ts";
import { externalTensor, graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
import { skip } from "../../../skip.ts";
import {
  assertSameOutputs,
  edit,
  edited,
  readBytes,
  run,
  seededFeeds,
  weights,
  type Feeds,
  type Outputs,
} from "../../restructure/edited-model.ts";
import { onnx } from "../../../../profiler/formats/onnx/schema/onnx.ts";
import { delimited, integer } from "../reader/wire-bytes.ts";
import { modelOfFile } from "../../../builders/read-model.ts";

const FOLD = edit("fold-batch-norm", "bn");
const ROLES = ["scale", "shift", "mean", "variance"] as const;

/** x → Conv → BatchNormalization → Identity → y, with what else a file can hold. */
function sample(options: { readonly irVersion?: number; readonly isExternal?: boolean } = {}): Uint8Array {
  const { irVersion = 8, isExternal = false } = options;
  const nodes = [
    node("Conv", ["x", "w"], ["c"], { pads: [1, 1, 1, 1] }, { name: "conv" }),
    node("BatchNormalization", ["c", ...ROLES], ["b"], {}, { name: "bn" }),
    { ...node("Slice", ["b", "from", "to"], ["s"]), docString: "kept", metadataProps: [{ key: "k", value: "v" }] },
    node("Relu", ["s"], ["y"]),
  ];
  const initializers = [
    isExternal
      ? externalTensor("w", "float32", [16, 4, 3, 3], { location: "weights.bin" })
      : weights("w", [16, 4, 3, 3]),
    ...ROLES.map((role) => weights(role, [16], role === "variance" ? "positive" : "any")),
    tensor("from", "int64", [1], [0]),
    // "To the end", as exporters write it: INT64_MAX.
    { ...tensor("to", "int64", [1], [0]), rawData: Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127) },
  ];
  const inputs = [value("x", "float32", ["n", 4, 6, 6])];
  const listed = irVersion < 4 ? initializers.map(({ name, dims }) => value(name ?? "", "float32", dims ?? [])) : [];
  const values = [value("c", "float32", ["n", 16, 6, 6]), value("b", "float32", ["n", 16, 6, 6])];
  return onnxModel({
    graph: graph(nodes, { inputs: [...inputs, ...listed], outputs: [value("y", "float32")], initializers, values }),
    irVersion,
    metadata: { author: "nobody" },
  });
}

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgewise-write-"));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

async function open(path: string): Promise<Model> {
  return readOnnx(await FileSource.open(path), new ExternalDataFolder(path));
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** As a file, whose data stand beside it. */
async function runFile(path: string, feeds: Feeds): Promise<Outputs> {
  const session = await openSession(await modelOfFile(path));
  try {
    const typed = Object.entries(feeds).map(
      ([name, feed]) => [name, { ...feed, dataType: "float32" as const }] as const,
    );
    const outputs = await session.run(Object.fromEntries(typed));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, Float32Array.from(data, Number)]),
    );
  } finally {
    await session.close();
  }
}

async function folded(path: string): Promise<Model> {
  return (await applyEdit(await open(path), FOLD)).after;
}

describe("onnx writer: what no edit touched", () => {
  it("is the same file, byte for byte", async () => {
    const bytes = sample();
    const path = put("a.onnx", bytes);
    await writeOnnx(await open(path), join(folder, "b.onnx"));
    assert.deepEqual(readFileSync(join(folder, "b.onnx")), Buffer.from(bytes));
  });

  it("keeps its bytes beside an edit: nodes, weights, texts and fields that nobody knows", async () => {
    const unknown = delimited(1234, "of a later version");
    const bytes = Buffer.concat([
      sample(),
      Uint8Array.from([...unknown, ...delimited(7, [...delimited(1235, "in the graph")])]),
    ]);
    await assert.rejects(edited(await readBytes(bytes), FOLD), /expected one graph, not 2 parts/);
    const inside = Buffer.concat([sample(), Uint8Array.from(unknown)]);
    const { bytes: after, written } = await edited(await readBytes(inside), FOLD);
    assert.ok(Buffer.from(after).includes(Buffer.from(unknown)));
    for (const text of ["kept", "nobody"]) assert.ok(Buffer.from(after).includes(text), text);
    const end = written.entries[0].graph.tensors.find(({ name }) => name === "to");
    assert.equal(end?.constant?.values?.[0], 2 ** 63);
    assert.ok(Buffer.from(after).includes(Buffer.from([255, 255, 255, 255, 255, 255, 255, 127])));
    assert.deepEqual(
      written.entries[0].graph.nodes.map(({ op }) => op),
      ["Conv", "Slice", "Relu"],
    );
  });

  it("loses what nobody reads any more, and nothing that nobody read before", async () => {
    const spare = sample();
    const proto = onnx.ModelProto.decode(spare);
    proto.graph?.initializer?.push(tensor("spare", "float32", [2]));
    const { written } = await edited(await readBytes(onnx.ModelProto.encode(proto).finish()), FOLD);
    const names = written.entries[0].graph.tensors.map(({ name }) => name);
    assert.ok(names.includes("spare"));
    for (const gone of ROLES) assert.ok(!names.includes(gone), gone);
  });

  it("has initializers listed as inputs where old versions ask for it", async () => {
    const { bytes } = await edited(await readBytes(sample({ irVersion: 3 })), FOLD);
    const { graph: main } = onnx.ModelProto.decode(bytes);
    const inputs = main?.input?.map(({ name }) => name);
    const initializers = main?.initializer?.map(({ name }) => name);
    assert.deepEqual(inputs?.toSorted(), ["x", ...(initializers ?? [])].toSorted());
  });

  it("takes a node whose attributes hold a number beyond 2^53 over as it is when a tensor is renamed", async () => {
    const largest = 2 ** 63;
    const nodes = [
      node("Identity", ["x"], ["a"]),
      node("Slice", ["a"], ["y"], { axes: [1], ends: { ...tensor("", "int64", []), name: "" } as never, starts: [1] }),
    ];
    const slice = nodes[1];
    assert.ok(slice?.attribute?.[1]);
    const bytes = onnxModel({
      graph: graph([nodes[0] ?? {}, { ...slice, attribute: [slice.attribute[0] ?? {}, slice.attribute[2] ?? {}] }], {
        inputs: [value("x", "float32", [2, 4])],
        outputs: [value("y", "float32")],
      }),
      opset: 9,
    });
    // ends = [INT64_MAX], which no number of JavaScript is.
    const ends = [
      ...delimited(1, "ends"),
      ...[8 * 8 + 2, 9, 255, 255, 255, 255, 255, 255, 255, 255, 127],
      ...integer(20, 7),
    ];
    const patched = appendToLastNode(bytes, delimited(5, ends));
    const base = await readBytes(patched);
    assert.deepEqual(base.entries[0].graph.nodes[1]?.attributes.get("ends"), [largest]);
    const { bytes: after } = await edited(base, edit("remove-no-ops"));
    assert.ok(Buffer.from(after).includes(Buffer.from(ends)));
    const feeds = seededFeeds(base);
    assertSameOutputs(await run(after, feeds), await run(patched, feeds));
  });
});

/** A model whose last node has further bytes; its graph must hold nothing but nodes, name, input and output. */
function appendToLastNode(bytes: Uint8Array, more: readonly number[]): Uint8Array {
  const proto = onnx.ModelProto.decode(bytes);
  const main = onnx.GraphProto.decode(onnx.GraphProto.encode(proto.graph ?? {}).finish());
  const last = main.node.pop();
  const nodeBytes = [...onnx.NodeProto.encode(last ?? {}).finish(), ...more];
  const graphBytes = [...onnx.GraphProto.encode(main).finish(), ...delimited(1, nodeBytes)];
  proto.graph = null;
  return Uint8Array.from([...onnx.ModelProto.encode(proto).finish(), ...delimited(7, graphBytes)]);
}

describe("onnx writer: data files", () => {
  /** A model with its weights beside it. */
  function withData(): string {
    put("weights.bin", new Uint8Array(new Float32Array(16 * 4 * 9).map((_, index) => Math.sin(index)).buffer));
    return put("model.onnx", sample({ isExternal: true }));
  }

  /** Names of data files that were written for a model: they tell their content. */
  function dataFilesOf(model: string): readonly string[] {
    return readdirSync(folder).filter((name) => name.startsWith(`${model}.`) && /\.[0-9a-f]{12}\.data$/.test(name));
  }

  it("puts new weights beside a model that has its weights there, small ones inside", async () => {
    const path = withData();
    const target = join(folder, "edited.onnx");
    await writeOnnx(await folded(path), target);
    const data = dataFilesOf("edited.onnx");
    assert.deepEqual(readdirSync(folder).toSorted(), ["edited.onnx", ...data, "model.onnx", "weights.bin"]);
    assert.deepEqual(
      data.map((name) => statSync(join(folder, name)).size),
      [16 * 4 * 9 * 4],
    );
    const written = await open(target);
    const stored = written.entries[0].graph.tensors.flatMap(({ constant }) => constant?.storage ?? []);
    assert.equal(stored.filter((storage) => storage.kind === "range" && storage.source !== written.source).length, 1);
  });

  it("puts new weights beside a model that would pass protobuf's limit with them inside", async () => {
    const source = put("a.onnx", sample());
    const model = await folded(source);
    const target = join(folder, "b.onnx");
    await writeOnnx(model, target, { largestModel: 2000 });
    const data = dataFilesOf("b.onnx");
    assert.deepEqual(readdirSync(folder).toSorted(), ["a.onnx", "b.onnx", ...data]);
    assert.deepEqual(
      data.map((name) => statSync(join(folder, name)).size),
      [16 * 4 * 9 * 4],
    );
    const feeds = seededFeeds(model);
    assertSameOutputs(await runFile(target, feeds), await run(readFileSync(source), feeds));
    rmSync(target);
    await writeOnnx(model, target);
    assert.deepEqual(readdirSync(folder).toSorted(), ["a.onnx", "b.onnx", ...data], "a small one needs no file");
  });

  it("keeps numbers where they are that only change their shape", async () => {
    const nodes = [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w"], ["y"], { transB: 1 }, { name: "fc" })];
    const initializers = [externalTensor("w", "float32", [16, 36], { location: "weights.bin" })];
    const inputs = [value("x", "float32", ["n", 4, 3, 3])];
    put("weights.bin", new Uint8Array(4 * 16 * 36));
    const path = put(
      "model.onnx",
      onnxModel({ graph: graph(nodes, { inputs, outputs: [value("y", "float32")], initializers }) }),
    );
    const { after } = await applyEdit(await open(path), edit("dense-to-conv", "fc"));
    await writeOnnx(after, join(folder, "edited.onnx"));
    assert.deepEqual(readdirSync(folder).toSorted(), ["edited.onnx", "model.onnx", "weights.bin"]);
    const conv = (await open(join(folder, "edited.onnx"))).entries[0].graph.tensors.find(
      ({ constant }) => constant?.shape.length === 4,
    );
    assert.deepEqual(conv?.constant?.shape, [16, 4, 3, 3]);
  });

  it("copies the data files along into another folder, and never over another file", async () => {
    const path = withData();
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    await writeOnnx(await open(path), join(elsewhere, "copy.onnx"));
    assert.deepEqual(readFileSync(join(elsewhere, "weights.bin")), readFileSync(join(folder, "weights.bin")));
    await writeOnnx(await open(path), join(elsewhere, "again.onnx"));
    writeFileSync(join(elsewhere, "weights.bin"), "of another model");
    await assert.rejects(writeOnnx(await open(path), join(elsewhere, "third.onnx")), (error: Error) => {
      assert.ok(error instanceof FileAccessError);
      assert.match(error.message, /another file has that name/);
      return true;
    });
    assert.equal(readFileSync(join(elsewhere, "weights.bin"), "utf8"), "of another model");
    assert.ok(!existsSync(join(elsewhere, "third.onnx")));
  });

  it("writes weights again that a third save took away, for those of a killed writer, before the model named them", async () => {
    const place = join(folder, "model.onnx");
    const given = { signal: undefined, onBytes: () => undefined };
    const segments = [bytesSegment(Uint8Array.of(1, 2, 3))];
    const killed = await prepareDataFile(place, segments, given);
    await killed.create();
    const data = await prepareDataFile(place, segments, given);
    await data.create();
    rmSync(join(folder, data.location));
    await data.settle();
    assert.deepEqual([...readFileSync(join(folder, data.location))], [1, 2, 3]);
    assert.deepEqual(readdirSync(folder), [data.location]);
    await data.settle();
    assert.deepEqual(readdirSync(folder), [data.location], "once");
  });

  it("can be written over itself, edit after edit", async () => {
    const path = withData();
    const before = await open(path);
    const [feeds] = [seededFeeds(before)];
    await writeOnnx((await applyEdit(before, FOLD)).after, path);
    const second = await open(path);
    assert.equal(second.dataFiles?.size, 1);
    await writeOnnx((await applyEdit(second, edit("remove-no-ops")).catch(() => ({ after: second }))).after, path);
    const third = await open(path);
    assert.equal(third.entries[0].graph.nodes.length, 3);
    assert.ok(Object.keys(feeds).length > 0);
  });
});

describe("onnx writer: failures", () => {
  async function attempt(write: (path: string) => Promise<void>): Promise<unknown> {
    const target = put("target.onnx", Buffer.from("as it was"));
    const before = readdirSync(folder).toSorted();
    const error: unknown = await write(target).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error, "must fail");
    chmodSync(folder, 0o700);
    assert.equal(readFileSync(target, "utf8"), "as it was");
    assert.deepEqual(readdirSync(folder).toSorted(), before, "nothing is left behind");
    return error;
  }

  it("leaves the target when cancelled in the middle", async () => {
    const model = await folded(put("a.onnx", sample()));
    const controller = new AbortController();
    const error = await attempt((path) =>
      writeOnnx(model, path, { signal: controller.signal, onProgress: () => controller.abort(new Error("cancelled")) }),
    );
    assert.equal((error as Error).message, "cancelled");
  });

  it("leaves the target when the folder is read-only", async function () {
    if (process.getuid?.() === 0 || process.platform === "win32") skip(this, "this user may write everywhere");
    const model = await folded(put("a.onnx", sample()));
    const error = await attempt((path) => {
      chmodSync(folder, 0o500);
      return writeOnnx(model, path);
    });
    assert.ok(error instanceof FileAccessError);
    assert.match(error.message, /cannot be written: you may not write there/);
  });

  it("leaves what stands in its place, a folder too", async () => {
    const model = await folded(put("a.onnx", sample()));
    const target = join(folder, "target");
    mkdirSync(target);
    await assert.rejects(writeOnnx(model, target), /cannot be written: it is a folder/);
    assert.deepEqual(readdirSync(folder).toSorted(), ["a.onnx", "target"]);
  });

  it("leaves the target when the file that is copied from changed", async () => {
    const source = put("a.onnx", sample());
    const model = await folded(source);
    writeFileSync(source, "something else");
    assert.ok((await attempt((path) => writeOnnx(model, path))) instanceof FileChangedError);
  });

  it("refuses to write what was only predicted", async () => {
    const model = await predictEdit(await open(put("a.onnx", sample())), FOLD);
    assert.ok(model);
    assert.match(String(await attempt((path) => writeOnnx(model, path))), /is a prediction/);
  });

  it("says which folder is missing", async () => {
    const model = await open(put("a.onnx", sample()));
    await assert.rejects(writeOnnx(model, join(folder, "none", "b.onnx")), /its folder does not exist/);
  });
});

describe("onnx writer: real models", function () {
  const models = "../shared/models/onnx";
  if (!existsSync(models)) {
    it("copies ../shared/models/onnx byte for byte", function () {
      skip(this, "needs the models that stand beside the repository, not in it");
    });
    return;
  }
  for (const file of readdirSync(models)) {
    it(`copies ${file} byte for byte`, async () => {
      const target = join(folder, file);
      await writeOnnx(await open(join(models, file)), target);
      assert.ok(readFileSync(target).equals(readFileSync(join(models, file))));
    });
  }
});
