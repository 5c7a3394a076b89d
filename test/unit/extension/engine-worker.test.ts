import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineWorker } from "../../../extension/worker/engine-worker.ts";
import type { ModelRequest } from "../../../extension/worker/protocol.ts";
import { RpcError } from "../../../webview/protocol/rpc.ts";

/** Stands in for the engine: what to do is in the model's path. */
const SCRIPT = `
const { parentPort, threadId } = require("node:worker_threads");
parentPort.on("message", ({ type, id, method, params, result }) => {
  if (type === "result" && result) {
    const dataFiles = [result.join()];
    return parentPort.postMessage({ type: "result", id, result: { profile: null, dataFiles } });
  }
  if (type !== "request") return;
  if (method === "ping") return parentPort.postMessage({ type: "result", id, result: null });
  switch (params.location.path) {
    case "crash": throw new Error("out of memory");
    case "exit": process.exit(3);
    case "hang": for (;;);
    case "wait": return;
    case "remote": return parentPort.postMessage({ type: "request", id, method: "readRemote", params: {} });
    case "fail": return parentPort.postMessage({ type: "failure", id, failure: { code: "format", message: "no model" } });
    default:
      parentPort.postMessage({ type: "event", event: "step", data: "reading" });
      parentPort.postMessage({ type: "result", id, result: { profile: null, dataFiles: [String(threadId)] } });
  }
});
`;

const request = (path: string): ModelRequest => ({
  location: { kind: "path", path, version: 1 },
  edits: [],
  isPrediction: false,
  bindings: {},
  hardware: "flagship-phone",
  ownHardware: [],
});

const failsWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RpcError && error.failure.code === code;

describe("The engine's worker", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-worker-"));
  const script = join(folder, "worker.cjs");
  const steps: string[] = [];
  let remote = new Uint8Array();
  let engine: EngineWorker;
  const thread = async (): Promise<string | undefined> =>
    (await engine.request("profile", request("ok"), new AbortController().signal)).dataFiles[0];

  before(() => writeFileSync(script, SCRIPT));
  beforeEach(() => {
    const refuse = (): never => assert.fail("Nobody asks for its size");
    engine = new EngineWorker(script, {
      handlers: { readRemote: () => remote, sizeOfRemote: refuse },
      listeners: { step: (step) => steps.push(step) },
      patienceMilliseconds: 100,
    });
  });
  afterEach(() => engine.dispose());
  after(() => rmSync(folder, { recursive: true }));

  it("keeps its thread for the next request and passes steps on", async () => {
    steps.length = 0;
    assert.equal(await thread(), await thread());
    assert.deepEqual(steps, ["reading", "reading"]);
  });

  it("passes the engine's failures on and goes on working", async () => {
    const before = await thread();
    await assert.rejects(engine.request("profile", request("fail"), new AbortController().signal), failsWith("format"));
    assert.equal(await thread(), before);
  });

  it("moves the bytes of a remote file to the thread, and copies those that are part of others", async () => {
    const read = async (): Promise<readonly string[]> =>
      (await engine.request("profile", request("remote"), new AbortController().signal)).dataFiles;
    remote = Uint8Array.of(1, 2, 3);
    const part = remote.slice().subarray(1);
    assert.deepEqual(await read(), ["1,2,3"]);
    assert.equal(remote.length, 0);
    remote = part;
    assert.deepEqual(await read(), ["2,3"]);
    assert.deepEqual(part, Uint8Array.of(2, 3));
  });

  for (const way of ["crash", "exit"]) {
    it(`rejects when the thread ends by ${way}, and starts another`, async () => {
      const before = await thread();
      await assert.rejects(engine.request("profile", request(way), new AbortController().signal), failsWith("crashed"));
      assert.notEqual(await thread(), before);
    });
  }

  it("is cancelled in the middle of a loop that listens to nothing", async () => {
    const abort = new AbortController();
    const run = engine.request("profile", request("hang"), abort.signal);
    setTimeout(() => abort.abort(), 50);
    await assert.rejects(run, failsWith("cancelled"));
    assert.ok(await thread());
  });

  it("asks others' questions again of the next thread when one is ended to cancel", async () => {
    const abort = new AbortController();
    const hanging = engine.request("profile", request("hang"), abort.signal);
    const other = thread();
    abort.abort();
    await assert.rejects(hanging, failsWith("cancelled"));
    assert.ok(await other);
  });

  it("keeps a thread that still listens after a cancelling", async () => {
    const before = await thread();
    const abort = new AbortController();
    const waiting = engine.request("profile", request("wait"), abort.signal);
    abort.abort();
    await assert.rejects(waiting, failsWith("cancelled"));
    await new Promise((resolve) => setTimeout(resolve, 150)); // longer than its patience
    assert.equal(await thread(), before);
  });

  it("rejects what is under way when it is disposed", async () => {
    const run = engine.request("profile", request("hang"), new AbortController().signal);
    engine.dispose();
    await assert.rejects(run, failsWith("disposed"));
  });
});
