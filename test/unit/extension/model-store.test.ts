import assert from "node:assert/strict";
import { MOST_FILES, ModelStore } from "../../../extension/worker/model-store.ts";
import type { ModelLocation } from "../../../extension/worker/protocol.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { longChain } from "../../vscode/ui/models.ts";
import { MemorySiblings } from "../onnx/reader/read-model.ts";

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
    return Promise.resolve({ source, siblings: new MemorySiblings() });
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

  it("are read again after they could not be", async () => {
    const { store, log } = recordingStore();
    await assert.rejects(store.base(at("broken")), /cannot be read/);
    await assert.rejects(store.base(at("broken")), /cannot be read/);
    assert.deepEqual(log, ["open broken", "open broken"]);
  });
});
