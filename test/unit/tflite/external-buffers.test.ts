import assert from "node:assert/strict";
import { Builder, ByteBuffer } from "flatbuffers";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { ModelFormatError } from "../../../profiler/errors.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import * as schema from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { downloadReport } from "../../../profiler/views/download-report.ts";
import { weightReports } from "../../../profiler/views/weight-report.ts";
import { tfliteModel } from "../../builders/tflite-builder.ts";

/** One dense layer whose weight stands in a file of its own, as the buffer with this id. */
function denseWithExternalWeight(bufferId: number): MemorySource {
  const inside = tfliteModel({
    tensors: [
      { name: "x", shape: [1, 4] },
      { name: "w", shape: [3, 4] },
      { name: "y", shape: [1, 3] },
    ],
    operators: [{ op: "FULLY_CONNECTED", inputs: ["x", "w"], outputs: ["y"] }],
    inputs: ["x"],
    outputs: ["y"],
  });
  const model = schema.Model.getRootAsModel(new ByteBuffer(inside)).unpack();
  const weight = model.subgraphs[0]?.tensors[1];
  assert.ok(weight);
  weight.externalBuffer = bufferId;
  model.externalBufferGroups = [new schema.ExternalBufferGroupT("weights.bin")];
  model.externalBuffers = [new schema.ExternalBufferT(1, 0, 4096n, 48n)];
  const builder = new Builder();
  builder.finish(model.pack(builder), "TFL3");
  return new MemorySource("external.tflite", builder.asUint8Array());
}

describe("TFLite weights in other files", () => {
  it("are weights of that many bytes, which nobody reads, and are warned of", async () => {
    const { entries, warnings } = await readTflite(denseWithExternalWeight(1));
    const constant = entries[0].graph.tensors[1]?.constant;
    assert.deepEqual([constant?.storedBytes, constant?.storage.kind], [48, "none"]);
    assert.match(warnings.join(), /weights are in other files \(weights\.bin\)/);
  });

  it("are no more than a layer of which nobody knows what it takes packed: the others are shown", async () => {
    const analysed = analyseModel(await readTflite(denseWithExternalWeight(1)), {});
    const [report, ...others] = await weightReports(analysed);
    assert.deepEqual([report?.storedBytes, report?.downloadBytes, report?.deepCompression], [48, null, null]);
    assert.match(report?.unreadable ?? "", /in another file that is not read/);
    assert.deepEqual(others, []);
    const { layers, fileBytes } = await downloadReport(analysed);
    assert.deepEqual(layers, [null]);
    assert.ok(fileBytes > 0);
  });

  it("must be in the file's list", async () => {
    await assert.rejects(readTflite(denseWithExternalWeight(2)), (error) => {
      assert.ok(error instanceof ModelFormatError);
      assert.match(error.message, /external buffer 2 does not exist/);
      return true;
    });
  });
});
