import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { applyEdit } from "../../profiler/editing/apply.ts";
import { parseEdit } from "../../profiler/editing/edit.ts";
import { modelBytes } from "../../profiler/formats/formats.ts";
import type { Model } from "../../profiler/model/model.ts";
import { openSession } from "../../profiler/runtime/open-session.ts";
import { modelOfBytes } from "../builders/read-model.ts";
import { NetworkBuilder } from "../zoo/network-builder.ts";
import type { Network } from "../zoo/network.ts";
import { resnet } from "../zoo/networks/resnet.ts";
import { toBytes } from "../zoo/file-segments.ts";
import { writeOnnxFile, toOnnx } from "../zoo/to-onnx.ts";
import { toTflite } from "../zoo/to-tflite.ts";
import type { EditTime } from "./edit-alone.ts";
import type { Finding } from "./finding.ts";
import { measureEdgewise, median, runNode } from "./measure.ts";
import { processorSeconds } from "./processor-time.ts";
import { DIGITS } from "./trained-data.ts";

/**
 * What files with compressed weights take to run on this machine, over the float ones: weights that the file decodes itself at float speed,
 * products of integers (QLinearConv, hybrid), float16.
 */

const EDITS = [
  "weights-float16:",
  "quantize-weights::bits=8",
  "quantize-weights::bits=4",
  "quantize-weights::bits=8,products=integer",
  "share-weights::bits=4",
  "prune-weights::sparsity=0.9,bits=4",
  "quantize-model:",
] as const;

/** Those that ONNX Runtime folds when it loads the file. */
const FOLDED: readonly string[] = EDITS.filter((text) => !text.includes("integer") && text !== "quantize-model:");

const LAYERS = 4;
const RUNS = 30;
const ROUNDS = 3;

/** Of the issue that this case comes from; one in twenty of the time is noise. */
const LIMITS = { folded: 1.15, roundingSeconds: 3, largeSeconds: 300, largeMegabytes: 2_000 };
const ROUNDED = "media/samples/digits_vgg_bn.onnx";
const ROUNDING = "quantize-weights::bits=4";
/** Fresh processes whose median counts. */
const TURNS = 5;
const IMAGES = 64;
const MEGABYTE = 1e6;

/**
 * What computing the weights takes.
 * @param script the bundle of edit-alone.ts
 */
export async function benchRounding(folder: string, script: string): Promise<readonly Finding[]> {
  return [...rounding(folder, script), ...(await large(folder, script))];
}

export async function benchCompressed(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [what, network] of [
    ["convolutions", convolutions()],
    ["products", products(1)],
    ["products of 64", products(64)],
  ] as const) {
    const onnx = await modelOfBytes(`${what}.onnx`, toBytes(toOnnx(network).model));
    findings.push(...(await compared(`ONNX, ${what}`, onnx, onnxSeconds, FOLDED)));
    if (what.endsWith("64")) continue;
    const tflite = await modelOfBytes(`${what}.tflite`, toBytes(toTflite(network)));
    findings.push(...(await compared(`TFLite, ${what}`, tflite, tfliteSeconds, [])));
  }
  return findings;
}

