import assert from "node:assert/strict";

import { bytesSegment, lengthOf, writeSegments, type ByteStream } from "../../../profiler/bytes/byte-segments.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { ExchangeFile } from "../../../profiler/runtime/process/exchange-file.js";

/** Bytes of two kinds: of a file, and in memory. */
function stream(): ByteStream {
  const source = new MemorySource("weights", Uint8Array.of(0, 1, 2, 3, 4));
  const segments = [
    { source, offset: 1, length: 3 },
    bytesSegment(Uint8Array.of(9, 8)),
    { source, offset: 4, length: 1 },
  ];
  return { byteLength: lengthOf(segments), writeTo: (target) => writeSegments(segments, target) };
}

describe("the file that elements go to a process by", () => {
  it("holds arrays and what is written as it is made", async () => {
    const file = ExchangeFile.create();
    const arrays = [Float32Array.of(0.5, -1), stream(), Int32Array.of(7)];
    const places = await file.put(arrays);
    assert.deepEqual(file.take(places), [arrays[0], Uint8Array.of(1, 2, 3, 9, 8, 4), arrays[2]]);
    file.close();
  });

  it("is not written to once it is closed: its number may be another file's by then", async () => {
    const file = ExchangeFile.create();
    const closing: ByteStream = {
      byteLength: 1,
      writeTo: async (target) => {
        file.close();
        await target.write(Uint8Array.of(1));
      },
    };
    await assert.rejects(file.put([closing]), TypeError);
  });
});
