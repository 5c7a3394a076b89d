import assert from "node:assert/strict";
import type { RunOptions } from "../../../../profiler/device/target.ts";
import type { ShownVersion } from "../../../../profiler/presentation.ts";
import { DocumentRuns, type RunsHost } from "../../../../extension/running/document-runs.ts";
import type { StoredRun } from "../../../../extension/running/kept-run-format.ts";
import type { DeviceList, RunningState, RunsState } from "../../../../webview/protocol/running.ts";
import { RpcError } from "../../../../webview/protocol/rpc.ts";
import { runResult, storedRun } from "../../webview/kept-runs.ts";

const DEVICES: DeviceList = {
  devices: [{ id: "serial", name: "Pixel", facts: null, problem: null }],
  problem: null,
  chosen: "serial",
  hasBenchmarkModel: false,
};

function version(fileBytes: number): ShownVersion {
  return { totals: { fileBytes }, parts: { part: null } };
}

/** A host whose measuring takes until it is told to end. */
class FakeHost implements RunsHost {
  readonly states: RunsState[] = [];
  readonly progress: RunningState[] = [];
  readonly options: RunOptions[] = [];
  kept: readonly StoredRun[] = [storedRun("old", [1])];
  list = DEVICES;
  finish: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  measure(_device: string, options: RunOptions, signal: AbortSignal): ReturnType<RunsHost["measure"]> {
    this.options.push(options);
    return new Promise((resolve, reject) => {
      this.finish = () => resolve({ result: runResult([0.01]), observation: null });
      this.fail = reject;
      signal.addEventListener("abort", () => reject(new RpcError({ code: "cancelled", message: "cancelled" })));
    });
  }
  devices(): DeviceList {
    return this.list;
  }
  edits(): readonly string[] {
    return ["Fold"];
  }
  estimate(): number {
    return 0.002;
  }
  load(): Promise<readonly StoredRun[]> {
    return Promise.resolve(this.kept);
  }
  loadAll(): Promise<readonly StoredRun[]> {
    return Promise.resolve(this.kept);
  }
  keep(runs: readonly StoredRun[]): Promise<void> {
    this.kept = runs;
    return Promise.resolve();
  }
  onState(state: RunsState): void {
    this.states.push(state);
  }
  onProgress(running: RunningState): void {
    this.progress.push(running);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Runs of a document", () => {
  let host: FakeHost;
  let runs: DocumentRuns;
  beforeEach(() => {
    host = new FakeHost();
    runs = new DocumentRuns(host);
  });

  it("keep a run with what it was of, and show it beside the estimates", async () => {
    const running = runs.start();
    await turn();
    assert.equal(runs.state.running?.deviceName, "Pixel");
    runs.onProgress({ phase: "latency", done: 1, total: 2 });
    assert.equal(runs.state.running.progress.phase, "latency");
    host.finish();
    await running;
    const [newest, old] = host.kept;
    assert.deepEqual([newest?.edits, newest?.estimate, old?.id], [["Fold"], 0.002, "old"]);
    assert.equal(runs.shown?.id, newest?.id);
    assert.equal(runs.state.running, null);
  });

  it("are one at a time", async () => {
    const running = runs.start();
    await assert.rejects(runs.start(), (error: unknown) => error instanceof RpcError && error.failure.code === "busy");
    await turn();
    host.finish();
    await running;
  });

  it("end without a word when they are cancelled, and leave room for the next", async () => {
    const running = runs.start();
    await turn();
    runs.cancel();
    await assert.rejects(running);
    assert.deepEqual([runs.state.failure, runs.state.running, host.kept.length], [null, null, 1]);
    const next = runs.start();
    await turn();
    host.finish();
    await next;
    assert.equal(host.kept.length, 2);
  });

  it("say why one failed until the next begins", async () => {
    const running = runs.start();
    await turn();
    host.fail(new RpcError({ code: "device", message: "It is gone.", hint: "Plug it in again." }));
    await assert.rejects(running);
    assert.deepEqual(runs.state.failure, { code: "device", message: "It is gone.", hint: "Plug it in again." });
    const next = runs.start();
    assert.equal(runs.state.failure, null);
    await turn();
    host.finish();
    await next;
  });

  it("ask this machine for nothing that only phones can do", async () => {
    runs.setOptions({ runs: 5, cores: [4], measuresEnergy: true, delegate: "gpu" });
    for (const chosen of ["host", "serial"]) {
      host.list = { ...DEVICES, chosen };
      const running = runs.start();
      await turn();
      host.finish();
      await running;
    }
    assert.deepEqual(host.options, [{ runs: 5 }, { runs: 5, cores: [4], measuresEnergy: true, delegate: "gpu" }]);
  });

  it("sweep over threads, one run after the other, show the fastest, and end as a whole when they are cancelled", async () => {
    const seconds: Readonly<Record<number, number>> = { 1: 0.03, 2: 0.01, 4: 0.02 };
    host.measure = (_device, options, signal) => {
      host.options.push(options);
      if (host.options.length > 4)
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new RpcError({ code: "cancelled", message: "cancelled" })));
        });
      return Promise.resolve({ result: runResult([seconds[options.threads ?? 0] ?? 1]), observation: null });
    };
    await runs.sweepThreads();
    assert.deepEqual(
      host.options.map(({ threads }) => threads),
      [1, 2, 4],
    );
    assert.equal(runs.shown?.result.latency.statistics.median, 0.01);
    assert.equal(runs.state.options.threads, undefined, "what the user chose stays");
    const sweep = runs.sweepThreads();
    while (host.options.length < 5) await turn();
    assert.equal(runs.state.running?.threads, 2);
    runs.cancel();
    await assert.rejects(sweep);
    assert.equal(host.options.length, 5);
  });

  it("tell their progress now and then, each phase at once, and nothing else with it", async () => {
    const running = runs.start();
    await turn();
    const told = host.states.length;
    for (let done = 1; done <= 1000; done += 1) runs.onProgress({ phase: "latency", done, total: 1000 });
    runs.onProgress({ phase: "layers" });
    assert.equal(host.states.length, told);
    assert.ok(host.progress.length < 100, `${host.progress.length} times`);
    assert.equal(host.progress.at(-1)?.progress.phase, "layers");
    host.finish();
    await running;
  });

  it("have what was observed of their device, of other models too, the oldest first", async () => {
    const observation = (file: string): StoredRun["observation"] => ({
      roofline: "r",
      observed: { file, sha256: file, seconds: 1, groups: [] },
    });
    const at = (day: number, run: StoredRun): StoredRun => ({
      ...run,
      observation: observation(run.id),
      result: { ...run.result, startedAt: `2026-03-0${day}T00:00:00.000Z` },
    });
    const here = storedRun("new", [1]);
    const elsewhere = { ...here, result: { ...here.result, device: { ...here.result.device, name: "Galaxy" } } };
    host.kept = [at(3, here), at(1, storedRun("old", [1])), at(2, elsewhere)];
    const found = await runs.ofOneDevice();
    assert.equal(found?.device, "Google Pixel 8, 4 threads");
    assert.deepEqual(
      found.observations.map(({ observed }) => observed.file),
      ["old", "new"],
    );
  });

  it("stand in exports of the version that they measured, and of no other", async () => {
    await runs.load();
    runs.show("old");
    assert.equal(runs.shownFor(version(5000)), undefined, "an edit is in force that was not then");
    host.kept = [storedRun("new", [1], { edits: ["Fold"] })];
    const edited = new DocumentRuns(host);
    await edited.load();
    edited.show("new");
    assert.equal(edited.shownFor(version(1))?.id, "new");
    edited.show(null);
    assert.equal(edited.shownFor(version(1)), undefined);
  });

  it("of other models are told, the newest first, and handed out one by one", async () => {
    await runs.load();
    const other = (id: string, startedAt: string): StoredRun =>
      storedRun(id, [2], { result: runResult([2], { startedAt }) });
    host.kept = [...host.kept, other("older", "2026-01-01T00:00:00.000Z"), other("newer", "2026-02-01T00:00:00.000Z")];
    assert.deepEqual(
      (await runs.others()).map(({ id, model, median }) => [id, model, median]),
      [["newer", "model.onnx", 2], ["older", "model.onnx", 2]], // oxfmt-ignore
    );
    const read = await runs.other("older");
    assert.deepEqual([read?.id, read && "observation" in read], ["older", false]);
    assert.equal(await runs.other("old"), null, "its own runs are no other's");
  });

  it("are deleted for good", async () => {
    await runs.load();
    runs.show("old");
    await runs.delete("old");
    assert.deepEqual([host.kept, runs.state.shown], [[], null]);
  });

  it("are read once", async () => {
    await Promise.all([runs.load(), runs.load()]);
    assert.equal(host.states.length, 1);
  });
});
