import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lengthOf } from "../../../../profiler/bytes/byte-segments.ts";
import { ExternalDataFolder } from "../../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { applyEdit, predictEdit } from "../../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../../profiler/editing/edit.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import { onnxSegments, writeOnnx } from "../../../../profiler/formats/onnx/write.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { compareRuns } from "../../../../profiler/runtime/compare-runs.ts";
import {
  externalTensor,
  graph,
  node,
  onnxFunction,
  onnxModel,
  value,
  type OnnxFunction,
} from "../../../builders/onnx-builder.ts";

const LARGE = 4 * 64 * 64;
const SMALL = 4 * 64 * 4;

describe("onnx writer: data files that an edit reads less of", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "edgewise-live-data-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = async (path: string): Promise<Model> =>
    readOnnx(await FileSource.open(path), new ExternalDataFolder(path));

  /** Three dense layers in a row, the first and the last of which have their weights in one file. */
  function model(functions: readonly OnnxFunction[] = []): string {
    const nodes = [
      node("Gemm", ["x", "first"], ["a"], {}, { name: "first" }),
      node("Gemm", ["a", "second"], ["b"], {}, { name: "second" }),
      node("Gemm", ["b", "third"], ["y"], {}, { name: "third" }),
    ];
    const initializers = [
      externalTensor("first", "float32", [64, 64], { location: "a.bin", offset: 0, length: LARGE }),
      externalTensor("second", "float32", [64, 64], { location: "b.bin", offset: 0, length: LARGE }),
      externalTensor("third", "float32", [64, 4], { location: "a.bin", offset: LARGE, length: SMALL }),
    ];
    const put = (name: string, bytes: number): void => {
      const numbers = Float32Array.from({ length: bytes / 4 }, (_, at) => Math.sin(at + bytes) / 8);
      writeFileSync(join(folder, name), new Uint8Array(numbers.buffer));
    };
    put("a.bin", LARGE + SMALL);
    put("b.bin", LARGE);
    const [inputs, outputs] = [[value("x", "float32", [1, 64])], [value("y", "float32", [1, 4])]];
    const path = join(folder, "model.onnx");
    writeFileSync(path, onnxModel({ graph: graph(nodes, { inputs, outputs, initializers }), functions }));
    return path;
  }

  for (const [text, kept] of [
    // Nothing is left of either.
    ["quantize-weights::bits=8", []],
    // Nothing of one.
    ["quantize-weights:second:bits=8", ["a.bin"]],
    // What is left of a.bin is written anew.
    ["quantize-weights:first:bits=8", ["b.bin"]],
    // Little of a.bin is not read any more.
    ["quantize-weights:third:bits=4", ["a.bin", "b.bin"]],
  ] as const) {
    it(`takes what was predicted, without the weights before: ${text}`, async () => {
      const base = await open(model());
      const predicted = await predictEdit(base, parseEdit(text));
      const { after } = await applyEdit(base, parseEdit(text));
      const into = join(folder, "into");
      mkdirSync(into);
      await writeOnnx(after, join(into, "model.onnx"));
      const names = readdirSync(into);
      assert.deepEqual(
        names.filter((name) => name.endsWith(".bin")),
        kept,
      );
      const bytes = names.reduce((sum, name) => sum + statSync(join(into, name)).size, 0);
      const written = await open(join(into, "model.onnx"));
      assert.deepEqual([predicted?.fileBytes, after.fileBytes, written.fileBytes], [bytes, bytes, bytes]);
      assert.equal(lengthOf(await onnxSegments(after)), bytes);
      const { outputs } = await compareRuns(after, written, { calibration: { count: 2, seed: 1 } });
      assert.equal(outputs[0]?.difference?.maxAbsolute, 0);
    });
  }

  it("counts and writes a range that several weights share once", async () => {
    const nodes = ["first", "second", "third"].map((name, at, all) =>
      node("Gemm", [at === 0 ? "x" : `${all[at - 1]}_out`, name], [at === 2 ? "y" : `${name}_out`], {}, { name }),
    );
    const rest = node("Gemm", ["y", "last"], ["z"], {}, { name: "last" });
    const place = { location: "a.bin", offset: 0, length: LARGE };
    const initializers = [
      ...["first", "second", "third"].map((name) => externalTensor(name, "float32", [64, 64], place)),
      externalTensor("last", "float32", [64, 64], { ...place, offset: LARGE }),
    ];
    const [inputs, outputs] = [[value("x", "float32", [1, 64])], [value("z", "float32", [1, 64])]];
    const path = join(folder, "model.onnx");
    writeFileSync(path, onnxModel({ graph: graph([...nodes, rest], { inputs, outputs, initializers }) }));
    const numbers = Float32Array.from({ length: LARGE / 2 }, (_, at) => Math.sin(at) / 8);
    writeFileSync(join(folder, "a.bin"), new Uint8Array(numbers.buffer));
    const { after } = await applyEdit(await open(path), parseEdit("weights-float16:last"));
    const into = join(folder, "into");
    mkdirSync(into);
    await writeOnnx(after, join(into, "model.onnx"));
    const [data = ""] = readdirSync(into).filter((name) => name.endsWith(".data"));
    assert.equal(statSync(join(into, data)).size, LARGE + LARGE / 2);
    assert.ok(!readdirSync(into).includes("a.bin"));
  });

  it("keeps a file that a function reads which nobody calls", async () => {
    const held = externalTensor("held", "float32", [64, 64], { location: "b.bin", offset: 0, length: LARGE });
    const uncalled = onnxFunction([node("Constant", [], ["c"], { value: held })], { name: "Uncalled", outputs: ["c"] });
    const { after } = await applyEdit(await open(model([uncalled])), parseEdit("quantize-weights::bits=8"));
    const into = join(folder, "into");
    mkdirSync(into);
    await writeOnnx(after, join(into, "model.onnx"));
    assert.ok(readdirSync(into).includes("b.bin"));
    await open(join(into, "model.onnx"));
  });
});
