// The process that ONNX Runtime loads and runs models in. Plain JavaScript, so that a process loads it without a compiler.
import { centreColumns, gatherRows } from "../../neutral/gather-rows.js";
import { serve } from "./serve.js";

// Loaded while its owner still reads the model.
const loading = import("onnxruntime-node");
loading.catch(() => undefined);

const sessions = new Map();
/** Tensors that stay here between runs. */
const held = new Map();
/** What tensors between the parts of a network hold on all samples, as float32: they stay here for the parts that come. */
const activations = new Map();
/** Of products, by their form. */
const products = new Map();
let next = 0;

serve({ open, run, hold, take, runPart, activationsOf, rowsOf, momentsOf, drop, release, multiply });

/** @param path of a model, whose bytes are the array otherwise */
async function open({ path, options }, [bytes]) {
  const runtime = await runtimeOf();
  const session = await runtime.InferenceSession.create(path ?? bytes, options);
  const handle = next++;
  sessions.set(handle, session);
  return { result: { handle, inputs: session.inputMetadata, outputs: session.outputMetadata }, arrays: [] };
}

/**
 * @param feeds {name, type, shape} of each array, or {name, held}
 * @param fetches names of the outputs that are given back
 * @param kept [name, key] of the outputs that stay here
 */
async function run({ handle, feeds, fetches, kept }, arrays) {
  const { Tensor } = await runtimeOf();
  let place = 0;
  const given = feeds.map((feed) => [
    feed.name,
    "held" in feed ? held.get(feed.held) : new Tensor(feed.type, arrays[place++], feed.shape),
  ]);
  const names = [...fetches, ...kept.map(([name]) => name)];
  const results = new Map(Object.entries(await sessions.get(handle).run(Object.fromEntries(given), names)));
  for (const [name, key] of kept) held.set(key, results.get(name));
  const outputs = fetches.map((name) => results.get(name));
  return {
    result: outputs.map((value) => (isTensor(value) ? { type: value.type, shape: [...value.dims] } : null)),
    arrays: outputs.filter(isTensor).map(({ data }) => data),
  };
}

async function hold({ keys, type, shape }, arrays) {
  const { Tensor } = await runtimeOf();
  for (const [place, key] of keys.entries()) held.set(key, new Tensor(type, arrays[place], shape));
  return { result: null, arrays: [] };
}

function take({ key }) {
  return { result: null, arrays: [held.get(key).data] };
}

/**
 * Runs on samples that stay here, and keeps what it gives.
 * @param feeds {name, type, shape} of each array, or {name, key, from, shape}
 * @param outputs [name, key] of what is kept: of `count` samples from `start` on, of all `samples`
 */
async function runPart({ handle, feeds, outputs, start, count, samples }, arrays) {
  const { Tensor } = await runtimeOf();
  let place = 0;
  const given = feeds.map(({ name, type = "float32", shape, key, from }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = key === undefined ? arrays[place++] : activations.get(key).subarray(from, from + length);
    return [name, new Tensor(type, data, shape)];
  });
  const names = outputs.map(([name]) => name);
  const results = new Map(Object.entries(await sessions.get(handle).run(Object.fromEntries(given), names)));
  const shapes = outputs.map(([name, key]) => {
    const { data, dims, type } = results.get(name);
    if (type !== "float32") throw new Error(`"${name}" is ${type}`);
    if (count === samples) activations.set(key, data);
    else {
      const each = data.length / count;
      if (start === 0) activations.set(key, new Float32Array(each * samples));
      activations.get(key).set(data, start * each);
    }
    return [...dims];
  });
  return { result: shapes, arrays: [] };
}

function activationsOf({ key }) {
  return { result: null, arrays: [activations.get(key)] };
}

/** @param places but for their arrays, which are `samples` and `offsets` */
function rowsOf({ key, places }, [samples, offsets]) {
  return { result: null, arrays: [gathered(key, { ...places, samples, offsets })] };
}

/**
 * What rows of two tensors come to together, by the graph of moments-graph.ts.
 * @param handle of that graph
 * @param keys of the tensors by the graph's inputs
 * @param outputs of the weights, which are the last array
 */
async function momentsOf({ handle, keys, isCentred, outputs, places }, [samples, offsets, weights]) {
  const { Tensor } = await runtimeOf();
  const columns = places.channels * places.taps;
  const feeds = { weights: new Tensor("float32", weights, [outputs, columns]) };
  const means = [];
  for (const [name, key] of Object.entries(keys)) {
    const rows = gathered(key, { ...places, samples, offsets });
    means.push(isCentred ? centreColumns(rows, columns) : new Float32Array(columns));
    feeds[name] = new Tensor("float32", rows, [samples.length, columns]);
  }
  const { gram, energy, pulls } = await sessions.get(handle).run(feeds);
  return { result: null, arrays: [gram.data, energy.data, ...means, ...(pulls ? [pulls.data] : [])] };
}

function gathered(key, places) {
  const rows = new Float32Array(places.samples.length * places.channels * places.taps);
  gatherRows(activations.get(key), places, rows);
  return rows;
}

function drop({ keys }) {
  for (const key of keys) activations.delete(key);
  return { result: null, arrays: [] };
}

/** @param form of the product whose graph comes with the matrices */
async function multiply({ form, shapes, options }, [graph, a, b]) {
  const { InferenceSession, Tensor } = await runtimeOf();
  const session = products.get(form) ?? (await InferenceSession.create(graph, options));
  products.set(form, session);
  const [left, right] = shapes;
  const { c } = await session.run({ a: new Tensor("float32", a, left), b: new Tensor("float32", b, right) });
  return { result: null, arrays: [c.data] };
}

async function release({ handle }) {
  const session = sessions.get(handle);
  sessions.delete(handle);
  await session?.release();
  return { result: null, arrays: [] };
}

async function runtimeOf() {
  return (await loading).default;
}

function isTensor(value) {
  return value !== undefined && "dims" in value && ArrayBuffer.isView(value.data);
}
