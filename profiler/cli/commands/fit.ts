import type { Command } from "commander";
import { totalOf } from "../../columns.ts";
import { OptionError } from "../../errors.ts";
import type { Totals } from "../../profile.ts";
import type { FitBudget } from "../../editing/fit/fit-point.ts";
import type { CliContext } from "../context.ts";
import { LIMITS, type Limit } from "../limits.ts";
import { parseShare, parseTime } from "../quantities.ts";
import { addSearchOptions, search, type SearchCommandOptions } from "../search.ts";

type FitCommandOptions = SearchCommandOptions &
  Readonly<Partial<Record<Limit["option"], number>>> & {
    readonly maxLatency?: number;
    readonly minAccuracy?: number;
    readonly allowTraining?: true;
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
    .option("--allow-training", "try edits too that need training afterwards");
  addSearchOptions(command).action(async (path: string, options: FitCommandOptions) => {
    await search(path, options, context, budgetOf(options), (session, searching) =>
      session.fit({ ...searching, ...(options.allowTraining && { allowsTraining: true }) }),
    );
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

function titleOf(total: keyof Totals): string {
  return totalOf(total)?.title ?? total;
}
