// What the phone's Chrome runs for ONNX: ONNX Runtime Web on WebGPU, timed, its outputs given back, and once more with its profiler on. Plain
// JavaScript for a browser; the build puts the library into it, all but its WebAssembly.
import * as ort from "onnxruntime-web/webgpu";
import { timeRuns } from "../../runtime/litert-timing.js";
import { adapterName, get, post, reporter, requireAdapter, run, say } from "./page-common.js";

const TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Runs with the profiler on, behind one that builds the programs: the GPU's clock is coarse, their mean is not. */
const PROFILED_RUNS = 20;
const PROFILED_SECONDS = 10;

/** The profile is written to the console, an event a line. */
const lines = [];
for (const level of ["log", "info", "warn", "error", "debug"])
  console[level] = (...words) => void lines.push(words.join(" "));

run(measure);

async function measure() {
  const { inputs, outputs, dataFiles, ...timing } = await (await get("task")).json();
  const adapter = await requireAdapter();
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { wasm: new URL("ort/ort-wasm-simd-threaded.asyncify.wasm", location.href).href };
  const model = new Uint8Array(await (await get("model")).arrayBuffer());
  const externalData = [];
  for (const [index, path] of dataFiles.entries())
    externalData.push({ path, data: new Uint8Array(await (await get(`data${index}`)).arrayBuffer()) });
  const options = { executionProviders: ["webgpu"], ...(externalData.length > 0 && { externalData }) };
  const feeds = {};
  for (const [index, { name, type, shape }] of inputs.entries())
    feeds[name] = new ort.Tensor(type, new TYPES[type](await (await get(`input${index}`)).arrayBuffer()), shape);
  say("Measuring …");
  const start = performance.now();
  const session = await ort.InferenceSession.create(model, options);
  const loadSeconds = (performance.now() - start) / 1000;
  const inferOnce = async () => {
    const results = await session.run(feeds, outputs);
    // From the graphics memory to where an app can read them.
    for (const name of outputs) await results[name].getData();
    return outputs.map((name) => results[name]);
  };
  const { outputs: found, ...timed } = await timeRuns(inferOnce, timing, reporter());
  for (const [index, { data }] of found.entries()) await post(`output${index}`, data);
  await session.release();
  await post("profile", JSON.stringify(await profile(model, options, feeds, outputs)));
  const shapes = found.map(({ dims }) => [...dims]);
  const { wasHidden } = globalThis;
  await post(
    "result",
    JSON.stringify({
      ...timed,
      loadSeconds,
      threads: 1,
      shapes,
      wasHidden: wasHidden === true,
      browser: navigator.userAgent,
      adapter: adapterName(adapter),
    }),
  );
}

/** Events of the GPU in order, "NODE&OPERATOR&PROGRAM" and µs, of so many runs behind the first; none where the GPU does not time. */
async function profile(model, options, feeds, outputs) {
  const session = await ort.InferenceSession.create(model, { ...options, enableProfiling: true });
  lines.length = 0;
  const begun = performance.now();
  let runs = 0;
  while (runs <= PROFILED_RUNS && (runs < 3 || performance.now() - begun < PROFILED_SECONDS * 1000)) {
    const results = await session.run(feeds, outputs);
    for (const name of outputs) await results[name].getData();
    runs += 1;
  }
  session.endProfiling();
  await session.release();
  const events = lines.flatMap((line) => {
    const text = line.trim().replace(/,$/, "");
    if (!text.startsWith("{") || !text.includes('"Api"')) return [];
    try {
      const { name, dur, ts } = JSON.parse(text);
      return [{ name, dur, ts }];
    } catch {
      return [];
    }
  });
  events.sort((a, b) => a.ts - b.ts);
  return { runs: runs - 1, events: events.map(({ name, dur }) => [name, dur]) };
}
