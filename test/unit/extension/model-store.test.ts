import assert from "node:assert/strict";
import { severalEntries } from "../../builders/several-entries.ts";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MOST_FILES, ModelStore } from "../../../extension/worker/model-store.ts";
import type { ModelLocation, PlannedEdit } from "../../../extension/worker/protocol.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { graph, node, onnxModel, value } from "../../builders/onnx-builder.ts";
import { longChain } from "../../vscode/ui/models.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { MemoryExternalData } from "../onnx/reader/read-model.ts";
import { edit, ops, weights } from "../restructure/edited-model.ts";
import { bytesOf, npyFile } from "../runtime/npy-file.ts";

const AS_IT_IS = { bindings: {}, hardware: "", ownHardware: [] };

const at = (path: string): ModelLocation => ({ kind: "path", path, version: 1 });

/** A store of files in memory that writes down what it opens and closes. */
function recordingStore(): { readonly store: ModelStore; readonly log: string[] } {
  const log: string[] = [];
  const store = new ModelStore((location) => {
    const path = location.kind === "path" ? location.path : location.name;
    log.push(`open ${path}`);
    if (path === "broken") return Promise.reject(new Error("it cannot be read"));
    const source = new MemorySource(path, longChain(2));
    source.close = () => {
      log.push(`close ${path}`);
      return Promise.resolve();
    };
    return Promise.resolve({ source, externalData: new MemoryExternalData() });
  });
  return { store, log };
}

describe("The models that a thread works with", () => {
  it("stay open while others are asked for: a file, its copy, its next version", async () => {
    const { store, log } = recordingStore();
    const files = Array.from({ length: MOST_FILES }, (_, index) => `file${index}`);
    const models = await Promise.all(files.map((file) => store.base(at(file))));
    assert.deepEqual(await Promise.all(files.map((file) => store.base(at(file)))), models);
    assert.deepEqual(
      log,
      files.map((file) => `open ${file}`),
    );
  });

  it("are closed when they were not used for longest", async () => {
    const { store, log } = recordingStore();
    for (const file of ["first", "second", "third", "first", "fourth"]) await store.base(at(file));
    assert.deepEqual(log.slice(-2), ["open fourth", "close second"]);
    assert.ok(store.holds(at("first")) && !store.holds(at("second")));
  });

  it("have edits behind one of the resolution fitted to samples of the file's size", async () => {
    const folder = await temporaryFolder();
    try {
      const path = join(folder.path, "maps.npy");
      await writeFile(path, npyFile("<f4", [4, 1, 8, 8], bytesOf(new Random(0).normals(4 * 64))));
      const nodes = [node("Conv", ["x", "w"], ["y"], { pads: [1, 1, 1, 1] }, { name: "c" })];
      const inputs = [value("x", "float32", ["n", 1, 8, 8])];
      const bytes = onnxModel({
        graph: graph(nodes, { inputs, outputs: ["y"], initializers: [weights("w", [4, 1, 3, 3])] }),
      });
      const store = new ModelStore(() =>
        Promise.resolve({ source: new MemorySource("maps.onnx", bytes), externalData: new MemoryExternalData() }),
      );
      const edits: readonly PlannedEdit[] = [
        { edit: edit("reduce-resolution"), calibration: null },
        { edit: edit("split-spatial", "c", { rank: 2 }), calibration: { inputs: { "": { kind: "array", path } } } },
      ];
      const model = await store.model({ location: at("maps.onnx"), edits, isPrediction: false, ...AS_IT_IS });
      assert.deepEqual(ops(model), ["Conv", "Conv"]);
    } finally {
      await folder.remove();
    }
  });

  it("tell progress of what is computed for a question, not of the edits before it", async () => {
    const nodes = ["a", "b"].map((name, place) =>
      node("Conv", [place === 0 ? "x" : "ya", `w${name}`], [`y${name}`], { pads: [1, 1, 1, 1] }, { name }),
    );
    const initializers = [weights("wa", [8, 1, 3, 3]), weights("wb", [8, 8, 3, 3])];
    const inputs = [value("x", "float32", [1, 1, 8, 8])];
    const bytes = onnxModel({ graph: graph(nodes, { inputs, outputs: ["yb"], initializers }) });
    const store = new ModelStore(() =>
      Promise.resolve({ source: new MemorySource("maps.onnx", bytes), externalData: new MemoryExternalData() }),
    );
    const edits = ["a", "b"].map((layer): PlannedEdit => ({
      edit: edit("quantize-weights", layer),
      calibration: null,
    }));
    const told = async (count: number): Promise<readonly number[]> => {
      const shares: number[] = [];
      const request = { location: at("maps.onnx"), edits: edits.slice(0, count), isPrediction: false, ...AS_IT_IS };
      await store.model(request, { onProgress: (done) => shares.push(done) });
      return shares;
    };
    const first = await told(1);
    assert.ok(Math.min(...first) < 0.5);
    assert.deepEqual(await told(2), first);
    assert.deepEqual(await told(2), []);
  });

  it("have edits of several entries, whichever is looked at", async () => {
    const store = new ModelStore(() =>
      Promise.resolve({
        source: new MemorySource("m.tflite", severalEntries()),
        externalData: new MemoryExternalData(),
      }),
    );
    const bits = (entry?: string): PlannedEdit => ({
      edit: { ...edit("quantize-weights", "sums", { bits: 8 }), ...(entry !== undefined && { entry }) },
      calibration: null,
    });
    const edits = [bits(), bits("decode")];
    const seen = async (entry?: string): Promise<readonly unknown[]> => {
      const request = { location: at("m.tflite"), edits, isPrediction: false, ...AS_IT_IS };
      const model = await store.model({ ...request, ...(entry !== undefined && { entry }) });
      const types = model.entries[0].graph.tensors.flatMap(({ constant }) => constant?.dataType ?? []);
      return [model.entries[0].name, types.includes("int8")];
    };
    assert.deepEqual(await seen("decode"), ["decode", true]);
    assert.deepEqual(await seen(), ["encode", true]);
    assert.deepEqual((await seen("turn"))[0], "turn");
  });

  it("are read again after they could not be", async () => {
    const { store, log } = recordingStore();
    await assert.rejects(store.base(at("broken")), /cannot be read/);
    await assert.rejects(store.base(at("broken")), /cannot be read/);
    assert.deepEqual(log, ["open broken", "open broken"]);
  });
});
