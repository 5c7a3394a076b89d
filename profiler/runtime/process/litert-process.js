// The process that LiteRT.js loads and runs models in. Plain JavaScript, so that a process loads it without a compiler.
//
// LiteRT.js is made for browsers: it loads its WASM through importScripts, looks for itself on `self` and writes to the console. This
// process has globals and a console of its own, so nothing of that reaches the one that asked.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { runOnce, timeRuns } from "../litert-timing.js";
import { serve } from "./serve.js";

/** What the runtime writes is its only word on why it refused a model. */
const LINES_KEPT = 20;
/** Linux tells there of this program alone; `maxRSS` begins with what the process that started this one had. */
const STATUS = "/proc/self/status";
const KIBIBYTE = 1024;

const lines = [];
for (const level of ["log", "info", "warn", "error", "debug"]) {
  console[level] = (...words) => {
    lines.push(words.join(" "));
    if (lines.length > LINES_KEPT) lines.shift();
  };
}

const wasmFolder = findWasm();
Object.assign(globalThis, {
  self: globalThis,
  require: createRequire(import.meta.url),
  __dirname: wasmFolder,
  __filename: join(wasmFolder, "worker.js"),
  importScripts: (url) => {
    const path = String(url).replace(/^file:\/\//, "");
    runInThisContext(readFileSync(path, "utf8"), { filename: path });
  },
});

const models = new Map();
let next = 0;

// Loaded while its owner still reads the model.
const loading = load();
loading.catch(() => undefined);

serve({ memory, open: saying(open), run: saying(run), runEach: saying(runEach), time: saying(time), release });

async function load() {
  const runtime = await import("@litertjs/core");
  await runtime.loadLiteRt(`${wasmFolder}/`, { threads: false, jspi: false });
  return runtime;
}

/** @param bytes a model whose ends are float32, int32 or uint8 */
async function open(_, [bytes]) {
  const runtime = await loading;
  const model = await runtime.loadAndCompile(bytes, { accelerator: "wasm" });
  const handle = next++;
  models.set(handle, model);
  const shapes = (details) => details.map(({ shape }) => [...shape]);
  return {
    result: { handle, inputs: shapes(model.getInputDetails()), outputs: shapes(model.getOutputDetails()) },
    arrays: [],
  };
}

/** @param shapes of the inputs, in order; their elements are the arrays */
async function run({ handle, shapes }, arrays) {
  return given(await runOnce(await loading, models.get(handle), inputsOf(shapes, arrays), lines));
}

/**
 * Runs once for each of many samples.
 * @param shapes of one sample's inputs; the arrays hold all samples one after the other
 */
async function runEach({ handle, shapes, count }, arrays) {
  const runtime = await loading;
  const stacked = [];
  for (let sample = 0; sample < count; sample += 1) {
    const one = arrays.map((data) => {
      const size = data.length / count;
      return data.subarray(sample * size, (sample + 1) * size);
    });
    const outputs = await runOnce(runtime, models.get(handle), inputsOf(shapes, one), lines);
    for (const [place, { data, shape }] of outputs.entries()) {
      stacked[place] ??= { data: new data.constructor(data.length * count), shape };
      stacked[place].data.set(data, sample * data.length);
    }
  }
  return given(stacked);
}

/** Times runs on the same inputs. */
async function time({ handle, shapes, ...timing }, arrays) {
  const runtime = await loading;
  const inputs = inputsOf(shapes, arrays);
  const { outputs, ...times } = await timeRuns(() => runOnce(runtime, models.get(handle), inputs, lines), timing);
  const { result, arrays: elements } = given(outputs);
  return { result: { ...times, shapes: result }, arrays: elements };
}

function release({ handle }) {
  models.get(handle)?.delete();
  models.delete(handle);
  return { result: null, arrays: [] };
}

/** The largest resident set so far, in bytes. */
async function memory() {
  await loading;
  const told = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, "utf8"))?.[1] : undefined;
  const peak = told === undefined ? process.resourceUsage().maxRSS : Number(told);
  return { result: { peakBytes: peak * KIBIBYTE }, arrays: [] };
}

function inputsOf(shapes, arrays) {
  return shapes.map((shape, place) => ({ data: arrays[place], shape }));
}

function given(outputs) {
  return { result: outputs.map(({ shape }) => shape), arrays: outputs.map(({ data }) => data) };
}

/** Beside this file in the product, in the library's own folder otherwise. */
function findWasm() {
  const beside = fileURLToPath(new URL("./litert", import.meta.url));
  if (existsSync(beside)) return beside;
  return join(dirname(createRequire(import.meta.url).resolve("@litertjs/core")), "../wasm");
}

/** An action whose failure says what the runtime wrote. A trap leaves its memory in a state that nothing can be run in. */
function saying(action) {
  return async (value, arrays) => {
    lines.length = 0;
    try {
      return await action(value, arrays);
    } catch (error) {
      throw Object.assign(new Error(reasonOf(error)), { isFatal: error instanceof WebAssembly.RuntimeError });
    }
  };
}

function reasonOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  const said = lines.filter((line) => line.startsWith("ERROR:")).at(-1);
  return said === undefined || message.includes(said.slice(6).trim()) ? message : `${message} (${said.trim()})`;
}
