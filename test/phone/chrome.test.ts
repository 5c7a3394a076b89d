import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { DeviceError } from "../../profiler/device/device-error.ts";
import type { RunResult } from "../../profiler/device/run-result.ts";
import type { RunOptions, TargetProgress } from "../../profiler/device/target.ts";
import { installChromium } from "../../install.mjs";
import { skip } from "../skip.ts";
import { startBrowser } from "../vscode/run/browser.ts";
import { mobilenetV1 } from "../zoo/networks/mobilenet-v1.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import { measuredModel } from "./measured-model.ts";
import type { TestPhone } from "./test-phone.ts";
import { until } from "./until.ts";
import { useAdb } from "./use-adb.ts";

const SHARED = join(import.meta.dirname, "../../../shared/models/tflite");
/** "At once", on a busy machine. */
const SECONDS = 10;
const FEW: RunOptions = { threads: 2, warmUpRuns: 1, runs: 5, runtime: "litert" };

describe("running TFLite models in a phone's Chrome", function () {
  this.timeout(120_000);
  const adb = useAdb();
  const folder = mkdtempSync(join(tmpdir(), "edgewise-chrome-"));
  const model = join(folder, "mobilenet.tflite");
  let phone: TestPhone;
  let chrome: Browser;
  before("start Chromium and a phone", async function () {
    const reason = installChromium();
    if (reason !== undefined) skip(this, reason);
    writeFileSync(model, toBytes(toTflite(mobilenetV1({ width: 0.25, size: 32 }))));
    chrome = await startBrowser();
    phone = await adb().phone();
  });
  after(async () => {
    // A suite that is skipped has started none.
    await (chrome as Browser | undefined)?.close();
    rmSync(folder, { recursive: true });
  });

  const target = (): AndroidTarget => new AndroidTarget(adb().server, { serial: phone.serial });

  /** What the phone was told to open, once it is. */
  const opened = async (): Promise<string> => {
    const path = phone.path("/opened");
    await until("the phone is told to open the page", () => existsSync(path));
    const url = await readFile(path, "utf8");
    await rm(path);
    return url.trim();
  };

  /** Plays Chrome on the phone, whose loopback is this machine's: the address is one of the tunnel's. */
  const open = async (url: string): Promise<Page> => {
    const page = await chrome.newPage();
    await page.goto(url);
    return page;
  };

  const measure = async (path: string, options = FEW): Promise<RunResult> => {
    const running = target().run(await measuredModel(path), options);
    running.catch(() => undefined);
    const page = await open(await opened());
    try {
      return await running;
    } finally {
      await page.close();
    }
  };

  const tunnels = async (): Promise<number> => {
    const device = await adb().server.open(phone.serial);
    try {
      const { stdout } = await device.shell("cat /proc/net/tcp");
      return stdout.split("\n").filter((line) => line.includes("0100007F:") && line.includes(" 0A ")).length;
    } finally {
      await device.close();
    }
  };

  const leavesNothing = async (before: number): Promise<void> => {
    await until("nothing of the run is left", async () => {
      const { length } = phone.leftovers();
      return length === 0 && phone.processes().length === 0 && (await tunnels()) <= before;
    });
  };

  it("gives the latency and this machine's outputs", async () => {
    const before = await tunnels();
    const { latency, outputs, runtime, layers, settings, notes } = await measure(model);
    assert.equal(outputs.verdict, "equal", JSON.stringify(outputs));
    assert.equal(latency.runSeconds.length, 5);
    assert.ok(latency.statistics.median > 0 && (latency.loadSeconds ?? 0) > 0);
    assert.match(runtime.description, /^WASM in Chrome \d/);
    assert.equal(runtime.kind, "wasm");
    assert.equal(settings.threads, 2, `threads need an isolated page: ${JSON.stringify(notes)}`);
    assert.ok("reason" in layers);
    await leavesNothing(before);
  });

  const shared = ["kws_dscnn_int8.tflite", "kws_dscnn_float.tflite", "resnet_cifar10_float.tflite"];
  for (const name of shared) {
    it(`gives this machine's outputs of ${name}`, async function () {
      const path = join(SHARED, name);
      if (!existsSync(path)) skip(this, "../shared/models is not there");
      const { outputs } = await measure(path);
      assert.equal(outputs.verdict, "equal", JSON.stringify(outputs));
    });
  }

  it("answers nobody but the page", async () => {
    const ending = new AbortController();
    const running = target().run(await measuredModel(model), FEW, { signal: ending.signal });
    running.catch(() => undefined);
    const url = new URL(await opened());
    const status = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(new URL(path, url), init)).status;
    assert.equal(await status("/"), 404);
    assert.equal(await status("/wrong-token/model"), 404);
    assert.equal(await status(`/${"A".repeat(url.pathname.length - 2)}/`), 404);
    assert.equal(await status(`${url.pathname}../../etc/passwd`), 404);
    assert.equal(await status("litert/../../package.json"), 404);
    assert.equal(await status("task", { headers: { origin: "http://attacker.example" } }), 404);
    assert.equal(await status("result", { method: "PUT" }), 404);
    assert.equal(await status("progress", { method: "POST", body: "x".repeat(10_000) }), 413);
    const page = await fetch(url);
    assert.equal(page.headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(page.headers.get("cross-origin-embedder-policy"), "require-corp");
    ending.abort(new Error("enough"));
    await assert.rejects(running, /enough/);
    await assert.rejects(fetch(url), "it is closed afterwards");
  });

  it("takes no nonsense for a result", async () => {
    const running = target().run(await measuredModel(model), FEW);
    running.catch(() => undefined);
    const url = await opened();
    await fetch(new URL("task", url));
    await fetch(new URL("result", url), { method: "POST", body: '{"runSeconds": [-1]}' });
    await assert.rejects(running, /the page's answer is none/);
  });

  it("does not call a wrong result equal", async () => {
    const running = target().run(await measuredModel(model), FEW);
    const url = await opened();
    const say = (name: string, body: BodyInit): Promise<Response> =>
      fetch(new URL(name, url), { method: "POST", body });
    await fetch(new URL("task", url));
    await say("output0", new Float32Array(1000).fill(1));
    const numbers = { loadSeconds: 1, firstSeconds: 1, runSeconds: [1], threads: 2, shapes: [[1, 1000]] };
    await say("result", JSON.stringify({ ...numbers, wasHidden: true, browser: "something else" }));
    const { outputs, notes } = await running;
    assert.equal(outputs.verdict, "differs", JSON.stringify(outputs));
    assert.ok(notes.some((note) => note.includes("in front of Chrome")));
    assert.ok(notes.some((note) => note.includes("does not call itself Chrome")));
  });

  it("ends at once when it is cancelled while the page runs, which stops", async () => {
    const before = await tunnels();
    const ending = new AbortController();
    let isRunning = false;
    const onProgress = ({ phase, done }: TargetProgress): void => {
      isRunning ||= phase === "latency" && (done ?? 0) > 0;
    };
    const options = { ...FEW, runs: 1_000_000 };
    const running = target().run(await measuredModel(model), options, { signal: ending.signal, onProgress });
    running.catch(() => undefined);
    const page = await open(await opened());
    await until("the page runs the model", () => isRunning);
    ending.abort(new Error("cancelled"));
    const cutAt = performance.now();
    await assert.rejects(running, /cancelled/);
    const seconds = (performance.now() - cutAt) / 1000;
    assert.ok(seconds < SECONDS, `${seconds} s`);
    await leavesNothing(before);
    await until("the page has stopped", async () => {
      const text = await page.locator("#state").textContent();
      return text !== null && !text.startsWith("Measuring");
    });
    await page.close();
  });

  it("says that the page was not opened, or that the cable was pulled", async () => {
    const limited = target().run(await measuredModel(model), { ...FEW, timeLimitSeconds: 3 });
    await assert.rejects(limited, (error: unknown) => {
      assert.ok(error instanceof DeviceError && error.message.includes("Chrome did not load the page"), String(error));
      return true;
    });
    await rm(phone.path("/opened"), { force: true });
    const pulled = target().run(await measuredModel(model), FEW);
    pulled.catch(() => undefined);
    await opened();
    await phone.pull();
    await assert.rejects(pulled, { problem: "gone" });
    await phone.plugIn();
    await adb().reconnect(phone);
  });

  it("says what to do on a phone without Chrome", async () => {
    const answer = readFileSync(join(import.meta.dirname, "answers/am-no-chrome.txt"), "utf8");
    writeFileSync(phone.path("/answers/am.txt"), answer);
    await assert.rejects(target().run(await measuredModel(model), FEW), (error: unknown) => {
      assert.ok(error instanceof DeviceError && error.problem === "unsupported");
      assert.match(error.hint ?? "", /Install or enable Chrome/);
      return true;
    });
    rmSync(phone.path("/answers/am.txt"));
  });
});
