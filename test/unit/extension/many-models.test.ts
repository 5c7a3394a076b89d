import assert from "node:assert/strict";
import { linkSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ModelStore } from "../../../extension/worker/model-store.ts";
import { saveModel } from "../../../extension/worker/restructuring.ts";
import type { ModelRequest } from "../../../extension/worker/protocol.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { longChain } from "../../vscode/ui/models.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { MemoryExternalData } from "../onnx/reader/read-model.ts";

const MODELS = 500;
const LAYERS = 60;
/** What one such model takes while it is open is some 0.3 MB: were all kept, 250 of them would be 75 MB. */
const MOST_GROWTH = 8e6;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("A thread that works with many models", () => {
  it(`takes no more memory for ${MODELS} than for half of them`, async () => {
    const bytes = longChain(LAYERS);
    const open = (): ReturnType<ConstructorParameters<typeof ModelStore>[0]> =>
      Promise.resolve({ source: new MemorySource("m.onnx", bytes), externalData: new MemoryExternalData() });
    const store = new ModelStore(open);
    const heap: number[] = [];
    for (let number = 1; number <= MODELS; number += 1) {
      const model = await store.base({ kind: "path", path: `model${number}.onnx`, version: 1 });
      costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
      if (number % (MODELS / 2) !== 0) continue;
      collect();
      heap.push(process.memoryUsage().heapUsed);
    }
    const [half = 0, all = 0] = heap;
    assert.ok(all - half < MOST_GROWTH, `${((all - half) / 1e6).toFixed(1)} MB more`);
  });

  it("tells what is to be known of a file that it saved", async () => {
    const folder = await temporaryFolder();
    try {
      const path = join(folder.path, "m.onnx");
      const [target, other] = [join(folder.path, "target.onnx"), join(folder.path, "other.onnx")];
      for (const file of [path, target]) writeFileSync(file, longChain(3));
      linkSync(target, other);
      const store = new ModelStore(async () => ({
        source: await FileSource.open(path),
        externalData: new ExternalDataFolder(path),
      }));
      const request: ModelRequest = {
        location: { kind: "path", path, version: 1 },
        edits: [],
        bindings: {},
        hardware: "",
        ownHardware: [],
        isPrediction: false,
      };
      const notes = await saveModel(store, request, target, {});
      assert.deepEqual(notes, [`${target} has other names (hard links): they keep the old file.`]);
      assert.deepEqual(readFileSync(target), readFileSync(path));
      assert.deepEqual(await saveModel(store, request, target, {}), []);
      // Nothing temporary stays beside it.
      assert.deepEqual(readdirSync(folder.path).toSorted(), ["m.onnx", "other.onnx", "target.onnx"]);
    } finally {
      await folder.remove();
    }
  });
});
