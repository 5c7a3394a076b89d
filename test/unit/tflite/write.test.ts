import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { bytesOfSegments } from "../../../profiler/bytes/byte-segments.ts";
import { detachModel } from "../../../profiler/formats/tflite/detached-model.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { FullyConnectedOptionsT } from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { rebuilt, tfliteBytes, writeTflite } from "../../../profiler/formats/tflite/write.ts";
import { layOut } from "../../../profiler/formats/tflite/write/file-layout.ts";
import { readTables } from "../../../profiler/formats/tflite/write/read-tables.ts";
import { readConstant } from "../../../profiler/model/constant-values.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { plannedWeights } from "../../../profiler/neutral/weights.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { lowerRewrite } from "../../../profiler/translation/lower-model.ts";
import { randomInputs } from "./random-inputs.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { tfliteModel, type TfliteSpec } from "../../builders/tflite-builder.ts";
import { skip } from "../../skip.ts";
import { readBytes } from "./analyse.ts";
import { modelOfBytes } from "../../builders/read-model.ts";

const FOLDER = "../shared/models/tflite";

/** Two dense layers, a custom operator, a second subgraph, a signature and metadata. */
const SPEC: TfliteSpec = {
  tensors: [
    { name: "first", shape: [3, 2], data: [1, 2, 3, 4, 5, 6] },
    { name: "in", shape: [1, 2], signature: [-1, 2] },
    { name: "middle", shape: [1, 3], signature: [-1, 3] },
    { name: "second", shape: [2, 3], data: [1, 0, 0, 0, 1, 0] },
    { name: "out", shape: [1, 2], signature: [-1, 2] },
    { name: "more", shape: [1, 2], signature: [-1, 2] },
  ],
  inputs: ["in"],
  outputs: ["more"],
  operators: [
    { op: "FULLY_CONNECTED", inputs: ["in", "first", -1], outputs: ["middle"], options: new FullyConnectedOptionsT() },
    {
      op: "FULLY_CONNECTED",
      inputs: ["middle", "second", -1],
      outputs: ["out"],
      options: new FullyConnectedOptionsT(),
    },
    { op: { custom: "Mine" }, inputs: ["out"], outputs: ["more"], customOptions: Uint8Array.of(7, 8, 9) },
  ],
  subgraphs: [{ name: "other", tensors: [{ name: "x", shape: [1] }], inputs: ["x"], outputs: ["x"], operators: [] }],
  signatures: [{ key: "serve", subgraph: 0, inputs: { x: 1 }, outputs: { y: 5 } }],
  description: "of a test",
  metadata: { note: Uint8Array.of(1, 2, 3), OfflineMemoryAllocation: Uint8Array.of(0, 0, 0, 0) },
};

/** What a profile says, sizes of the file left out. */
function profileOf(model: Model): unknown {
  const { layers, totals, peak } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
  return JSON.parse(
    JSON.stringify({ layers, totals, peak }, (key, value: unknown) => (key === "fileBytes" ? 0 : value)),
  );
}

/** The model with its first layer taken out: the input goes straight to what the second made. */
async function withoutFirst(model: Model): Promise<Model> {
  const graph = liftModel(model);
  const [first, second] = graph.layersOf("dense");
  assert.ok(first && second);
  const remove = [first.id, second.id];
  return lowerRewrite(
    model,
    graph,
    { remove, rewire: new Map([[second.outputs[0] ?? -1, first.inputs[0] ?? -1]]) },
    { readsWeights: true },
  );
}

