import { basename } from "node:path";
import type { Command } from "commander";
import { formatCell, TOTALS, totalOf } from "../../columns.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import { plainTable } from "../../exports/terminal.ts";
import { formatShare } from "../../format-numbers.ts";
import type { Totals } from "../../profile.ts";
import { formatEdit } from "../../editing/edit.ts";
import type { AccuracyPromise, CurvePoint, FitBudget, FitResult } from "../../editing/fit/fit-point.ts";
import {
  addCalibrationOptions,
  addTestOptions,
  calibrationOf,
  testSamplesOf,
  type CalibrationOptions,
  type TestOptions,
} from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import { EXIT, type CliContext } from "../context.ts";
import { writeEdits } from "../edit-files.ts";
import { LIMITS, type Limit } from "../limits.ts";
import { parseDimension, parseShare, parseTime } from "../quantities.ts";
import { aligned } from "../tensor-table.ts";
import { withEditSession } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";

type FitCommandOptions = CalibrationOptions &
  TestOptions &
  Readonly<Partial<Record<Limit["option"], number>>> & {
    readonly maxLatency?: number;
    readonly minAccuracy?: number;
    readonly allowTraining?: true;
    readonly dim?: Readonly<Record<string, number>>;
    readonly hardware?: string;
    readonly out: string;
    readonly saveEdits?: string;
    readonly json?: true;
  };

/** `edgewise fit MODEL --max-macs 2M --out FILE`: the edits that err least within a budget, and the curve that leads there. */
export function addFitCommand(program: Command, context: CliContext): void {
  const command = program
    .command("fit")
    .description("restructure a whole model until it keeps a budget, by the edits that err least for what they save")
    .argument("<model>", "an .onnx or .tflite file");
  for (const { flags, total, parse } of LIMITS)
    command.option(flags, `largest ${titleOf(total).toLowerCase()} allowed`, parse);
  command
    .option("--max-latency <time>", `largest ${titleOf("latencySeconds").toLowerCase()} allowed`, parseTime)
    .option("--min-accuracy <share>", "lowest share of right answers; alone: the smallest model with it", parseShare)
    .option("--allow-training", "try edits too that need training afterwards")
    .requiredOption("--out <file>", "the file to write; nothing is written when the budget cannot be kept")
    .option("--save-edits <file>", "write the list of edits too, as JSON")
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--json", "write JSON");
  addTestOptions(addCalibrationOptions(command)).action(async (path: string, options: FitCommandOptions) => {
    const hardware = await chooseHardware(options.hardware);
    const measuring = testSamplesOf(options, options.dim);
    const settings = {
      hardware,
      calibration: calibrationOf(options, options.dim),
      ...(options.dim && { bindings: options.dim }),
      ...(options.seed !== undefined && { seed: options.seed }),
    };
    const budget = budgetOf(options);
    const result = await withEditSession(path, settings, async (session) => {
      let found = 0;
      const fitted = await session.fit({
        budget,
        ...(measuring && { measuring }),
        ...(options.allowTraining && { allowsTraining: true }),
        onPoint: () => (found += 1),
        onProgress: (done, what) =>
          context.progress?.(`${Math.round(100 * done)} % of the way, ${found} models: trying ${printable(what)}`),
      });
      const { isMet, points, best } = fitted.result;
      if (isMet) {
        context.progress?.("writing");
        await session.write(fitted.model, options.out, { onNote: context.remark });
        const { edits = [] } = points[best] ?? {};
        if (options.saveEdits !== undefined) await writeEdits(options.saveEdits, edits, basename(path));
      } else context.setExitCode(EXIT.failed);
      return fitted.result;
    }).finally(() => context.progress?.(""));
    context.write(options.json ? jsonText(fitJson(path, options.out, result)) : report(result, options));
  });
}

/** @throws {OptionError} when nothing is asked for */
function budgetOf(options: FitCommandOptions): FitBudget {
  const limits = LIMITS.flatMap(({ option, total }) => {
    const most = options[option];
    return most === undefined ? [] : [[total, most] as const];
  });
  const { maxLatency, minAccuracy } = options;
  const budget = {
    ...Object.fromEntries(limits),
    ...(maxLatency !== undefined && { latencySeconds: maxLatency }),
    ...(minAccuracy !== undefined && { lowestAccuracy: minAccuracy }),
  };
  if (Object.keys(budget).length > 0) return budget;
  const flags = [...LIMITS.map((limit) => limit.flags.split(" ")[0]), "--max-latency", "--min-accuracy"];
  throw new OptionError(`nothing to fit to: give at least one of ${flags.join(", ")}`);
}

