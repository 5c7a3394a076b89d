import { basename } from "node:path";
import type { Command } from "commander";
import { requireWritable } from "../bytes/write-target.ts";
import type { EditSession } from "../editing/edit-session.ts";
import type { CompressOptions } from "../editing/compress/compress-options.ts";
import type { FitBudget } from "../editing/fit/fit-point.ts";
import type { Fitted } from "../editing/fit/fit.ts";
import { OptionError } from "../errors.ts";
import { jsonText } from "../exports/json-text.ts";
import { printable } from "../exports/printable.ts";
import {
  addCalibrationOptions,
  addTestOptions,
  calibrationOf,
  tellFolders,
  testSamplesOf,
  type CalibrationOptions,
  type TestOptions,
} from "./calibration-options.ts";
import { chooseHardware } from "./choose-hardware.ts";
import { EXIT, type CliContext } from "./context.ts";
import { writeEdits } from "./edit-files.ts";
import { DEFAULT_STEPS } from "../training/recover.ts";
import { fitJson, fitReport } from "./fit-report.ts";
import { requireNameOf } from "./out-name.ts";
import { parseDimension, parsePositive } from "./quantities.ts";
import { withEditSession } from "./with-model.ts";

/** What commands take that search for a model within a budget, beside the budget. */
export interface SearchCommandOptions extends CalibrationOptions, TestOptions {
  readonly dim?: Readonly<Record<string, number>>;
  readonly hardware?: string;
  readonly out: string;
  readonly saveEdits?: string;
  readonly recover?: true;
  readonly recoverSteps?: number;
  readonly recoverBetween?: number;
  readonly json?: true;
}

export function addSearchOptions(command: Command): Command {
  command
    .requiredOption("--out <file>", "the file to write; nothing is written when the budget cannot be kept")
    .option("--save-edits <file>", "write the list of edits too, as JSON")
    .option(
      "--recover",
      "train what was found to answer as the model does (docs/recovery.md), and keep it where it errs less then",
    )
    .option(
      "--recover-steps <count>",
      `steps of each training with --recover (default: ${DEFAULT_STEPS})`,
      parsePositive,
    )
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--json", "write JSON");
  return addTestOptions(addCalibrationOptions(command));
}

/** What a search is told. */
export type Searching = Pick<
  CompressOptions,
  "budget" | "measuring" | "recovery" | "onPoint" | "onProgress" | "signal"
>;

/** Searches, writes the model that was found, and prints the curve. */
export async function search(
  path: string,
  options: SearchCommandOptions,
  context: CliContext,
  budget: FitBudget,
  run: (session: EditSession, searching: Searching) => Promise<Fitted>,
): Promise<void> {
  await requireWritable(options.out, options.saveEdits);
  await tellFolders(options, context);
  const hardware = await chooseHardware(options.hardware);
  const measuring = testSamplesOf(options, options.dim);
  const recovery = recoveryOf(options);
  const settings = {
    hardware,
    calibration: calibrationOf(options, options.dim),
    ...(options.dim && { bindings: options.dim }),
    ...(options.seed !== undefined && { seed: options.seed }),
  };
  const result = await withEditSession(path, settings, async (session) => {
    requireNameOf(session.base.format, options.out);
    let found = 0;
    const signal = context.interruption?.();
    const fitted = await run(session, {
      budget,
      ...(signal && { signal }),
      ...(measuring && { measuring }),
      ...(recovery && { recovery }),
      onPoint: () => (found += 1),
      onProgress: (done, what) =>
        context.progress?.(`${Math.round(100 * done)} % of the way, ${found} models: trying ${printable(what)}`),
    });
    const { isMet, points, best, ending } = fitted.result;
    if (isMet) {
      context.progress?.("writing");
      await session.write(fitted.model, options.out, { onNote: context.remark });
      const { edits = [] } = points[best] ?? {};
      if (options.saveEdits !== undefined) await writeEdits(options.saveEdits, edits, basename(path), fitted.learned);
    } else context.setExitCode(ending === "cancelled" ? EXIT.interrupted : EXIT.failed);
    return fitted.result;
  }).finally(() => context.progress?.(""));
  context.write(options.json ? jsonText(fitJson(path, options.out, result)) : fitReport(result, budget, options.out));
}

/** @throws {OptionError} for steps of no training */
function recoveryOf({
  recover,
  recoverSteps: steps,
  recoverBetween: between,
}: SearchCommandOptions): Searching["recovery"] {
  if (recover === true) return { ...(steps !== undefined && { steps }), ...(between !== undefined && { between }) };
  if (steps === undefined && between === undefined) return undefined;
  const given = steps === undefined ? "--recover-between" : "--recover-steps";
  throw new OptionError(`${given} says nothing without --recover: give it too`);
}
