import { build } from "esbuild";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ROOT } from "../../install.mjs";
import { benchCompressed, benchRounding } from "./compressed.ts";
import { benchCounts } from "./counts.ts";
import { benchEditing } from "./editing.ts";
import type { Finding } from "./finding.ts";
import { countReads, inTurns, median, medianUsage, runEdgewise, runOnnxRuntime, type Usage } from "./measure.ts";
import { benchLearnedLatency } from "./learned-latency.ts";
import { benchLowRank } from "./low-rank.ts";
import { benchPage } from "./page.ts";
import type { PageOptions } from "./page-tasks.ts";
import { benchPhone } from "./phone.ts";
import { benchRuntimeProcess } from "./runtime-process.ts";
import { benchSourceControl } from "./source-control.ts";
import { benchTraining } from "./training.ts";
import { writeDeep, writeDense, writeVgg16, type BenchModel } from "./models.ts";

interface Case {
  readonly name: string;
  /** Runs with the case of that name too. */
  readonly partOf?: string;
  readonly run: (folder: string, options: PageOptions) => Promise<readonly Finding[]>;
}

const ROUNDS = 3;
/** Of a short measurement in fresh processes, which what else the machine does sways more. */
const COLD_ROUNDS = 9;
const RUNTIME = createRequire(import.meta.url).resolve("onnxruntime-node");
const MEGABYTE = 1e6;

/** Of the issue that these cases come from; a graph's own cost is compared with some room for noise. */
const LIMITS = { peakMegabytes: 150, readMegabytes: 2, deepMilliseconds: 300, externalRatio: 1.25 };

const CASES: readonly Case[] = [
  { name: "vgg16", run: benchVgg16 },
  { name: "external", run: benchExternal },
  { name: "deep", run: benchDeep },
  { name: "counts", run: benchCounts },
  { name: "low-rank", run: async (folder) => benchLowRank(folder, await bundleScript(folder, "fit-dense")) },
  { name: "page", run: benchPage },
  { name: "source-control", run: benchSourceControl },
  { name: "editing", run: benchEditing },
  { name: "process", run: async (folder) => benchRuntimeProcess(await bundleScript(folder, "first-answer")) },
  { name: "phone", run: benchPhone },
  { name: "learned-latency", partOf: "phone", run: benchLearnedLatency },
  { name: "training", run: benchTraining },
  { name: "compressed", run: benchCompressed },
  { name: "rounding", run: async (folder) => benchRounding(folder, await bundleScript(folder, "edit-alone")) },
];

let countReadsScript = "";
process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, against: { type: "string" }, model: { type: "string" } },
  });
  const folder = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
  console.log(`${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, Node ${process.version}`);
  try {
    countReadsScript = await bundleScript(folder, "count-reads");
    const findings: Finding[] = [];
    const { only } = values;
    for (const { name, run } of CASES.filter((each) => [undefined, each.name, each.partOf].includes(only))) {
      console.log(`\n${name}`);
      const found = await run(folder, values);
      for (const finding of found) console.log(`  ${describeFinding(finding)}`);
      findings.push(...found);
    }
    return findings.every(isWithin);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** 553 MB in one file, against ONNX Runtime on the same file. */
async function benchVgg16(folder: string): Promise<readonly Finding[]> {
  const model = await writeVgg16(folder);
  const { ours, theirs } = againstOnnxRuntime(model);
  return [
    { what: "peak memory", value: ours.peakBytes / MEGABYTE, unit: "MB", limit: LIMITS.peakMegabytes },
    {
      what: "read from the file",
      value: countReads(countReadsScript, model).bytesRead / MEGABYTE,
      unit: "MB",
      limit: LIMITS.readMegabytes,
    },
    ...comparison(ours, theirs),
  ];
}

/** 3.2 GB of external data, against the same graph with a ten-thousandth of the weights. */
async function benchExternal(folder: string): Promise<readonly Finding[]> {
  const [wide, narrow] = [await writeDense(folder, 5_800), await writeDense(folder, 58)];
  const turns = inTurns(
    2 * ROUNDS,
    () => runEdgewise(wide),
    () => runEdgewise(narrow),
  );
  const [large, small] = [medianUsage(turns.a), medianUsage(turns.b)];
  return [
    { what: "time, 3.2 GB to its graph", value: large.seconds / small.seconds, unit: "×", limit: LIMITS.externalRatio },
    {
      what: "memory, 3.2 GB to its graph",
      value: large.peakBytes / small.peakBytes,
      unit: "×",
      limit: LIMITS.externalRatio,
    },
    {
      what: "read from both files",
      value: countReads(countReadsScript, wide).bytesRead / MEGABYTE,
      unit: "MB",
      limit: LIMITS.readMegabytes,
    },
  ];
}

/** 6,000 nodes: the graph alone, after start-up and with it. */
async function benchDeep(folder: string): Promise<readonly Finding[]> {
  const model = await writeDeep(folder, 6_000);
  const reads = Array.from({ length: COLD_ROUNDS }, () => countReads(countReadsScript, model));
  const { ours, theirs } = againstOnnxRuntime(model);
  return [
    {
      what: `costing ${reads[0]?.layers ?? 0} nodes in a warm engine`,
      value: median(reads.map(({ last }) => last.milliseconds)),
      unit: "ms",
      limit: LIMITS.deepMilliseconds,
    },
    {
      what: "as the first model of a process",
      value: median(reads.map(({ first }) => first.milliseconds)),
      unit: "ms",
    },
    {
      what: "the same, processor time of all threads",
      value: median(reads.map(({ first }) => first.processorMilliseconds)),
      unit: "ms",
    },
    ...comparison(ours, theirs),
  ];
}

function againstOnnxRuntime(model: BenchModel): { readonly ours: Usage; readonly theirs: Usage } {
  const turns = inTurns(
    ROUNDS,
    () => runEdgewise(model),
    () => runOnnxRuntime(model),
  );
  return { ours: medianUsage(turns.a), theirs: medianUsage(turns.b) };
}

function comparison(ours: Usage, theirs: Usage): readonly Finding[] {
  return [
    { what: "edgewise profile, start-up included", value: ours.seconds, unit: "s" },
    { what: "ONNX Runtime, load and one profiled run", value: theirs.seconds, unit: "s" },
    { what: "ONNX Runtime's time to ours", value: theirs.seconds / ours.seconds, unit: "×" },
    { what: "ONNX Runtime's peak memory to ours", value: theirs.peakBytes / ours.peakBytes, unit: "×" },
  ];
}

function isWithin({ value, limit }: Finding): boolean {
  return limit === undefined || value <= limit;
}

function describeFinding(finding: Finding): string {
  const { what, value, unit, limit } = finding;
  const allowed = limit === undefined ? "" : `   at most ${limit} ${unit}: ${isWithin(finding) ? "kept" : "MISSED"}`;
  return `${what.padEnd(42)} ${value.toPrecision(3).padStart(8)} ${unit}${allowed}`;
}

/** Bundled as the CLI is, so that no loader's work is measured with it. */
async function bundleScript(folder: string, name: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    stdin: { contents: `import("./${name}.ts")`, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    // Native: loaded from where it is installed.
    alias: { "onnxruntime-node": RUNTIME },
    external: [RUNTIME],
    // Processes of runtimes are started beside the build.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(ROOT, "dist/bench.js")).href) },
    minify: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
  });
  return outfile;
}
