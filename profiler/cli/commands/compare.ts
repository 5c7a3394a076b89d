import { Option, type Command } from "commander";
import { formatTotal, TOTALS } from "../../columns.ts";
import { changeText, comparisonMarkdown } from "../../exports/comparison-markdown.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { costModel } from "../../profile-model.ts";
import type { Profile } from "../../profile.ts";
import type { RunComparison } from "../../runtime/compare-runs.ts";
import { compareProfiles, type ComparedTotal } from "../../views/compare-profiles.ts";
import { addCalibrationOptions, calibrationOf, type CalibrationOptions, tellFolders } from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import type { CliContext } from "../context.ts";
import { parseDimension } from "../quantities.ts";
import { aligned, notComparedText, tensorTable, tensorTexts } from "../tensor-table.ts";
import { withEditSession, withModel } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";

interface CompareCommandOptions extends CalibrationOptions {
  readonly tensor?: readonly string[];
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly format: (typeof FORMATS)[number];
  readonly json?: true;
  readonly run: boolean;
}

const FORMATS = ["table", "markdown", "json"] as const;

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
    .addOption(
      new Option("--format <format>", "how to write it: markdown is for pull requests")
        .choices(FORMATS)
        .default("table"),
    )
    .option("--json", "the same as --format json")
    .option("--no-run", "compare costs alone: the models are not run");
  addCalibrationOptions(command).action(async (a: string, b: string, options: CompareCommandOptions) => {
    await tellFolders(options, context);
    const hardware = await chooseHardware(options.hardware);
    const settings = {
      hardware,
      calibration: calibrationOf(options, options.dim),
      ...(options.dim && { bindings: options.dim }),
    };
    // Costs alone need no weights.
    const reading = options.run ? {} : { onMissing: context.remark };
    const compared = withEditSession(
      a,
      settings,
      (session) =>
        withModel(
          b,
          async (second) => ({
            before: costModel(session.analysed(), hardware),
            after: costModel(session.analysed(second), hardware),
            runs: options.run
              ? await session.compare(session.base, second, {
                  calibration: settings.calibration,
                  tensors: options.tensor ?? [],
                  onProgress: ({ done, total }) => context.progress?.(`${done} of ${total} samples`),
                })
              : undefined,
          }),
          reading,
        ),
      reading,
    );
    const { before, after, runs } = await compared.finally(() => context.progress?.(""));
    context.write(WRITERS[options.json ? "json" : options.format](before, after, runs));
  });
}

function addName(name: string, before: readonly string[] = []): string[] {
  return [...before, name];
}

type Writer = (before: Profile, after: Profile, runs: RunComparison | undefined) => string;

const WRITERS: Readonly<Record<(typeof FORMATS)[number], Writer>> = {
  table: report,
  markdown: (before, after, runs) =>
    comparisonMarkdown(
      before,
      after,
      runs && {
        ...tensorTexts([...runs.outputs, ...runs.tensors]),
        samples: [samplesText(runs), notComparedText(runs), ...runs.doubts.map(printable)]
          .filter((text) => text !== "")
          .join("; "),
      },
    ),
  json: (before, after, runs) => jsonText(comparisonJson(before, after, runs)),
};

/** JSON has no infinity: null stands for it, as for what is unknown. */
export interface ComparisonJson extends RunComparison {
  readonly schema: 1;
  readonly totals: readonly ComparedTotal[];
}

function comparisonJson(
  before: Profile,
  after: Profile,
  runs: RunComparison | undefined,
): ComparisonJson | Pick<ComparisonJson, "schema" | "totals"> {
  return { schema: 1, ...runs, totals: compareProfiles(before, after).totals };
}

function samplesText({ samples: { count, description, hasLabels } }: RunComparison): string {
  return `${count} ${count === 1 ? "sample" : "samples"}: ${printable(description)}${hasLabels ? ", labelled" : ""}`;
}

function report(before: Profile, after: Profile, runs: RunComparison | undefined): string {
  const sections = [
    `a: ${printable(before.file)}\nb: ${printable(after.file)}, hardware profile ${printable(after.hardware)}`,
    totalsTable(before, after),
    ...(runs ? [samplesText(runs), tensorTable([...runs.outputs, ...runs.tensors])] : []),
    runs ? notComparedText(runs) : "",
    (runs?.doubts ?? []).map(printable).join("\n"),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function totalsTable(before: Profile, after: Profile): string {
  const rows = TOTALS.map((total) => {
    const change = changeText(before.totals[total.id], after.totals[total.id]);
    return [total.title, formatTotal(total, before), formatTotal(total, after), change];
  });
  return plainTable([["", "a", "b", "Change"], ...rows], aligned(4));
}
