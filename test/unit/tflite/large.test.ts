import assert from "node:assert/strict";
import type { ByteSource } from "../../../profiler/bytes/byte-source.ts";
import { CountingSource } from "../../../profiler/bytes/counting-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { LimitError } from "../../../profiler/errors.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import {
  tfliteFile,
  tfliteModel,
  type OperatorSpec,
  type TensorSpec,
  type TfliteSpec,
} from "../../builders/tflite-builder.ts";

/** Tables and the lengths in front of data; what is larger are weights, all zeros here. */
const LARGEST_TABLES = 2 ** 16;

/** A file that exists only where it is read: its tables are made once, its weights are zeros and stand nowhere. */
class SparseSource implements ByteSource {
  readonly name = "large.tflite";
  readonly #segments: { readonly start: number; readonly bytes: Uint8Array }[] = [];

  constructor(
    readonly size: number,
    chunks: Iterable<Uint8Array>,
  ) {
    let start = 0;
    for (const bytes of chunks) {
      if (bytes.length <= LARGEST_TABLES) this.#segments.push({ start, bytes });
      start += bytes.length;
    }
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    assert.ok(offset >= 0 && offset + length <= this.size, "read outside the file");
    const result = new Uint8Array(length);
    for (const { start, bytes } of this.#segments) {
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + bytes.length);
      if (from < to) result.set(bytes.subarray(from - start, to - start), from - offset);
    }
    return Promise.resolve(result);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Dense layers of 4096 × 4096 floats, 64 MiB each. */
function denseNetwork(layers: number, weights: "inside" | "outside"): TfliteSpec {
  const units = 4096;
  const tensors: TensorSpec[] = [{ name: "x", shape: [1, units] }];
  const operators: OperatorSpec[] = [];
  for (let layer = 0; layer < layers; layer++) {
    tensors.push({ name: `w${layer}`, shape: [units, units], data: "zeros" }, { name: `y${layer}`, shape: [1, units] });
    operators.push({ op: "FULLY_CONNECTED", inputs: [2 * layer, 2 * layer + 1, -1], outputs: [2 * layer + 2] });
  }
  return { tensors, operators, inputs: [0], outputs: [2 * layers], weights };
}

function addChain(length: number): TfliteSpec {
  const tensors = Array.from({ length: length + 1 }, (_, index): TensorSpec => ({
    name: `/layers.${index}/add_output`,
    shape: [1, 64],
  }));
  const operators = Array.from({ length }, (_, index): OperatorSpec => ({
    op: "ADD",
    inputs: [index, index],
    outputs: [index + 1],
  }));
  return { tensors, operators, inputs: [0], outputs: [length] };
}

describe("large TFLite models", () => {
  it("reads the tables of 512 MiB of weights and leaves the weights", async () => {
    const file = tfliteFile(denseNetwork(8, "inside"));
    const source = new CountingSource(new SparseSource(file.size, file.chunks()));
    const model = await readTflite(source);
    assert.ok(file.size > 2 ** 29);
    assert.equal(model.entries[0].graph.nodes.length, 8);
    assert.ok(source.bytesRead < 16384, `${source.bytesRead} bytes read`);
  });

  it("finds weights behind 2 GiB", async () => {
    // Only the layout is made: the zeros of 40 layers, 2.5 GiB, are a view each of the same piece.
    const file = tfliteFile(denseNetwork(40, "outside"));
    const [tables = new Uint8Array(0)] = file.chunks();
    const source = new CountingSource(new SparseSource(file.size, [tables]));
    const model = await readTflite(source);
    const last = model.entries[0].graph.tensors[79]?.constant;
    assert.equal(last?.storedBytes, 2 ** 26);
    assert.ok(last.storage.kind === "range" && last.storage.offset > 2 ** 31);
    assert.ok(source.bytesRead < 65536, `${source.bytesRead} bytes read`);
  });

  it("reads 6,000 operators", async () => {
    const model = await readTflite(new MemorySource("chain.tflite", tfliteModel(addChain(6000))));
    assert.equal(model.entries[0].graph.nodes.length, 6000);
    assert.deepEqual(model.warnings, []);
  });

  it("reads each page once", async () => {
    const bytes = tfliteModel(addChain(2000));
    const source = new CountingSource(new MemorySource("chain.tflite", bytes));
    await readTflite(source);
    // The identifier is looked at first, by itself.
    assert.ok(source.bytesRead <= bytes.length + 24, `${source.bytesRead} of ${bytes.length}`);
    assert.ok(source.reads < 100, `${source.reads} reads`);
  });

  it("refuses tables that unfold into more than memory holds", async () => {
    // All operators share one table with 3,000 inputs, so that the file stays small.
    const shared: OperatorSpec = { op: "ADD_N", inputs: Array.from({ length: 3000 }, () => 0), outputs: [1] };
    const plain: OperatorSpec = { op: "ADD_N", inputs: [0], outputs: [1] };
    const bytes = tfliteModel({
      tensors: [{ shape: [2] }, { shape: [2] }],
      operators: [shared, ...Array.from({ length: 8000 }, () => plain)],
      inputs: [0],
      outputs: [1],
    });
    shareFirstOperator(bytes, 8001);
    await assert.rejects(readTflite(new MemorySource("bomb.tflite", bytes)), LimitError);
  });
});

/** Points every element of the vector of `count` operators at the table of the first. */
function shareFirstOperator(bytes: Uint8Array, count: number): void {
  const view = new DataView(bytes.buffer);
  let vector = 0;
  while (view.getUint32(vector, true) !== count) vector += 4;
  const first = vector + 4;
  const table = first + view.getUint32(first, true);
  for (let index = 1; index < count; index++) view.setUint32(first + 4 * index, table - (first + 4 * index), true);
}
