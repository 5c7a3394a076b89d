/**
 * `node --import tsx test/bench/peers/quantized.ts FOLDER`: int8 files of ONNX Runtime's `quantize_static`, which `quantize-static.py`
 * writes into FOLDER (docs/compression.md has the commands), beside those of `quantize-model`, run at each of ONNX Runtime's levels of
 * optimization. Without FOLDER/keywords.onnx only that file is written. Needs `../shared`.
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type * as Ort from "onnxruntime-node";
import { runCommandLine } from "../../../profiler/cli/program.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import { keywordsOnnx } from "./keywords-onnx.ts";

const SHARED = "../shared";
const LEVELS = ["disabled", "basic", "extended", "all"] as const;
const METHODS = ["MinMax", "Entropy", "Percentile"].flatMap((method) => [method, `${method}-7bit`]);

interface Samples {
  /** count × the rest */
  readonly shape: readonly [number, ...number[]];
  readonly data: Float32Array;
  readonly labels: readonly number[];
}

interface Answers {
  readonly data: Float32Array;
  readonly right: number;
}

const [folder = "."] = process.argv.slice(2);
const keywords = join(folder, "keywords.onnx");
if (existsSync(keywords)) await compareAll();
else writeFileSync(keywords, await keywordsOnnx(`${SHARED}/models/tflite/kws_dscnn_float.tflite`));

async function compareAll(): Promise<void> {
  const digits = digitSamples();
  const calibration = `${SHARED}/data/digits/digits_calibration_256x1x32x32_uint8.bin:dtype=uint8,scale=1/255`;
  console.log(`| model | made by | bytes | ${LEVELS.join(" | ")} | right at all |`);
  console.log(`| --- | --- | ---: |${LEVELS.map(() => " ---: |").join("")} ---: |`);
  for (const name of ["lenet", "vgg_bn", "resnet", "inception"]) {
    await compareOne(`media/samples/digits_${name}.onnx`, `digits_${name}`, digits, ["--data", calibration]);
  }
  const features = `${SHARED}/data/kws/features_1000x49x10_int8.bin:dtype=int8,zero=83,scale=0.5847029`;
  await compareOne(keywords, "keywords", keywordSamples(), ["--data", features, "--samples", "256"]);
}

async function compareOne(path: string, name: string, samples: Samples, fitting: readonly string[]): Promise<void> {
  const files = METHODS.map((method) => [`quantize_static ${method}`, join(folder, `${name}-${method}.onnx`)] as const);
  const own = await Promise.all(
    ["8", "7"].map(async (bits) => {
      const out = join(folder, `${name}-edgewise-${bits}.onnx`);
      const edit = `quantize-model::weights=${bits}`;
      await edgewise(["apply", path, "--edit", edit, "--out", out, ...fitting]);
      return [`\`${edit}\``, out] as const;
    }),
  );
  const float = await answers(path, "all", samples);
  console.log(
    `| ${name} | float | ${statSync(path).size} |${LEVELS.map(() => " |").join("")} ${share(float, samples)} |`,
  );
  for (const [maker, file] of [...files, ...own]) {
    if (!existsSync(file)) continue;
    const found = new Map<string, Answers>();
    for (const level of LEVELS) found.set(level, await answers(file, level, samples));
    const cells = Array.from(found.values(), ({ data }) => snr(float.data, data));
    const last = found.get("all");
    console.log(
      `| ${name} | ${maker} | ${statSync(file).size} | ${cells.join(" | ")} | ${last && share(last, samples)} |`,
    );
  }
}

/** In batches of one, as phones run them. */
async function answers(path: string, level: (typeof LEVELS)[number], samples: Samples): Promise<Answers> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(path, {
    graphOptimizationLevel: level,
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const [input = ""] = session.inputNames;
  const [output = ""] = session.outputNames;
  const [count, ...rest] = samples.shape;
  const size = samples.data.length / count;
  const all: number[] = [];
  let right = 0;
  for (let at = 0; at < count; at += 1) {
    const data = samples.data.subarray(at * size, (at + 1) * size);
    const made: Ort.InferenceSession.OnnxValueMapType = await session.run({
      [input]: new Tensor("float32", data, [1, ...rest]),
    });
    const logits = made[output]?.data as Float32Array;
    if (logits.indexOf(Math.max(...logits)) === samples.labels[at]) right += 1;
    all.push(...logits);
  }
  await session.release();
  return { data: Float32Array.from(all), right };
}

/** 10·log10(Σa² / Σ(b − a)²), as `edgewise compare` has it. */
function snr(before: Float32Array, after: Float32Array): string {
  const signal = before.reduce((sum, value) => sum + value * value, 0);
  const noise = before.reduce((sum, value, at) => sum + (value - (after[at] ?? 0)) ** 2, 0);
  return (10 * Math.log10(signal / noise)).toFixed(1);
}

function share({ right }: Answers, { shape: [count] }: Samples): string {
  return `${((100 * right) / count).toFixed(1)} %`;
}

function digitSamples(): Samples {
  const raw = readFileSync(`${SHARED}/data/digits/digits_test_540x1x32x32_uint8.bin`);
  const { test_labels: labels } = JSON.parse(readFileSync(`${SHARED}/data/digits/digits.json`, "utf8")) as {
    readonly test_labels: readonly number[];
  };
  return { shape: [540, 1, 32, 32], data: Float32Array.from(raw, (byte) => byte / 255), labels };
}

function keywordSamples(): Samples {
  const raw = new Int8Array(readFileSync(`${SHARED}/data/kws/features_1000x49x10_int8.bin`));
  const { labels } = JSON.parse(readFileSync(`${SHARED}/data/kws/labels.json`, "utf8")) as {
    readonly labels: readonly number[];
  };
  return { shape: [1000, 1, 49, 10], data: Float32Array.from(raw, (byte) => (byte - 83) * 0.5847029), labels };
}

/** @throws {Error} with what the command said when it fails */
async function edgewise(args: readonly string[]): Promise<void> {
  let failure: string | undefined;
  await runCommandLine(args, {
    write: () => undefined,
    remark: (text) => void (failure = text),
    width: undefined,
    setExitCode: (code) => void (failure ??= `exit code ${code}`),
  });
  if (failure !== undefined) throw new Error(`edgewise ${args.join(" ")}: ${failure}`);
}
