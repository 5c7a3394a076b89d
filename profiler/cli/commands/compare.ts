import type { Command } from "commander";
import { formatTotal, TOTALS } from "../../columns.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import type { Profile } from "../../profile.ts";
import { compareRuns, type ComparedTensor, type RunComparison } from "../../run/compare-runs.ts";
import type { Difference } from "../../run/difference.ts";
import { compareProfiles, type ComparedTotal } from "../../views/compare-profiles.ts";
import { addCalibrationOptions, calibrationOf, type CalibrationOptions } from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { profileFile } from "../profile-file.ts";
import { parseDimension } from "../quantities.ts";

interface CompareCommandOptions extends CalibrationOptions {
  readonly tensor?: readonly string[];
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly json?: true;
}

/** `edgewise compare A B`: what a change saves, and what it does to the answers. */
export function addCompareCommand(program: Command, context: CliContext): void {
  const command = program
    .command("compare")
    .description("compare what two models cost, and what they answer to the same inputs")
    .argument("<a>", "an .onnx or .tflite file: the reference")
    .argument("<b>", "the file that is compared with it")
    .option("--tensor <name>", "compare an inner tensor too; may be given several times", addName)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--json", "write JSON");
  addCalibrationOptions(command).action(async (a: string, b: string, options: CompareCommandOptions) => {
    const hardware = await chooseHardware(options.hardware);
    const profiling = { bindings: options.dim ?? {}, hardware };
    const before = await profileFile(a, profiling);
    const after = await profileFile(b, profiling);
    const runs = await compareRuns(
      { path: a },
      { path: b },
      {
        calibration: calibrationOf(options, options.dim),
        tensors: options.tensor ?? [],
        onProgress: ({ done, total }) => context.progress?.(`${done} of ${total} samples`),
      },
    ).finally(() => context.progress?.(""));
    context.write(
      options.json ? `${JSON.stringify(comparisonJson(before, after, runs))}\n` : report(before, after, runs),
    );
  });
}

function addName(name: string, before: readonly string[] = []): string[] {
  return [...before, name];
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