async function compared(
  what: string,
  model: Model,
  secondsOf: (model: Model) => Promise<number>,
  held: readonly string[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const float = await secondsOf(model);
  findings.push({ what: `${what}: float`, value: 1e3 * float, unit: "ms" });
  for (const text of EDITS) {
    const { after } = await applyEdit(model, parseEdit(text));
    const edited = await modelOfBytes(model.file, await modelBytes(after));
    // Turns with the float model: what slows the machine for a while slows both.
    let [own, floats] = [Infinity, float];
    for (let round = 0; round < ROUNDS; round += 1) {
      own = Math.min(own, await secondsOf(edited));
      floats = Math.min(floats, await secondsOf(model));
    }
    const limit = held.includes(text) ? { limit: LIMITS.folded } : {};
    const share = (edited.fileBytes / model.fileBytes).toFixed(2);
    findings.push({ what: `${what}: ${text} (${share} of the file)`, value: own / floats, unit: "×", ...limit });
  }
  return findings;
}

/** The least time of a run, one thread. */
async function onnxSeconds(model: Model): Promise<number> {
  const session = await InferenceSession.create(await modelBytes(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const feeds = Object.fromEntries(
    session.inputMetadata.flatMap((port) => {
      if (!port.isTensor) return [];
      const shape = port.shape.map((size) => (typeof size === "number" ? size : 1));
      return [[port.name, new Tensor("float32", noise(shape), shape)] as const];
    }),
  );
  const seconds = await leastOf(() => session.run(feeds));
  await session.release();
  return seconds;
}

/** The same in LiteRT.js, what goes to its process and back included. */
async function tfliteSeconds(model: Model): Promise<number> {
  const session = await openSession(model);
  const feeds = Object.fromEntries(
    session.inputs.map(({ name, shape }) => {
      const sizes = shape.map((size) => (typeof size === "number" ? size : 1));
      return [name, { dataType: "float32", shape: sizes, data: noise(sizes) }] as const;
    }),
  );
  const seconds = await leastOf(() => session.run(feeds));
  await session.close();
  return seconds;
}

async function leastOf(run: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let at = 0; at < RUNS; at += 1) {
    const start = performance.now();
    await run();
    least = Math.min(least, (performance.now() - start) / 1e3);
  }
  return least;
}

function noise(shape: readonly number[]): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, (_, at) => Math.sin(at));
}

/** Least-squares rounding of all weights to 4 bits: alone, and the command that also reads, checks each layer on the samples and writes. */
function rounding(folder: string, script: string): readonly Finding[] {
  const [, samples = ""] = DIGITS.fitting;
  // A process that is the first for a while takes up to a second more.
  const seconds = median(
    Array.from(
      { length: TURNS },
      () => (JSON.parse(runNode([script, ROUNDED, ROUNDING, samples])) as EditTime).seconds,
    ),
  );
  const before = processorSeconds();
  measureEdgewise(["apply", ROUNDED, "--edit", ROUNDING, "--out", join(folder, "rounded.onnx"), ...DIGITS.fitting]);
  const whole = processorSeconds() - before;
  return [
    { what: "digits_vgg_bn to 4 bits, processor", value: seconds, unit: "s", limit: LIMITS.roundingSeconds },
    { what: "the same, the command", value: whole, unit: "s" },
  ];
}

/** The same of a network as large as ResNet-50, on random images. */
async function large(folder: string, script: string): Promise<readonly Finding[]> {
  const path = join(folder, "resnet50.onnx");
  await writeOnnxFile(resnet(50, { halves: "3x3" }), path);
  const images = join(folder, "images.bin");
  writeFileSync(images, noise([IMAGES, 3, 224, 224]));
  const samples = `${images}:dtype=float32`;
  const { seconds } = JSON.parse(runNode([script, path, ROUNDING, samples])) as EditTime;
  const before = processorSeconds();
  const out = join(folder, "large.onnx");
  const { peakBytes } = measureEdgewise(["apply", path, "--edit", ROUNDING, "--out", out, "--data", samples]);
  return [
    {
      what: `ResNet-50 to 4 bits on ${IMAGES} images, processor`,
      value: seconds,
      unit: "s",
      limit: LIMITS.largeSeconds,
    },
    { what: "the same, the command", value: processorSeconds() - before, unit: "s" },
    { what: "the same, peak memory", value: peakBytes / MEGABYTE, unit: "MB", limit: LIMITS.largeMegabytes },
  ];
}

function convolutions(): Network {
  const net = new NetworkBuilder();
  let x = net.image(64, 32);
  for (let layer = 0; layer < LAYERS; layer += 1)
    x = net.relu(net.conv(x, `conv${layer}`, { out: 64, kernel: 3, pad: 1 }));
  return net.finish("convolutions", net.softmax(net.dense(net.flatten(net.globalPool(x)), "out", 10)));
}

function products(batch: number): Network {
  const net = new NetworkBuilder();
  let x = net.flatten(net.image(1024, 1, batch));
  for (let layer = 0; layer < LAYERS; layer += 1) x = net.relu(net.dense(x, `dense${layer}`, 1024));
  return net.finish("products", net.dense(x, "out", 10));
}
