import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import { isMeasured, type RunResult } from "../../profiler/device/run-result.ts";
import type { RunOptions } from "../../profiler/device/target.ts";
import { installChromium } from "../../install.mjs";
import { skip } from "../skip.ts";
import { startBrowserWithSoftwareGpu } from "../vscode/run/browser.ts";
import { tflite } from "../unit/runtime/tiny-models.ts";
import { modelBytes } from "../../profiler/formats/formats.ts";
import { graph, node, onnxModel, tensor, value } from "../builders/onnx-builder.ts";
import { measuredModel } from "./measured-model.ts";
import type { TestPhone } from "./test-phone.ts";
import { until } from "./until.ts";
import { useAdb } from "./use-adb.ts";

/** A convolution and what stands behind it: a program compiles each of them for the software GPU. */
function small(): Uint8Array {
  const weights = tensor(
    "w",
    "float32",
    [4, 1, 3, 3],
    Array.from({ length: 36 }, (_, index) => Math.sin(index)),
  );
  return onnxModel({
    graph: graph(
      [node("Conv", ["x", "w"], ["c"], {}, { name: "conv" }), node("Sigmoid", ["c"], ["y"], {}, { name: "sigmoid" })],
      { inputs: [value("x", "float32", [1, 1, 16, 16])], outputs: ["y"], initializers: [weights] },
    ),
  });
}

const FEW: RunOptions = { warmUpRuns: 0, runs: 2, runtime: "webgpu" };

describe("running models on a phone's GPU in its Chrome", function () {
  // A program plays the GPU, and compiles for it.
  this.timeout(300_000);
  const adb = useAdb();
  const folder = mkdtempSync(join(tmpdir(), "edgewise-webgpu-"));
  let phone: TestPhone;
  let chrome: Browser;
  before("start Chromium with a software GPU and a phone", async function () {
    const reason = installChromium();
    if (reason !== undefined) skip(this, reason);
    chrome = await startBrowserWithSoftwareGpu();
    phone = await adb().phone();
    if (!(await hasGpu())) skip(this, "this Chromium gives pages no software GPU (SwiftShader)");
  });
  after(async () => {
    await (chrome as Browser | undefined)?.close();
    rmSync(folder, { recursive: true });
  });

  /** WebGPU is for secure pages, as those of a loopback are. */
  const hasGpu = async (): Promise<boolean> => {
    const page = await chrome.newPage();
    try {
      await page.route("http://127.0.0.1/", (route) =>
        route.fulfill({ body: "<!doctype html>", contentType: "text/html" }),
      );
      await page.goto("http://127.0.0.1/");
      return await page.evaluate<boolean>(
        "navigator.gpu?.requestAdapter().then((adapter) => adapter !== null) ?? false",
      );
    } finally {
      await page.close();
    }
  };

  const measure = async (path: string): Promise<RunResult> => {
    const running = new AndroidTarget(adb().server, { serial: phone.serial }).run(await measuredModel(path), FEW);
    running.catch(() => undefined);
    await until("the phone is told to open the page", () => existsSync(phone.path("/opened")));
    const url = (await readFile(phone.path("/opened"), "utf8")).trim();
    await rm(phone.path("/opened"));
    const page = await chrome.newPage();
    try {
      await page.goto(url);
      return await running;
    } finally {
      await page.close();
    }
  };

  it("gives an ONNX model's latency, each layer's time by the GPU's clock, and this machine's outputs", async () => {
    const model = join(folder, "small.onnx");
    writeFileSync(model, small());
    const { outputs, runtime, layers, notes, latency } = await measure(model);
    assert.equal(outputs.verdict, "equal", JSON.stringify(outputs));
    assert.deepEqual([runtime.name, runtime.version, runtime.kind], ["ONNX Runtime Web", "1.27.0", "webgpu"]);
    assert.match(runtime.description, /^WebGPU in Chrome \d.*swiftshader \(software\)$/);
    assert.equal(latency.runSeconds.length, 2);
    assert.ok(notes.some((note) => note.includes("100 µs")) && notes.some((note) => note.includes("not of a GPU")));
    assert.ok(isMeasured(layers), JSON.stringify(layers));
    const [row] = layers.rows;
    assert.deepEqual([row?.name, layers.rows.length], ["conv", 1], "the activation runs in the convolution's program");
    // WebGPU computes with channels last: what turns the layout is in no row.
    assert.ok(layers.unmapped.some(({ op }) => op === "Transpose") && (row?.seconds ?? 0) > 0, JSON.stringify(layers));
  });

  it("gives a TFLite model's latency and this machine's outputs", async () => {
    const path = join(folder, "sum.tflite");
    const end = (name: string): { name: string; shape: number[] } => ({ name, shape: [1, 8] });
    writeFileSync(
      path,
      await modelBytes(await tflite([end("x"), end("y")], [{ op: "LOGISTIC", inputs: ["x"], outputs: ["y"] }])),
    );
    const { outputs, runtime } = await measure(path);
    assert.equal(outputs.verdict, "equal", JSON.stringify(outputs));
    assert.deepEqual([runtime.name, runtime.kind], ["LiteRT.js", "webgpu"]);
    assert.deepEqual(phone.leftovers(), []);
  });
});
