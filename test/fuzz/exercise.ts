import { diagnose, diagnoseWeights } from "../../profiler/diagnostics/index.ts";
import { costModel, suggest } from "../../profiler/editing/index.ts";
import { EdgewiseError } from "../../profiler/errors.ts";
import { analyseModel, DEFAULT_HARDWARE, describeLayer, exportProfile, listModel } from "../../profiler/index.ts";
import { profileModel, MemorySource } from "../../profiler/index.ts";
import { modelOfBytes } from "../builders/read-model.ts";
import { Chances } from "./chances.ts";
import { corpusOf, type FuzzedFormat } from "./corpus.ts";
import { mutateOnnx } from "./mutate-onnx.ts";
import { mutateTflite } from "./mutate-tflite.ts";

/** Processor time of one case. A busy machine adds to it, but not seconds. */
export const MOST_SECONDS = 2;
/** Resident memory of the process that tries cases, with what the engine itself takes. */
export const MOST_BYTES = 1e9;

export interface CaseReport {
  /** The file was refused by a typed error. */
  readonly isRefused: boolean;
  readonly seconds: number;
  /** What must not be: an untyped error, wrong totals, invalid JSON, too much time. */
  readonly fault?: string;
}

const MUTATE = { onnx: mutateOnnx, tflite: mutateTflite } as const;
/** Suggestions look at each layer many times: every so many cases is asked for them, unless it has many layers. */
const SUGGESTED = 8;
const MOST_SUGGESTED_LAYERS = 60;

const corpora = new Map<FuzzedFormat, readonly Uint8Array[]>();

/** The file of a case: the same on every machine. */
export function caseFile(format: FuzzedFormat, seed: number, number: number): Uint8Array {
  const corpus = corpora.get(format) ?? corpusOf(format);
  corpora.set(format, corpus);
  const chances = new Chances(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  return MUTATE[format](chances.of(corpus), chances.of(corpus), chances);
}

/** Does with a case's file what opening it, listing, exporting and asking for suggestions do. */
export async function tryCase(format: FuzzedFormat, seed: number, number: number): Promise<CaseReport> {
  const first = await tryOnce(format, seed, number);
  // Compiling, collecting garbage and other programs may fall into one try, not into two.
  return first.seconds > MOST_SECONDS ? tryOnce(format, seed, number) : first;
}

async function tryOnce(format: FuzzedFormat, seed: number, number: number): Promise<CaseReport> {
  const bytes = caseFile(format, seed, number);
  const before = process.cpuUsage();
  const outcome = await exercise(`fuzz.${format}`, bytes, number % SUGGESTED === 0).then(
    () => ({ isRefused: false }),
    (error: unknown) =>
      error instanceof EdgewiseError ? { isRefused: true } : { isRefused: false, fault: describeError(error) },
  );
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const slow = seconds > MOST_SECONDS ? { fault: `it took ${seconds.toFixed(1)} s of processor time` } : {};
  return { seconds, ...slow, ...outcome };
}

async function exercise(name: string, bytes: Uint8Array, isSuggested: boolean): Promise<void> {
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
  await attempt(() => diagnoseWeights(analysed, profile));
  for (const { index } of profile.layers.slice(0, 5)) describeLayer(analysed, index);
  for (const format of ["csv", "markdown", "html"] as const) exportProfile(profile, format);
  JSON.parse(exportProfile(profile, "json"));
  if (!isSuggested || profile.layers.length > MOST_SUGGESTED_LAYERS) return;
  await attempt(() => suggest(model, { hardware: DEFAULT_HARDWARE }));
  await attempt(() =>
    profileModel(new MemorySource(name, bytes), { open: () => Promise.reject(new Error("no data file")) }, {}),
  );
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `thrown: ${String(error)}`;
}