interface FitJson extends Omit<FitResult, "points"> {
  readonly schema: 1;
  readonly model: string;
  /** null when nothing was written. */
  readonly file: string | null;
  readonly points: readonly (CurvePoint & { readonly texts: readonly string[] })[];
}

function fitJson(model: string, out: string, result: FitResult): FitJson {
  const points = result.points.map((point) => ({ ...point, texts: point.edits.map(formatEdit) }));
  return { schema: 1, model, file: result.isMet ? out : null, ...result, points };
}

function report(result: FitResult, options: FitCommandOptions): string {
  const { samples, points, best } = result;
  const chosen = points[best];
  const edits = chosen?.edits.map((edit) => `  --edit ${printable(formatEdit(edit))}`) ?? [];
  const measured =
    samples.fitted > 0
      ? `Weights fitted to ${samples.fitted} samples, errors measured on ${samples.measured} others`
      : `Errors measured on ${samples.measured} samples`;
  const sections = [
    curveTable(result, budgetOf(options)),
    `${measured}: ${printable(samples.description)}.${samples.isRandom ? RANDOM : ""}`,
    ...(result.promise ? [promiseText(result.promise, options.minAccuracy ?? 0)] : []),
    ...(edits.length > 0 ? [`Edits of model ${best + 1}:\n${edits.join("\n")}`] : []),
    result.isMet ? `Wrote ${printable(options.out)}` : "No model within the budget was found: nothing was written.",
  ];
  return `${sections.join("\n\n")}\n`;
}

/** What the samples that only judged show, and what they cannot. */
function promiseText({ right, samples, least, isShown, samplesNeeded }: AccuracyPromise, asked: number): string {
  const shown = `${right} of ${samples} answers are right on samples that nothing was fitted to or chosen by: with 95 % confidence at least ${formatShare(least)} of all like them (one-sided bound of Clopper and Pearson).`;
  if (isShown) return shown;
  const few = samples < samplesNeeded ? `, even if all are right: it takes ${samplesNeeded}` : "";
  return `${shown}\n${formatShare(asked)} is no promise: so many samples cannot show it${few}.`;
}

const RANDOM = " They are synthetic: give samples of your own with --data to fit to them.";

/** A model a row; ← marks the one to take, * those that no other one beats. */
function curveTable({ points, best }: FitResult, budget: FitBudget): string {
  const costs = TOTALS.filter(({ id }) => ALWAYS.includes(id) || Object.hasOwn(budget, id));
  const hasAgreement = points.some(({ agreement }) => agreement !== null);
  const hasAccuracy = points.some(({ accuracy }) => accuracy !== null);
  const head = ["", "Edits", ...costs.map(({ title }) => title), "SNR dB", "Same top 1", "Right", ""];
  const rows = points.map((point, index) => [
    `${index + 1}`,
    `${point.edits.length}`,
    ...costs.map(({ id, unit }) => formatCell(unit, point.totals[id])),
    point.error === 0 ? "∞" : (-10 * Math.log10(point.error)).toFixed(1),
    point.agreement === null ? "" : formatShare(point.agreement),
    point.accuracy === null ? "" : formatShare(point.accuracy),
    `${point.isOnParetoFront ? "*" : " "}${index === best ? " ←" : ""}`,
  ]);
  const isShown = (column: number): boolean =>
    (column !== head.length - 3 || hasAgreement) && (column !== head.length - 2 || hasAccuracy);
  const limits = costs.map(({ id, unit }) => {
    const most = limitOf(budget, id);
    return most === undefined ? "" : `≤ ${formatCell(unit, most)}`;
  });
  const accuracy = budget.lowestAccuracy === undefined ? "" : `≥ ${formatShare(budget.lowestAccuracy)}`;
  const all = [head, ...rows, ["", "", ...limits, "", "", accuracy, ""]];
  const shown = all.map((row) => row.filter((_, column) => isShown(column)));
  return plainTable(shown, [{ align: "right" }, ...aligned(head.length).slice(1)]);
}

/** Shown whatever the budget is. */
const ALWAYS: readonly (keyof Totals)[] = ["parameters", "macs", "fileBytes"];

function limitOf(budget: FitBudget, total: keyof Totals): number | undefined {
  return Object.entries(budget).find(([id]) => id === total)?.[1];
}

function titleOf(total: keyof Totals): string {
  return totalOf(total)?.title ?? total;
}
