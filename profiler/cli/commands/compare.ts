import { InvalidArgumentError, type Command } from "commander";
import { formatTotal, TOTALS } from "../../columns.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import type { Profile } from "../../profile.ts";
import { DATA_SYNTAX, parseData, parseLabels } from "../../run/calibration/parse-spec.ts";
import { RANDOM_SAMPLES, type CalibrationSpec, type InputSpec, type LabelSpec } from "../../run/calibration/spec.ts";
import { compareRuns, type ComparedTensor, type RunComparison } from "../../run/compare-runs.ts";
import type { Difference } from "../../run/difference.ts";
import { compareProfiles, type ComparedTotal } from "../../views/compare-profiles.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { profileFile } from "../profile-file.ts";
import { parseDimension } from "../quantities.ts";

interface CompareCommandOptions {
  readonly data?: Readonly<Record<string, InputSpec>>;
  readonly labels?: LabelSpec;
  readonly samples?: number;
  readonly seed?: number;
  readonly tensor?: readonly string[];
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly json?: true;
}

/** `edgewise compare A B`: what a change saves, and what it does to the answers. */
export function addCompareCommand(program: Command, context: CliContext): void {
  program
    .command("compare")
    .description("compare what two models cost, and what they answer to the same inputs")
    .argument("<a>", "an .onnx or .tflite file: the reference")
    .argument("<b>", "the file that is compared with it")
    .option(
      `--data <spec>`,
      `samples as ${DATA_SYNTAX}: .npy, .npz, raw elements, or a folder of images; once for each input (default: seeded random)`,
      addData,
    )
    .option("--labels <file>", "class of each sample: .npy, .txt, .json[:key=NAME] or .csv[:key=COLUMN]", parseLabels)
    .option(
      "--samples <count>",
      `use the first so many samples (default: all, or ${RANDOM_SAMPLES} random ones)`,
      whole,
    )
    .option("--seed <number>", "seed of random samples (default: 0)", whole)
    .option("--tensor <name>", "compare an inner tensor too; may be given several times", addName)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--json", "write JSON")
    .action(async (a: string, b: string, options: CompareCommandOptions) => {
      if (options.labels !== undefined && options.data === undefined)
        throw new OptionError("--labels say nothing of random samples: give --data too");
      const hardware = await chooseHardware(options.hardware);
      const profiling = { bindings: options.dim ?? {}, hardware };
      const before = await profileFile(a, profiling);
      const after = await profileFile(b, profiling);
      const runs = await compareRuns(
        { path: a },
        { path: b },
        {
          calibration: calibrationOf(options),
          tensors: options.tensor ?? [],
          onProgress: ({ done, total }) => context.progress?.(`${done} of ${total} samples`),
        },
      ).finally(() => context.progress?.(""));
      context.write(
        options.json ? `${JSON.stringify(comparisonJson(before, after, runs))}\n` : report(before, after, runs),
      );
    });
}

function calibrationOf({ data, labels, samples, seed, dim }: CompareCommandOptions): CalibrationSpec {
  return {
    ...(data && { inputs: data }),
    ...(labels && { labels }),
    ...(samples !== undefined && { count: samples }),
    ...(seed !== undefined && { seed }),
    ...(dim && { dimensions: dim }),
  };
}

function addData(text: string, before: Readonly<Record<string, InputSpec>> = {}): Record<string, InputSpec> {
  const [input, spec] = parseData(text);
  if (Object.hasOwn(before, input))
    throw new InvalidArgumentError(`samples ${input === "" ? "" : `of input ${input} `}are given twice.`);
  return { ...before, [input]: spec };
}

function addName(name: string, before: readonly string[] = []): string[] {
  return [...before, name];
}

function whole(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number.");
  return value;
}

/** JSON has no infinity: null stands for it, as for what is unknown. */
export interface ComparisonJson extends RunComparison {
  readonly schema: 1;
  readonly totals: readonly ComparedTotal[];
}

function comparisonJson(before: Profile, after: Profile, runs: RunComparison): ComparisonJson {
  return { schema: 1, ...runs, totals: compareProfiles(before, after).totals };
}

function report(before: Profile, after: Profile, runs: RunComparison): string {
  const { samples, unmatched } = runs;
  const labelled = samples.hasLabels ? ", labelled" : "";
  const sections = [
    `a: ${printable(before.file)}\nb: ${printable(after.file)}, hardware profile ${printable(after.hardware)}`,
    totalsTable(before, after),
    `${samples.count} ${samples.count === 1 ? "sample" : "samples"}: ${printable(samples.description)}${labelled}`,
    tensorTable([...runs.outputs, ...runs.tensors]),
    unmatched.length === 0 ? "" : `Not compared: ${unmatched.map(printable).join(", ")}`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function totalsTable(before: Profile, after: Profile): string {
  const rows = TOTALS.map((total) => {
    const change = changeOf(before.totals[total.id], after.totals[total.id]);
    return [total.title, formatTotal(total, before), formatTotal(total, after), change];
  });
  return plainTable([["", "a", "b", "Change"], ...rows], aligned(4));
}

/** "−25 %" */
function changeOf(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0 || before === after) return "";
  const change = after / before - 1;
  return `${change < 0 ? "−" : "+"}${formatShare(Math.abs(change))}`;
}

const MEASURES: readonly { readonly title: string; readonly text: (difference: Difference) => string }[] = [
  { title: "Max error", text: ({ maxAbsolute }) => digits(maxAbsolute) },
  { title: "Of range", text: ({ maxRelative }) => digits(maxRelative) },
  { title: "RMS", text: ({ rms }) => digits(rms) },
  { title: "SNR dB", text: ({ snr }) => (Number.isFinite(snr) ? snr.toFixed(1) : digits(snr)) },
  { title: "Cosine", text: ({ cosine }) => cosine.toFixed(6) },
  { title: "Same top 1", text: ({ top1 }) => (top1 ? formatShare(top1.agreement) : "") },
  { title: "Right a", text: ({ top1 }) => (top1?.accuracy ? formatShare(top1.accuracy.a) : "") },
  { title: "Right b", text: ({ top1 }) => (top1?.accuracy ? formatShare(top1.accuracy.b) : "") },
];

function tensorTable(tensors: readonly ComparedTensor[]): string {
  const rows = tensors.map(({ names, difference, reason }) => {
    const name = printable(names.a === names.b ? names.a : `${names.a} / ${names.b}`);
    if (difference === undefined) return [name, printable(`not compared: ${reason ?? ""}`)];
    return [name, ...MEASURES.map(({ text }) => text(difference))];
  });
  const compared = rows.filter(({ length }) => length > 2);
  const used = MEASURES.map((_, index) => compared.some((row) => row[index + 1] !== ""));
  const shown = (row: readonly string[]): readonly string[] => row.filter((_, index) => index === 0 || used[index - 1]);
  const titles = ["Tensor", ...MEASURES.map(({ title }) => title)];
  const table = compared.length === 0 ? [] : [plainTable([titles, ...compared].map(shown), aligned(titles.length))];
  const others = rows.filter(({ length }) => length === 2).map((row) => row.join(": "));
  return [...table, ...others].join("\n");
}

function aligned(columns: number): readonly { readonly align: "left" | "right" }[] {
  return Array.from({ length: columns }, (_, index) => ({ align: index === 0 ? "left" : "right" }));
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return value === 0 ? "0" : value.toPrecision(3);
}
