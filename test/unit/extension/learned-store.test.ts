import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LearnedStore } from "../../../extension/worker/learned-store.ts";
import { ModelStore } from "../../../extension/worker/model-store.ts";
import type { ModelRequest } from "../../../extension/worker/protocol.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { MemoryExternalData } from "../onnx/reader/read-model.ts";
import { bytesOf, npyFile } from "../runtime/npy-file.ts";
import { convNet } from "../training/nets.ts";

function storeIn(folder: string | undefined): ModelStore {
  const { name, bytes } = convNet();
  const open = () => Promise.resolve({ source: new MemorySource(name, bytes), externalData: new MemoryExternalData() });
  return new ModelStore(open, new LearnedStore(folder));
}

function requestWith(path: string, steps: number): ModelRequest {
  const calibration = { inputs: { x: { kind: "array", path } } } as const;
  const planned = (restructuring: string, target: string, options: Readonly<Record<string, number | string>>) => ({
    edit: { restructuring, target, options },
    calibration,
  });
  return {
    location: { kind: "path", path: "net.onnx", version: 1 },
    edits: [
      planned("shrink-kernel", "conv", { share: 1 }),
      planned("recover", "", { steps, copies: 2, rate: 0.02, augment: "mixup" }),
    ],
    isPrediction: false,
    bindings: {},
    hardware: "",
    ownHardware: [],
  };
}

describe("What edits learn", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let samples: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    samples = join(folder.path, "samples.npy");
    await writeFile(samples, npyFile("<f4", [64, 1, 6, 6], bytesOf(new Random(3).normals(64 * 36))));
  });

  afterEach(() => folder.remove());

  it("is there after the thread that trained is gone: the next one trains no more", async () => {
    const request = requestWith(samples, 50);
    let points = 0;
    const onTraining = (): void => void (points += 1);
    const first = await storeIn(join(folder.path, "learned")).model(request, { onTraining });
    assert.ok(points > 0);
    points = 0;
    const again = await storeIn(join(folder.path, "learned")).model(request, { onTraining });
    assert.equal(points, 0);
    assert.deepEqual(await modelBytes(again), await modelBytes(first));
  });

  it("is learned anew for other options, and where nothing is kept", async () => {
    const kept = join(folder.path, "learned");
    await storeIn(kept).model(requestWith(samples, 50));
    let points = 0;
    const onTraining = (): void => void (points += 1);
    await storeIn(kept).model(requestWith(samples, 75), { onTraining });
    assert.ok(points > 0);
    points = 0;
    await storeIn(undefined).model(requestWith(samples, 50), { onTraining });
    assert.ok(points > 0);
  });

  it("is the best so far where training is ended early", async () => {
    const store = storeIn(join(folder.path, "learned"));
    let steps = 0;
    await store.model(requestWith(samples, 100_000), {
      onTraining: (points) => {
        steps = points.at(-1)?.step ?? 0;
        if (steps >= 50) store.stopTraining();
      },
    });
    assert.ok(steps >= 50 && steps < 1000);
  });

  it("goes with an exported list, and comes with an imported one", async () => {
    const request = requestWith(samples, 50);
    const store = storeIn(join(folder.path, "learned"));
    const model = await store.model(request);
    const learned = await store.learned(request);
    assert.deepEqual(
      learned.map((each) => each !== null),
      [false, true],
    );
    const other = storeIn(join(folder.path, "elsewhere"));
    await other.keepLearned(new Map(learned.flatMap((each) => (each ? [[each.hash, each.bytes]] : []))));
    const edits = request.edits.map(({ edit, calibration }, index) => {
      const hash = learned[index]?.hash;
      return { edit: { ...edit, ...(hash !== undefined && { learned: hash }) }, calibration };
    });
    let points = 0;
    const imported = await other.model({ ...request, edits }, { onTraining: () => (points += 1) });
    assert.equal(points, 0);
    assert.deepEqual(await modelBytes(imported), await modelBytes(model));
  });
});
