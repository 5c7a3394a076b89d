// The thread that LiteRT.js runs in. Plain JavaScript, so that a thread loads it without a compiler.
//
// LiteRT.js is made for browsers: it loads its WASM through importScripts, looks for itself on `self` and writes to the console. This
// thread has globals and a console of its own, so nothing of that reaches the process that asked.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import { parentPort } from "node:worker_threads";
import { runOnce, timeRuns } from "./litert-timing.js";

/** What the runtime writes is its only word on why it refused a model. */
const LINES_KEPT = 20;
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

let runtime;
let model;

const ACTIONS = { open, run, runEach, time };

/** One after the other: what the runtime writes belongs to the one that runs. */
let last = Promise.resolve();
parentPort.on("message", (request) => {
  last = last.then(() => answer(request));
});

async function answer({ id, action, value }) {
  try {
    const { result, transfer } = await ACTIONS[action](value);
    parentPort.postMessage({ id, result }, transfer);
  } catch (error) {
    parentPort.postMessage({ id, failure: reasonOf(error) });
  }
}

/** @param bytes a model whose ends are float32, int32 or uint8 */
async function open(bytes) {
  if (runtime === undefined) {
    runtime = await import("@litertjs/core");
    await runtime.loadLiteRt(`${wasmFolder}/`, { threads: false, jspi: false });
  }
  model?.delete();
  model = await runtime.loadAndCompile(bytes, { accelerator: "wasm" });
  const shapes = (details) => details.map(({ shape }) => [...shape]);
  return {
    result: { inputs: shapes(model.getInputDetails()), outputs: shapes(model.getOutputDetails()) },
    transfer: [],
  };
}

/** @param inputs elements and shape of each input, in order */
async function run(inputs) {
  const outputs = await runOnce(runtime, model, inputs, lines);
  return { result: outputs, transfer: buffersOf(outputs) };
}

/**
 * Runs once for each of many samples.
 * @param inputs elements of all samples one after the other, and the shape of one
 */
async function runEach({ inputs, count }) {
  const stacked = [];
  for (let sample = 0; sample < count; sample += 1) {
    const one = inputs.map(({ data, shape }) => {
      const size = data.length / count;
      return { data: data.subarray(sample * size, (sample + 1) * size), shape };
    });
    const outputs = await runOnce(runtime, model, one, lines);
    for (const [place, { data, shape }] of outputs.entries()) {
      stacked[place] ??= { data: new data.constructor(data.length * count), shape };
      stacked[place].data.set(data, sample * data.length);
    }
  }
  return { result: stacked, transfer: buffersOf(stacked) };
}

/** Times runs on the same inputs. */
async function time({ inputs, ...timing }) {
  const result = await timeRuns(() => runOnce(runtime, model, inputs, lines), timing);
  return { result, transfer: buffersOf(result.outputs) };
}

function buffersOf(outputs) {
  return outputs.map(({ data }) => data.buffer);
}

/** Beside this file in the product, in the library's own folder otherwise. */
function findWasm() {
  const beside = fileURLToPath(new URL("./litert", import.meta.url));
  if (existsSync(beside)) return beside;
  return join(dirname(createRequire(import.meta.url).resolve("@litertjs/core")), "../wasm");
}

function reasonOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  const said = lines.filter((line) => line.startsWith("ERROR:")).at(-1);
  return said === undefined || message.includes(said.slice(6).trim()) ? message : `${message} (${said.trim()})`;
}
