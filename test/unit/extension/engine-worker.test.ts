import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineWorker } from "../../../extension/worker/engine-worker.ts";
import type { ProfileRequest } from "../../../extension/worker/protocol.ts";
import { RpcError } from "../../../webview/rpc.ts";

/** Stands in for the engine: what to do is in the model's path. */
const SCRIPT = `
const { parentPort, threadId } = require("node:worker_threads");
parentPort.on("message", ({ type, id, params }) => {
  if (type !== "request") return;
  switch (params.location.path) {
    case "crash": throw new Error("out of memory");
    case "exit": process.exit(3);
    case "hang": for (;;);
    case "fail": return parentPort.postMessage({ type: "failure", id, failure: { code: "format", message: "no model" } });
    default:
      parentPort.postMessage({ type: "event", event: "step", data: "reading" });
      parentPort.postMessage({ type: "result", id, result: { profile: null, dataFiles: [String(threadId)] } });
  }
});
`;

const request = (path: string): ProfileRequest => ({
  location: { kind: "path", path },
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
  let engine: EngineWorker;
  const thread = async (): Promise<string | undefined> =>
    (await engine.profile(request("ok"), new AbortController().signal)).dataFiles[0];

  before(() => writeFileSync(script, SCRIPT));
  beforeEach(() => {
    const refuse = (): never => assert.fail("No file is remote here");
    engine = new EngineWorker(script, {
      handlers: { readRemote: refuse, sizeOfRemote: refuse },
      onStep: (step) => steps.push(step),
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
    await assert.rejects(engine.profile(request("fail"), new AbortController().signal), failsWith("format"));
    assert.equal(await thread(), before);
  });

  for (const way of ["crash", "exit"]) {
    it(`rejects when the thread ends by ${way}, and starts another`, async () => {
      const before = await thread();
      await assert.rejects(engine.profile(request(way), new AbortController().signal), failsWith("crashed"));
      assert.notEqual(await thread(), before);
    });
  }

  it("is cancelled in the middle of a loop that listens to nothing", async () => {
    const abort = new AbortController();
    const run = engine.profile(request("hang"), abort.signal);
    setTimeout(() => abort.abort(), 50);
    await assert.rejects(run, failsWith("cancelled"));
    assert.ok(await thread());
  });

  it("rejects what is under way when it is disposed", async () => {
    const run = engine.profile(request("hang"), new AbortController().signal);
    engine.dispose();
    await assert.rejects(run, failsWith("disposed"));
  });
});
