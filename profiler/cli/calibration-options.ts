import { InvalidArgumentError, type Command } from "commander";
import { OptionError } from "../errors.ts";
import { DATA_SYNTAX, parseData, parseLabels } from "../calibration/parse-spec.ts";
import { RANDOM_SAMPLES, type CalibrationSpec, type InputSpec, type LabelSpec } from "../calibration/spec.ts";
import { describeFolders } from "../calibration/describe-folders.ts";
import type { CliContext } from "./context.ts";
import { parseWhole } from "./quantities.ts";
import { addRuntimeOptions } from "./runtime-options.ts";

/** What commands that run models take to say on which samples. */
export interface CalibrationOptions {
  readonly data?: Readonly<Record<string, InputSpec>>;
  readonly labels?: LabelSpec;
  readonly samples?: number;
  readonly seed?: number;
}

/** @param willRun as `addRuntimeOptions` has it */
export function addCalibrationOptions(command: Command, willRun?: Parameters<typeof addRuntimeOptions>[1]): Command {
  return addInputOptions(command, willRun)
    .option("--labels <file>", "class of each sample: .npy, .txt, .json[:key=NAME] or .csv[:key=COLUMN]", parseLabels)
    .option(
      "--samples <count>",
      `use the first COUNT samples (default: all, or ${RANDOM_SAMPLES} random ones)`,
      parseWhole,
    );
}

/** For commands that only need something to run on. */
export function addInputOptions(command: Command, willRun?: Parameters<typeof addRuntimeOptions>[1]): Command {
  return addRuntimeOptions(command, willRun)
    .option(
      `--data <spec>`,
      `samples as ${DATA_SYNTAX}: .npy, .npz, raw elements, or a folder of pictures (docs/samples.md); once for each input (default: seeded random)`,
      addData,
    )
    .option("--seed <number>", "seed of random numbers (default: 0)", parseWhole);
}

/**
 * Says, before anything is measured, which class each folder of pictures is taken for and what is left out.
 * @throws {CalibrationError} when a folder has no pictures
 */
export async function tellFolders(
  { data, labels }: Pick<CalibrationOptions, "data" | "labels">,
  { remark }: CliContext,
): Promise<void> {
  const lines = await describeFolders({ ...(data && { inputs: data }), ...(labels && { labels }) });
  for (const line of lines) remark(line);
}

/** @throws {OptionError} for labels without samples of their own */
export function calibrationOf(
  { data, labels, samples, seed }: CalibrationOptions,
  dimensions?: Readonly<Record<string, number>>,
): CalibrationSpec {
  if (labels !== undefined && data === undefined) {
    throw new OptionError("--labels are not for random samples: give --data too");
  }
  return {
    ...(data && { inputs: data }),
    ...(labels && { labels }),
    ...(samples !== undefined && { count: samples }),
    ...(seed !== undefined && { seed }),
    ...(dimensions && { dimensions }),
  };
}

/** Samples that nothing is fitted to. */
export interface TestOptions {
  readonly testData?: Readonly<Record<string, InputSpec>>;
  readonly testLabels?: LabelSpec;
}

export function addTestOptions(command: Command): Command {
  return command
    .option(
      "--test-data <spec>",
      "samples to measure on, as --data; once for each input (default: every fourth of --data, and the others are fitted to)",
      addData,
    )
    .option("--test-labels <file>", "class of each of them, as --labels", parseLabels);
}

/** @throws {OptionError} for labels without samples of their own */
export function testSamplesOf(
  { testData, testLabels }: TestOptions,
  dimensions?: Readonly<Record<string, number>>,
): CalibrationSpec | undefined {
  if (testData === undefined && testLabels !== undefined)
    throw new OptionError("--test-labels need samples to test on: give --test-data too");
  if (testData === undefined) return undefined;
  return { inputs: testData, ...(testLabels && { labels: testLabels }), ...(dimensions && { dimensions }) };
}

function addData(text: string, before: Readonly<Record<string, InputSpec>> = {}): Record<string, InputSpec> {
  const [input, spec] = parseData(text);
  if (Object.hasOwn(before, input))
    throw new InvalidArgumentError(`samples ${input === "" ? "" : `of input ${input} `}are given twice.`);
  return { ...before, [input]: spec };
}