describe("Writing TFLite models", () => {
  it("keeps every table and every buffer", async () => {
    const bytes = tfliteModel({ ...SPEC, metadata: { note: Uint8Array.of(1, 2, 3) } });
    const again = await bytesOfSegments(await rebuilt(await readBytes(bytes)));
    const [before, after] = [detachModel(bytes), detachModel(again)];
    assert.deepEqual(after.tables, before.tables);
    assert.deepEqual(after.data, before.data);
  });

  it("aligns all data to 16 bytes", async () => {
    const again = await bytesOfSegments(await rebuilt(await readBytes(tfliteModel(SPEC))));
    const places = detachModel(again)
      .data.filter(({ length }) => length > 0)
      .map(({ byteOffset }) => byteOffset % 16);
    assert.deepEqual(
      places,
      places.map(() => 0),
    );
    assert.ok(places.length > 2);
  });

  it("puts data behind the flatbuffer where that would grow too large", async () => {
    const source = new MemorySource("test.tflite", tfliteModel(SPEC));
    const { tables, buffers } = await readTables(source);
    const data = buffers.map(({ offset, length }) =>
      offset === undefined || length === 0 ? undefined : { source, offset, length },
    );
    const large = await bytesOfSegments(layOut(tables, data, source, 0));
    const model = await readBytes(large);
    const [first] = model.entries[0].graph.tensors;
    assert.ok(first?.constant);
    assert.deepEqual([...((await readConstant(first.constant)) ?? [])], [1, 2, 3, 4, 5, 6]);
    const [table] = (await readTables(new MemorySource("large", large))).buffers.filter(({ length }) => length > 0);
    assert.equal((table?.offset ?? 1) % 16, 0);
  });

  it("drops what an edit left without a use, and numbers the rest anew", async () => {
    const model = await readBytes(tfliteModel(SPEC));
    const bytes = await tfliteBytes(await withoutFirst(model));
    const { tables, data } = detachModel(bytes);
    const [main] = tables.subgraphs;
    assert.ok(main);
    assert.deepEqual(
      main.tensors.map(({ name }) => name),
      ["in", "more"],
    );
    assert.deepEqual([main.inputs, main.outputs], [[0], [1]]);
    const [custom] = main.operators;
    assert.deepEqual([custom?.inputs, custom?.outputs, custom?.customOptions], [[0], [1], [7, 8, 9]]);
    assert.deepEqual(
      tables.operatorCodes.map(({ customCode }) => customCode),
      ["Mine"],
    );
    const [signature] = tables.signatureDefs;
    assert.deepEqual(
      [...(signature?.inputs ?? []), ...(signature?.outputs ?? [])].map(({ tensorIndex }) => tensorIndex),
      [0, 1],
    );
    assert.equal(tables.subgraphs[1]?.name, "other");
    // Plans of the memory name tensors by number: they go. The note stays, under its buffer's new number.
    assert.deepEqual(
      tables.metadata.map(({ name }) => name),
      ["note"],
    );
    assert.deepEqual([...(data[tables.metadata[0]?.buffer ?? -1] ?? [])], [1, 2, 3]);
  });

  it("keeps the archive that TFLite Metadata puts behind a model", async () => {
    const files = { "labels.txt": new TextEncoder().encode("cat\ndog\n"), "vocabulary.txt": Uint8Array.of(65, 66) };
    const bytes = tfliteModel({ ...SPEC, metadata: {} });
    const both = Uint8Array.from([...bytes, ...zipSync(files)]);
    const again = await bytesOfSegments(await rebuilt(await readBytes(both)));
    // A strict reader: it takes the archive's offsets as places in the whole file.
    assert.deepEqual(unzipSync(again), files);
    const twice = await bytesOfSegments(await rebuilt(await readBytes(again)));
    assert.deepEqual(unzipSync(twice), files);
    assert.deepEqual(detachModel(again).tables, detachModel(both).tables);
  });

  it("refuses to write a prediction", async () => {
    const model = await readBytes(tfliteModel(SPEC));
    const graph = liftModel(model);
    const [first] = graph.layersOf("dense");
    assert.ok(first);
    const form = { ...first.form, weight: plannedWeights(first.form.weight.shape) };
    const predicted = await lowerRewrite(
      model,
      graph,
      { replace: new Map([[first.id, form]]) },
      { readsWeights: false },
    );
    await assert.rejects(tfliteBytes(predicted), { name: "LoweringError" });
  });

  it("copies a model without edits byte for byte", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgewise-write-"));
    try {
      const bytes = tfliteModel(SPEC);
      const path = join(folder, "copy.tflite");
      await writeTflite(await readBytes(bytes), path);
      assert.deepEqual(new Uint8Array(readFileSync(path)), bytes);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("Writing TFLite models of others", function () {
  this.timeout(120_000);
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith(".tflite")) : [];

  if (names.length === 0)
    it("builds them anew", function () {
      skip(this, "no shared models beside the repository");
    });

  for (const name of names) {
    it(`builds ${name} anew: the same tables, profile and outputs`, async () => {
      const bytes = new Uint8Array(readFileSync(join(FOLDER, name)));
      const model = await readTflite(new MemorySource(name, bytes));
      const again = await bytesOfSegments(await rebuilt(model));
      assert.deepEqual(detachModel(again), detachModel(bytes));
      assert.deepEqual(profileOf(await readTflite(new MemorySource(name, again))), profileOf(model));
      // LiteRT.js has no variable tensors: it runs no LSTM.
      if (model.entries[0].graph.tensors.some(({ isVariable }) => isVariable)) return;
      assert.deepEqual(await outputsOf(name, again), await outputsOf(name, bytes));
    });
  }
});

async function outputsOf(name: string, bytes: Uint8Array): Promise<unknown> {
  const session = await openSession(await modelOfBytes(name, bytes));
  try {
    return await session.run(randomInputs(session));
  } finally {
    await session.close();
  }
}
