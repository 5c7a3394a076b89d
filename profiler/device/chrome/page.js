// What the phone's Chrome runs: LiteRT.js on the model that our server gives, timed, its outputs given back. Plain JavaScript for a browser;
// the build puts LiteRT.js into it.
import * as runtime from "@litertjs/core";
import { runOnce, timeRuns } from "../../runtime/litert-timing.js";

/** What the runtime writes is its only word on why it refused a model. */
const lines = [];
for (const level of ["log", "info", "warn", "error", "debug"])
  console[level] = (...words) => void lines.push(words.join(" "));

const TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
/** Telling how far it is costs a moment between two runs. */
const REPORT_MILLISECONDS = 250;

let wasHidden = document.hidden;
document.addEventListener("visibilitychange", () => (wasHidden ||= document.hidden));

measure().then(
  () => say("Done. This tab can be closed."),
  async (error) => {
    const said = lines.filter((line) => line.startsWith("ERROR:")).at(-1);
    const message = [error instanceof Error ? error.message : String(error), said].filter(Boolean).join(": ");
    say(message);
    await post("failure", message).catch(() => undefined);
  },
);

async function measure() {
  const { inputs, threads, ...timing } = await (await get("task")).json();
  const model = new Uint8Array(await (await get("model")).arrayBuffer());
  const given = [];
  for (const [index, { type, shape }] of inputs.entries())
    given.push({ data: new TYPES[type](await (await get(`input${index}`)).arrayBuffer()), shape });
  say("Measuring …");
  const start = performance.now();
  const usable = await load(crossOriginIsolated ? Math.min(threads, navigator.hardwareConcurrency) : 1);
  const compiled = await runtime.loadAndCompile(model, {
    accelerator: "wasm",
    ...(usable > 1 && { cpuOptions: { numThreads: usable } }),
  });
  const loadSeconds = (performance.now() - start) / 1000;
  let told = performance.now();
  const onRun = async (done, total) => {
    if (performance.now() - told < REPORT_MILLISECONDS) return;
    // Where nobody listens any more, nobody waits for the rest.
    await post("progress", JSON.stringify({ done, total }));
    told = performance.now();
  };
  const { outputs, ...timed } = await timeRuns(() => runOnce(runtime, compiled, given, lines), timing, onRun);
  for (const [index, { data }] of outputs.entries()) await post(`output${index}`, data);
  const shapes = outputs.map(({ shape }) => shape);
  const browser = navigator.userAgent;
  await post("result", JSON.stringify({ ...timed, loadSeconds, threads: usable, shapes, wasHidden, browser }));
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

async function get(name) {
  const answer = await fetch(name, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer;
}

async function post(name, body) {
  const answer = await fetch(name, { method: "POST", body });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
}

function say(text) {
  document.getElementById("state").textContent = text;
}
