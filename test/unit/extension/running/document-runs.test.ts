import assert from "node:assert/strict";
import type { RunOptions } from "../../../../profiler/device/target.ts";
import { DocumentRuns, type RunsHost } from "../../../../extension/running/document-runs.ts";
import type { DeviceList, KeptRun, RunsState } from "../../../../webview/protocol-running.ts";
import { RpcError } from "../../../../webview/rpc.ts";
import { keptRun, runResult } from "../../webview/kept-runs.ts";

const DEVICES: DeviceList = {
  devices: [{ id: "serial", name: "Pixel", facts: null, problem: null }],
  problem: null,
  chosen: "serial",
};

/** A host whose measuring takes until it is told to end. */
class FakeHost implements RunsHost {
  readonly states: RunsState[] = [];
  readonly options: RunOptions[] = [];
  kept: readonly KeptRun[] = [keptRun("old", [1])];
  list = DEVICES;
  finish: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  measure(_device: string, options: RunOptions, signal: AbortSignal): ReturnType<RunsHost["measure"]> {
    this.options.push(options);
    return new Promise((resolve, reject) => {
      this.finish = () => resolve(runResult([0.01]));
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
  load(): Promise<readonly KeptRun[]> {
    return Promise.resolve(this.kept);
  }
  keep(runs: readonly KeptRun[]): Promise<void> {
    this.kept = runs;
    return Promise.resolve();
  }
  onState(state: RunsState): void {
    this.states.push(state);
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
    runs.setOptions({ runs: 5, cores: [4], measuresEnergy: true });
    for (const chosen of ["host", "serial"]) {
      host.list = { ...DEVICES, chosen };
      const running = runs.start();
      await turn();
      host.finish();
      await running;
    }
    assert.deepEqual(host.options, [{ runs: 5 }, { runs: 5, cores: [4], measuresEnergy: true }]);
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
