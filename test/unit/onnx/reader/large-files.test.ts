import assert from "node:assert/strict";
import { mkdtempSync, openSync, closeSync, ftruncateSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CountingSource } from "../../../../profiler/bytes/counting-source.ts";
import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../../profiler/bytes/external-data-folder.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import { externalTensor, graph, node, onnxModel } from "../../../builders/onnx-builder.ts";
import { MemoryExternalData } from "./read-model.ts";
import { delimited, integer, tag, varint } from "./wire-bytes.ts";

const GIB = 2 ** 30;

/** Writes segments one behind the other; a number is a hole of so many bytes, which takes no room on the disk. */
function writeSparse(path: string, segments: readonly (readonly number[] | number)[]): void {
  const file = openSync(path, "w");
  let at = 0;
  for (const segment of segments) {
    if (typeof segment !== "number") writeSync(file, Uint8Array.from(segment), 0, segment.length, at);
    at += typeof segment === "number" ? segment : segment.length;
  }
  ftruncateSync(file, at);
  closeSync(file);
}

/** An initializer of `gibibytes` of float32, as the bytes before its elements. */
function tensorHead(name: string, gibibytes: number): number[] {
  const rawBytes = gibibytes * GIB;
  const head = [
    ...integer(1, rawBytes / 4),
    ...integer(2, 1),
    ...delimited(8, name),
    ...tag(9, 2),
    ...varint(rawBytes),
  ];
  return [...tag(5, 2), ...varint(head.length + rawBytes), ...head];
}

describe("onnx reader: files over 2 GiB", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "edgewise-large-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads a graph whose weights and nodes lie behind 2^31", async () => {
    const first = tensorHead("first", 1.5);
    const second = tensorHead("second", 1.5);
    const last = [
      ...delimited(5, [
        ...integer(1, 2),
        ...integer(2, 7),
        ...delimited(8, "shape"),
        ...delimited(9, [...new Array<number>(8).fill(255), 5, 0, 0, 0, 0, 0, 0, 0]),
      ]),
    ];
    const relu = delimited(1, [...delimited(1, "first"), ...delimited(2, "y"), ...delimited(4, "Relu")]);
    const graphBytes = first.length + second.length + 3 * GIB + last.length + relu.length;
    const head = [...integer(1, 8), ...delimited(8, integer(2, 17)), ...tag(7, 2), ...varint(graphBytes)];
    const path = join(folder, "large.onnx");
    writeSparse(path, [head, first, 1.5 * GIB, second, 1.5 * GIB, last, relu]);

    const source = new CountingSource(await FileSource.open(path));
    const model = await readOnnx(source, new MemoryExternalData());
    const [one, two, shape] = model.entries[0].graph.tensors;
    assert.deepEqual([one?.constant?.storedBytes, two?.constant?.storedBytes], [1.5 * GIB, 1.5 * GIB]);
    assert.deepEqual(shape?.constant?.values, [-1, 5]);
    assert.ok(two?.constant?.storage.kind === "range");
    assert.ok(shape.constant.storage.kind === "range");
    assert.ok(shape.constant.storage.offset > 3 * GIB);
    assert.equal(model.entries[0].graph.nodes[0]?.op, "Relu");
    assert.equal(model.fileBytes, 3 * GIB + head.length + first.length + second.length + last.length + relu.length);
    assert.ok(source.bytesRead < 64 * 1024, `${source.bytesRead} bytes read`);
    await source.close();
  });

  it("reads a model with 3 GiB of data beside it at the cost of its graph", async () => {
    writeSparse(join(folder, "weights.data"), [3 * GIB, [0, 0, 0x80, 0x3f]]);
    const initializers = [
      externalTensor("w", "float32", [GIB / 4, 3], { location: "weights.data", offset: 0, length: 3 * GIB }),
      externalTensor("one", "float32", [], { location: "weights.data", offset: 3 * GIB, length: 4 }),
    ];
    const bytes = onnxModel({ graph: graph([node("Mul", ["w", "one"], ["y"])], { initializers }) });
    const path = join(folder, "external.onnx");
    writeSparse(path, [[...bytes]]);
    const source = await FileSource.open(path);
    const model = await readOnnx(source, new ExternalDataFolder(path));
    assert.equal(model.fileBytes, bytes.length + 3 * GIB + 4);
    assert.deepEqual(
      model.entries[0].graph.tensors.map(({ constant }) => constant?.values),
      [undefined, [1], undefined],
    );
    await source.close();
  });
});
