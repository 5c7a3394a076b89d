import { diagnose, diagnoseWeights } from "../../profiler/diagnostics/index.ts";
import { costModel, suggest } from "../../profiler/editing/index.ts";
import { EdgewiseError } from "../../profiler/errors.ts";
import { analyseModel, DEFAULT_HARDWARE, describeLayer, exportProfile, listModel } from "../../profiler/index.ts";
import { profileModel, MemorySource } from "../../profiler/index.ts";
import { modelOfBytes } from "../builders/read-model.ts";
import { Chances } from "./chances.ts";
import { corpusOf, type Corpus, type FuzzedFormat } from "./corpus.ts";
import { mutateOnnx } from "./mutate-onnx.ts";
import { mutateTflite } from "./mutate-tflite.ts";

/** Processor time of one case, asked for only where it took longer by the clock. */
const MOST_SECONDS = 2;

export interface CaseReport {
  /** The file was refused by a typed error. */
  readonly isRefused: boolean;
  /** By the clock; of processor time where that was more than the limit. */
  readonly seconds: number;
  /** What must not be: an untyped error, wrong totals, invalid JSON, too much time. */
  readonly fault?: string;
}

const MUTATE = { onnx: mutateOnnx, tflite: mutateTflite } as const;
/** One in so many cases is a mutant of a whole network. */
const LARGE = 40;
/** Suggestions look at each layer many times, and statistics of weights at each element: one in so many cases is asked for them. */
const SUGGESTED = 32;
const WEIGHED = 8;
const MOST_SUGGESTED_LAYERS = 60;
/** Each case is written in one of them, which all say the same. */
const EXPORTS = ["json", "csv", "json", "markdown", "json", "html"] as const;

const corpora = new Map<FuzzedFormat, Corpus>();

/** The file of a case: the same on every machine. */
export function caseFile(format: FuzzedFormat, seed: number, number: number): Uint8Array {
  const corpus = corpora.get(format) ?? corpusOf(format);
  corpora.set(format, corpus);
  const chances = new Chances(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const model = chances.of(chances.below(LARGE) === 0 ? corpus.large : corpus.tiny);
  return MUTATE[format](model, chances.of(corpus.tiny), chances);
}

/** Does with a case's file what opening it, listing, exporting and asking for suggestions do. */
export async function tryCase(format: FuzzedFormat, seed: number, number: number): Promise<CaseReport> {
  const start = performance.now();
  const outcome = await outcomeOf(format, seed, number);
  const seconds = (performance.now() - start) / 1000;
  if (seconds <= MOST_SECONDS) return { seconds, ...outcome };
  // Compiling, collecting garbage and other programs may fall into one try, not into two.
  const before = process.cpuUsage();
  await outcomeOf(format, seed, number);
  const { user, system } = process.cpuUsage(before);
  const again = (user + system) / 1e6;
  const slow = again > MOST_SECONDS ? { fault: `it took ${again.toFixed(1)} s of processor time` } : {};
  return { seconds: again, ...slow, ...outcome };
}

async function outcomeOf(
  format: FuzzedFormat,
  seed: number,
  number: number,
): Promise<{ readonly isRefused: boolean; readonly fault?: string }> {
  const bytes = caseFile(format, seed, number);
  try {
    await exercise(`fuzz.${format}`, bytes, number);
    return { isRefused: false };
  } catch (error) {
    return error instanceof EdgewiseError ? { isRefused: true } : { isRefused: false, fault: describeError(error) };
  }
}

async function exercise(name: string, bytes: Uint8Array, number: number): Promise<void> {
  const model = await modelOfBytes(name, bytes);
  const analysed = analyseModel(model, {});
  const profile = costModel(analysed, DEFAULT_HARDWARE);
  for (const [total, value] of Object.entries(profile.totals) as [string, unknown][])
    if (typeof value === "number" && !(value >= 0)) throw new Error(`${total} is ${value}`);
  // A refusal of one view must not hide what another does.
  const refusals: EdgewiseError[] = [];
  const attempt = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof EdgewiseError)) throw error;
      refusals.push(error);
    }
  };
  listModel(analysed);
  diagnose(analysed, profile);
  if (number % WEIGHED === 0) await attempt(() => diagnoseWeights(analysed, profile));
  const described = profile.layers[number % Math.max(1, profile.layers.length)];
  if (described !== undefined) describeLayer(analysed, described.index);
  const written = EXPORTS[number % EXPORTS.length] ?? "json";
  const text = exportProfile(profile, written);
  if (written === "json") JSON.parse(text);
  if (number % SUGGESTED !== 0 || profile.layers.length > MOST_SUGGESTED_LAYERS) return;
  await attempt(() => suggest(model, { hardware: DEFAULT_HARDWARE }));
  await attempt(() =>
    profileModel(new MemorySource(name, bytes), { open: () => Promise.reject(new Error("no data file")) }, {}),
  );
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `thrown: ${String(error)}`;
}
