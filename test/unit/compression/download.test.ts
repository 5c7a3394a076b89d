import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { bytesSegment } from "../../../profiler/bytes/byte-segments.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { deflatedLength, downloadBytesOf } from "../../../profiler/formats/download.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";

const NO_FILES = { open: (path: string) => Promise.reject(new Error(`${path} is not there`)) };

describe("the download of a model", () => {
  it("is what deflate makes of the file, edited or not", async () => {
    const model = await readModel(await FileSource.open("media/samples/digits_inception.onnx"), NO_FILES);
    const { after } = await applyEdit(model, parseEdit("quantize-weights::bits=4"));
    for (const each of [model, after]) {
      const expected = deflateRawSync(await modelBytes(each), { level: 9 }).length;
      assert.equal(await downloadBytesOf(each), expected);
    }
  });

  it("is told as it goes, and ends when it is cancelled", async () => {
    const part = bytesSegment(new Uint8Array(100_000).map((_, at) => (at * 2_654_435_761) >>> 24));
    const cancelling = new AbortController();
    const told: number[] = [];
    const onProgress = (done: number): void => {
      told.push(done);
      if (told.length === 3) cancelling.abort(new Error("enough"));
    };
    const segments = Array.from({ length: 10 }, () => part);
    await assert.rejects(deflatedLength(segments, { signal: cancelling.signal, onProgress }), /enough/);
    assert.deepEqual(told, [0.1, 0.2, 0.3]);
  });
});
