import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../install.mjs";
import type { BenchModel } from "./models.ts";

/** A whole process, start-up included. */
export interface Usage {
  readonly seconds: number;
  readonly peakBytes: number;
}

/** What `edgewise profile` costs a user. */
export function runEdgewise({ path }: BenchModel): Usage {
  return measureEdgewise(["profile", path, "--format", "json"]);
}

/** What any command costs a user. */
export function measureEdgewise(args: readonly string[]): Usage {
  return measure([join(ROOT, "dist/cli.js"), ...args]);
}

/** What it costs to load the model into ONNX Runtime and run it once with profiling on. */
export function runOnnxRuntime({ path, input, shape }: BenchModel): Usage {
  return measure([join(import.meta.dirname, "run-onnxruntime.mjs"), path, input, shape.join("x")]);
}

/** Of profiling alone. */
export interface Round {
  readonly layers: number;
  readonly milliseconds: number;
  /** Processor time of all its threads meanwhile: what others on the machine do changes it little. */
  readonly processorMilliseconds: number;
}

export interface Reads {
  readonly layers: number;
  /** By the first round. */
  readonly bytesRead: number;
  /** In a process that has done nothing before: its code is still being compiled. */
  readonly first: Round;
  /** In an engine that is warm: what every later model costs in the editor. */
  readonly last: Round;
}

/** @param script the bundle of count-reads.ts */
export function countReads(script: string, { path }: BenchModel): Reads {
  return JSON.parse(runNode([script, path])) as Reads;
}

/** Runs both in turns, so that what else the machine does meets both, and takes the median of each. */
export function inTurns<A, B>(rounds: number, a: () => A, b: () => B): { readonly a: A[]; readonly b: B[] } {
  const pairs = Array.from({ length: rounds }, () => ({ a: a(), b: b() }));
  return { a: pairs.map((pair) => pair.a), b: pairs.map((pair) => pair.b) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? NaN;
}

export function medianUsage(usages: readonly Usage[]): Usage {
  return {
    seconds: median(usages.map(({ seconds }) => seconds)),
    peakBytes: median(usages.map(({ peakBytes }) => peakBytes)),
  };
}

function measure(args: readonly string[]): Usage {
  const usageFile = join(tmpdir(), `edgewise-usage-${process.pid}`);
  const preload = join(import.meta.dirname, "report-usage.mjs");
  try {
    const start = performance.now();
    runNode(["--import", preload, ...args], { EDGEWISE_USAGE: usageFile, ORT_DISABLE_TELEMETRY: "1" });
    const seconds = (performance.now() - start) / 1000;
    return { seconds, peakBytes: Number(readFileSync(usageFile, "utf8")) };
  } finally {
    rmSync(usageFile, { force: true });
  }
}

/** @throws {Error} with what the process said when it fails */
export function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 30, // the JSON of 6,000 layers
  });
  if (status !== 0) throw new Error(`${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}
