// What the phone's Chrome runs for TFLite: LiteRT.js on the model that our server gives, timed, its outputs given back. Plain JavaScript for a
// browser; the build puts LiteRT.js into it.
import * as runtime from "@litertjs/core";
import { runOnce, timeRuns } from "../../runtime/litert-timing.js";
import { adapterName, get, post, reporter, requireAdapter, run, say } from "./page-common.js";

/** What the runtime writes is its only word on why it refused a model. */
const lines = [];
for (const level of ["log", "info", "warn", "error", "debug"])
  console[level] = (...words) => void lines.push(words.join(" "));

const TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

run(measure, () => lines.filter((line) => line.startsWith("ERROR:")).at(-1));

async function measure() {
  const { inputs, threads, accelerator, ...timing } = await (await get("task")).json();
  const isGpu = accelerator === "webgpu";
  const adapter = isGpu ? adapterName(await requireAdapter()) : null;
  const model = new Uint8Array(await (await get("model")).arrayBuffer());
  const given = [];
  for (const [index, { type, shape }] of inputs.entries())
    given.push({ data: new TYPES[type](await (await get(`input${index}`)).arrayBuffer()), shape });
  say("Measuring …");
  const start = performance.now();
  const usable = await load(crossOriginIsolated && !isGpu ? Math.min(threads, navigator.hardwareConcurrency) : 1);
  const compiled = await runtime.loadAndCompile(model, {
    accelerator,
    ...(usable > 1 && { cpuOptions: { numThreads: usable } }),
  });
  const loadSeconds = (performance.now() - start) / 1000;
  const once = isGpu ? () => runOnGpu(compiled, given) : () => runOnce(runtime, compiled, given, lines);
  const { outputs, ...timed } = await timeRuns(once, timing, reporter());
  for (const [index, { data }] of outputs.entries()) await post(`output${index}`, data);
  const shapes = outputs.map(({ shape }) => shape);
  const { wasHidden } = globalThis;
  const browser = navigator.userAgent;
  await post("result", JSON.stringify({ ...timed, loadSeconds, threads: usable, shapes, wasHidden, browser, adapter }));
}

/** One inference on the GPU, its inputs moved there and its outputs back: what an app waits for. */
async function runOnGpu(model, inputs) {
  lines.length = 0;
  const tensors = [];
  for (const { data, shape } of inputs) tensors.push(await new runtime.Tensor(data, shape).moveTo("webgpu"));
  const results = await model.run(tensors);
  const errors = lines.filter((line) => line.startsWith("ERROR:"));
  if (errors.length > 0) throw new Error(errors.map((line) => line.slice(6).trim()).join("; "));
  for (const tensor of tensors) if (!tensor.deleted) tensor.delete();
  const read = [];
  for (const result of results) {
    const tensor = await result.moveTo("wasm");
    read.push({ data: tensor.toTypedArray().slice(), shape: [...tensor.type.layout.dimensions] });
    tensor.delete();
  }
  return read;
}

/** @returns how many threads there are: old browsers, and those without relaxed SIMD, have one */
async function load(threads) {
  const folder = new URL("./litert/", location.href).href;
  try {
    await runtime.loadLiteRt(folder, { threads: threads > 1, jspi: false });
    return threads;
  } catch (error) {
    if (threads === 1) throw error;
    await runtime.loadLiteRt(folder, { threads: false, jspi: false });
    return 1;
  }
}
