// The process that ONNX Runtime is timed in. Plain JavaScript, so that a process loads it without a compiler; one of its own, so that its
// memory is the model's and the runtime's, and so that it can be ended at any moment.
//
// Takes one message {model, inputs, settings}, tells {progress} and answers with one {result} or {failure}.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const LOG_FATAL = 4;
const KIBIBYTE = 1024;
const STATUS = "/proc/self/status";
/** Fewer say nothing of the spread. */
const MIN_RUNS = 5;
/** Milliseconds between two words of progress. */
const PROGRESS_MILLISECONDS = 100;

const ELEMENTS = {
  float64: Float64Array,
  float32: Float32Array,
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

// Whoever asked is gone: there is nobody to answer.
process.on("disconnect", () => process.exit());
process.once("message", (request) => {
  answer(request).then(
    (result) => process.send({ result }),
    (error) => process.send({ failure: error instanceof Error ? error.message : String(error) }),
  );
});

async function answer({ model, folder, inputs, settings }) {
  const runtime = (await import("onnxruntime-node")).default;
  const baselineBytes = residentPeak();
  const feeds = Object.fromEntries(inputs.map((input) => [input.name, tensorOf(runtime, input)]));
  const source = model.path ?? model.bytes;
  const options = {
    executionProviders: ["cpu"],
    executionMode: "sequential",
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    logSeverityLevel: LOG_FATAL,
    ...(folder && { extra: { session: { model_external_initializers_file_folder_path: folder } } }),
  };
  const latency = await timeLatency(runtime, source, { ...options, graphOptimizationLevel: "all" }, feeds, settings);
  const memory = { baselineBytes, peakBytes: residentPeak() };
  const profiled = { ...options, graphOptimizationLevel: settings.profiledAt };
  const profile = await profileLayers(runtime, source, profiled, feeds, settings);
  return { version: versionOf(runtime), ...latency, ...memory, profile };
}

async function timeLatency(runtime, source, options, feeds, { warmUpRuns, runs, budgetSeconds }) {
  const start = performance.now();
  const session = await runtime.InferenceSession.create(source, options);
  const loadSeconds = secondsSince(start);
  try {
    const first = performance.now();
    let outputs = await session.run(feeds);
    const firstSeconds = secondsSince(first);
    for (let run = 0; run < warmUpRuns; run += 1) outputs = await session.run(feeds);
    const runSeconds = [];
    const tell = teller("latency", runs);
    const begun = performance.now();
    for (let run = 0; run < runs; run += 1) {
      if (run >= MIN_RUNS && secondsSince(begun) > budgetSeconds) break;
      const before = performance.now();
      outputs = await session.run(feeds);
      runSeconds.push(secondsSince(before));
      tell(run + 1);
    }
    return { loadSeconds, firstSeconds, runSeconds, outputs: Object.entries(outputs).flatMap(rawOutput) };
  } finally {
    await session.release();
  }
}

/** The profile of `profiledRuns` inferences behind one that warms up, as the runtime wrote it. */
async function profileLayers(runtime, source, options, feeds, { profiledRuns, profilePrefix, optimizedPath }) {
  const profiled = { ...options, enableProfiling: true, profileFilePrefix: profilePrefix };
  // Not every graph that runs can be written: of such a one names must do.
  const session = await runtime.InferenceSession.create(source, writingGraph(profiled, optimizedPath)).catch(() =>
    runtime.InferenceSession.create(source, profiled),
  );
  try {
    const tell = teller("layers", profiledRuns + 1);
    for (let run = 0; run <= profiledRuns; run += 1) {
      await session.run(feeds);
      tell(run + 1);
    }
    session.endProfiling();
  } finally {
    await session.release();
  }
  // The runtime adds a date to the name, and tells nobody.
  const folder = dirname(profilePrefix);
  const written = readdirSync(folder)
    .filter((name) => name.startsWith(basename(profilePrefix)))
    .sort()
    .at(-1);
  if (written === undefined) throw new Error("it wrote no profile");
  return readFileSync(join(folder, written), "utf8");
}

/** Its weights go to a file of their own, so that graphs of models beyond 2 GiB can be written too. */
function writingGraph(options, optimizedModelFilePath) {
  const session = {
    ...options.extra?.session,
    optimized_model_external_initializers_file_name: "optimized.data",
    optimized_model_external_initializers_min_size_in_bytes: "1024",
  };
  return { ...options, optimizedModelFilePath, extra: { session } };
}

function tensorOf(runtime, { type, shape, bytes }) {
  const Elements = ELEMENTS[type];
  // A copy of its own begins where any element may.
  const data = new Elements(Uint8Array.from(bytes).buffer);
  return new runtime.Tensor(type, data, shape);
}

/** Outputs that are no tensors of numbers are left out: they are not compared either. */
function rawOutput([name, value]) {
  if (!("dims" in value) || !Object.hasOwn(ELEMENTS, value.type)) return [];
  const { buffer, byteOffset, byteLength } = value.data;
  return [
    { name, type: value.type, shape: [...value.dims], bytes: new Uint8Array(buffer, byteOffset, byteLength).slice() },
  ];
}

/**
 * The largest resident set so far, in bytes. Linux tells it of this program alone as VmHWM; `maxRSS` begins there with what the process that
 * started this one had, and serves elsewhere.
 */
function residentPeak() {
  const kilobytes = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, "utf8"))?.[1] : undefined;
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) * KIBIBYTE;
}

function versionOf({ env }) {
  return env?.versions?.node ?? null;
}

function secondsSince(milliseconds) {
  return (performance.now() - milliseconds) / 1000;
}

function teller(phase, total) {
  let last = 0;
  return (done) => {
    const now = performance.now();
    if (done < total && now - last < PROGRESS_MILLISECONDS) return;
    last = now;
    process.send({ progress: { phase, done, total } });
  };
}
