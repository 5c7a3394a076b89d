import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import { EngineWorker } from "../../../extension/worker/engine-worker.ts";
import type { ModelLocation, ModelRequest } from "../../../extension/worker/protocol.ts";
import { RpcError } from "../../../webview/protocol/rpc.ts";
import { skip } from "../../skip.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { canSeeProcesses, isRunning, MARK, marked, until } from "../runtime/marked-processes.ts";
import { endlessBytes } from "../runtime/tiny-models.ts";

describe("A model that does not end, in the editor", () => {
  const script = join(ROOT, "dist/worker.cjs");
  let folder: string;
  let remove: () => Promise<void>;
  let limits = {};
  before(async function () {
    if (!existsSync(script)) skip(this, "nothing is built; run `npm run build`");
    if (!canSeeProcesses) skip(this, "only Linux tells what processes there are");
    ({ path: folder, remove } = await temporaryFolder());
    await writeFile(join(folder, "endless.onnx"), endlessBytes());
  });
  after(() => remove());

  const started = (): {
    engine: EngineWorker;
    location: ModelLocation;
    measuring: (signal?: AbortSignal) => Promise<unknown>;
    mark: string;
  } => {
    const mark = randomUUID();
    process.env[MARK] = mark;
    const refuse = (): never => assert.fail("No file is remote here");
    const handlers = { readRemote: refuse, sizeOfRemote: refuse };
    const engine = new EngineWorker(script, { handlers, listeners: {}, limits: () => limits });
    const location: ModelLocation = { kind: "path", path: join(folder, "endless.onnx"), version: 1 };
    const request: ModelRequest = {
      location,
      edits: [],
      isPrediction: false,
      bindings: {},
      hardware: "flagship-phone",
      ownHardware: [],
    };
    const address = { device: "host", adbPath: "", benchmarkModel: "" };
    const measuring = (signal?: AbortSignal): Promise<unknown> =>
      engine.request("measure", { request, address, options: {} }, signal);
    return { engine, location, measuring, mark };
  };
  afterEach(() => {
    process.env[MARK] = "";
    limits = {};
  });
  // This process has the mark only in its copy of the environment, not in what it was started with.
  const failsWith =
    (code: string) =>
    (error: unknown): boolean =>
      error instanceof RpcError && error.failure.code === code;

  it("is ended when it is cancelled", async () => {
    const { engine, measuring, mark } = started();
    const ending = new AbortController();
    const run = measuring(ending.signal);
    await until(() => isRunning(mark));
    ending.abort();
    await assert.rejects(run, failsWith("cancelled"));
    await until(() => marked(mark).length === 0);
    engine.dispose();
  });

  it("is ended when the comparison of its outputs is cancelled", async () => {
    const { engine, location, mark } = started();
    const ending = new AbortController();
    const endless = { location, name: "endless" };
    const run = engine.request("compareOutputs", { before: endless, after: endless, calibration: {} }, ending.signal);
    await until(() => isRunning(mark));
    ending.abort();
    await assert.rejects(run, failsWith("cancelled"));
    await until(() => marked(mark).length === 0);
    engine.dispose();
  });

  it("is ended with its thread", async () => {
    const { engine, measuring, mark } = started();
    const run = measuring();
    await until(() => isRunning(mark));
    engine.dispose();
    await assert.rejects(run, failsWith("disposed"));
    await until(() => marked(mark).length === 0);
  });

  it("is ended by the limit of the settings", async () => {
    limits = { seconds: 0.3 };
    const { engine, measuring, mark } = started();
    await assert.rejects(
      measuring(),
      (error) => failsWith("run")(error) && (error as Error).message.includes("did not end within 0.3 s"),
    );
    engine.dispose();
    await until(() => marked(mark).length === 0);
  });
});
