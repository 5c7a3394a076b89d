import assert from "node:assert/strict";
import type { DataType } from "../../../profiler/model/data-type.ts";
import type { Constant } from "../../../profiler/model/model.ts";
import { HISTOGRAM_BINS, MOST_ELEMENTS, weightStatistics } from "../../../profiler/views/weight-statistics.ts";

function constant(dataType: DataType, shape: readonly number[], bytes: Uint8Array): Constant {
  return { dataType, shape, storedBytes: bytes.length, storage: { kind: "bytes", bytes, encoding: "raw" } };
}

function floats(shape: readonly number[], values: readonly number[]): Constant {
  return constant("float32", shape, new Uint8Array(Float32Array.from(values).buffer));
}

describe("Weight statistics", () => {
  it("tell range, mean, deviation and zeros", async () => {
    const statistics = await weightStatistics(floats([2, 4], [-2, 0, 0, 2, 1, -1, 4, 4]), { name: "w" });
    assert.ok(statistics);
    const { minimum, maximum, mean, standardDeviation, zeros, nearZeros, sampled, notFinite } = statistics;
    assert.deepEqual([minimum, maximum, mean, zeros, nearZeros, sampled, notFinite], [-2, 4, 1, 0.25, 0.25, 8, 0]);
    // Squared distances from 1: 9 + 1 + 1 + 1 + 0 + 4 + 9 + 9.
    assert.ok(Math.abs(standardDeviation - Math.sqrt(34 / 8)) < 1e-12);
    assert.deepEqual(statistics.channels?.ranges, [
      [-2, 2],
      [-1, 4],
    ]);
  });

  it("count every element in one bin, the ends in the outermost", async () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    const statistics = await weightStatistics(floats([100], values), { name: "w" });
    assert.equal(statistics?.histogram.length, HISTOGRAM_BINS);
    assert.equal(
      statistics.histogram.reduce((sum, count) => sum + count),
      100,
    );
    assert.ok((statistics.histogram[0] ?? 0) > 0 && (statistics.histogram.at(-1) ?? 0) > 0);
  });

  it("tell the levels of integers, and zeros by the zero point", async () => {
    const bytes = new Uint8Array(Int8Array.from([3, 3, 4, 5]).buffer);
    const statistics = await weightStatistics(constant("int8", [4], bytes), { name: "w", zeroPoint: 3 });
    assert.deepEqual(statistics?.levels, { used: 3, possible: 256 });
    assert.equal(statistics.zeros, 0.5);
  });

  it("measure ranges along the axis of the output channels", async () => {
    const statistics = await weightStatistics(floats([2, 2], [1, 10, 2, 20]), { name: "w", channelAxis: 1 });
    assert.deepEqual(statistics?.channels?.ranges, [
      [1, 2],
      [10, 20],
    ]);
  });

  it("leave numbers that are not finite out of all but their count", async () => {
    const statistics = await weightStatistics(floats([4], [NaN, Infinity, 1, 3]), { name: "w" });
    assert.deepEqual([statistics?.minimum, statistics?.maximum, statistics?.mean, statistics?.notFinite], [1, 3, 2, 2]);
  });

  it("sample what is too large to be held, in reads of bounded length, first and last elements among them", async () => {
    const elements = 3 * MOST_ELEMENTS + 5;
    let longest = 0;
    let last = 0;
    const source = {
      name: "large.onnx",
      size: elements,
      read: (offset: number, length: number): Promise<Uint8Array> => {
        longest = Math.max(longest, length);
        last = Math.max(last, offset + length);
        return Promise.resolve(new Uint8Array(length).fill(offset === 0 ? 200 : 7));
      },
      close: () => Promise.resolve(),
    };
    const large: Constant = {
      dataType: "uint8",
      shape: [elements],
      storedBytes: elements,
      storage: { kind: "range", source, offset: 0, length: elements, encoding: "raw" },
    };
    const statistics = await weightStatistics(large, { name: "w" });
    assert.equal(statistics?.sampled, MOST_ELEMENTS);
    assert.equal(statistics.maximum, 200);
    assert.equal(statistics.channels, null);
    assert.ok(longest <= 2 ** 18 && last > elements - 16 && last <= elements);
  });

  it("are none for strings, and for constants whose bytes are not there", async () => {
    assert.equal(await weightStatistics(constant("string", [1], new Uint8Array(4)), { name: "s" }), undefined);
    const gone: Constant = { dataType: "float32", shape: [4], storedBytes: 16, storage: { kind: "none" } };
    assert.equal(await weightStatistics(gone, { name: "g" }), undefined);
  });
});
