import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fitEdits } from "../../../extension/worker/fitting.ts";
import { LearnedStore } from "../../../extension/worker/learned-store.ts";
import { ModelStore } from "../../../extension/worker/model-store.ts";
import type { FitUpdate } from "../../../extension/worker/protocol.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { denseNet } from "../../builders/dense-net.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { MemoryExternalData } from "../onnx/reader/read-model.ts";

describe("A search of the page that trains what it finds", () => {
  it("shows the model before and after, and what was learned is applied without training again", async () => {
    const { path: folder, remove } = await temporaryFolder();
    try {
      const path = join(folder, "samples.bin");
      await writeFile(path, new Uint8Array(Float32Array.from(new Random(5).normals(256 * 36)).buffer));
      const bytes = denseNet([36, 48, 8], () => 1 / 6, 1 / 6);
      const store = new ModelStore(
        () => Promise.resolve({ source: new MemorySource("net.onnx", bytes), externalData: new MemoryExternalData() }),
        new LearnedStore(folder),
      );
      const request = {
        location: { kind: "path", path: "net.onnx", version: 1 },
        edits: [],
        isPrediction: false,
        ...{ bindings: {}, hardware: "", ownHardware: [] },
      } as const;
      const calibration = { inputs: { "": { kind: "array", path } } } as const;
      const session = (await store.session(request)).with({ calibration });
      const updates: FitUpdate[] = [];
      const learned = await fitEdits(
        session,
        await store.model(request),
        { budget: { parameters: 1200 }, way: "layers", recovers: true, device: null },
        {
          signal: new AbortController().signal,
          onUpdate: (update) => void updates.push(update),
          onSearch: () => assert.fail("no device measures"),
        },
      );
      await store.keepLearned(learned);
      const { points = [], best, notRecovered } = updates.at(-1) ?? {};
      const point = points[best ?? -1];
      const edits = point?.edits ?? [];
      assert.equal(edits.at(-1)?.restructuring, "recover", notRecovered ?? "");
      const before = points.find((each) => each.edits.length === edits.length - 1);
      assert.ok((point?.error ?? Infinity) < (before?.error ?? 0), "the curve has both");
      const planned = edits.map((edit) => ({ edit, calibration }));
      let trained = 0;
      const applied = await store.model({ ...request, edits: planned }, { onTraining: () => (trained += 1) });
      assert.ok(applied.entries[0].graph.nodes.length > 0);
      assert.equal(trained, 0, "what was learned is taken");
      await session.close();
    } finally {
      await remove();
    }
  });
});
