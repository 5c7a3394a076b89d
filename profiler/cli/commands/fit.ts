import type { Command } from "commander";
import { existsSync } from "node:fs";
import { writeAtomically } from "../../bytes/atomic-file.ts";
import { readTextFile } from "../../bytes/whole-file.ts";
import { requireWritable } from "../../bytes/write-target.ts";
import type { RunOptions } from "../../device/index.ts";
import { OptionError } from "../../errors.ts";
import { formatDeviceSearch, parseDeviceSearch, type DeviceSearch } from "../../editing/fit/device/device-search.ts";
import { clockOn } from "../../editing/fit/device/target-clock.ts";
import type { FitOptions } from "../../editing/fit/fit.ts";
import type { FitBudget } from "../../editing/fit/fit-point.ts";
import { calibrationOf } from "../calibration-options.ts";
import { addAdbOption, chooseTarget, HOST, type DeviceOptions } from "../choose-target.ts";
import type { CliContext } from "../context.ts";
import { describeLimit, LIMITS, type Limit } from "../limits.ts";
import { parsePositive, parseShare, parseTime } from "../quantities.ts";
import { addSearchOptions, search, type SearchCommandOptions } from "../search.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

type FitCommandOptions = SearchCommandOptions &
  DeviceOptions &
  Readonly<Partial<Record<Limit["option"], number>>> & {
    readonly threads?: number;
    readonly state?: string;
    readonly maxLatency?: number;
    readonly maxError?: number;
    readonly minAccuracy?: number;
    readonly allowTraining?: true;
  };

/** `edgewise fit MODEL --max-macs 2M --out FILE`: the edits that err least within a budget, and the curve that leads there. */
export function addFitCommand(program: Command, context: CliContext): void {
  const command = program
    .command("fit")
    .description("restructure a whole model until it keeps a budget, by the edits that err least for what they save")
    .argument("<model>", MODEL_ARGUMENT);
  for (const { flags, total, parse } of LIMITS) command.option(flags, describeLimit(total), parse);
  command
    .option("--max-latency <time>", describeLimit("latencySeconds"), parseTime)
    .option("--min-accuracy <share>", "lowest share of right answers; alone: the smallest model with it", parseShare)
    .option(
      "--max-error <share>",
      "largest difference of an output allowed, relative to its range; alone: the smallest model with it",
      parseShare,
    )
    .option("--allow-training", "try edits too that need training afterwards")
    .option(
      "--recover-between <count>",
      "with --recover, train for so many steps after each step of the search as well, and go on from there",
      parsePositive,
    )
    .option(
      "--device <serial>",
      `measure latencies there while searching: a serial of \`edgewise devices\`, or "${HOST}" (default: they are estimated)`,
    )
    .option("--threads <count>", "threads that share an operator on the device", parsePositive)
    .option("--benchmark-model <path>", "Google's benchmark_model for Android: TFLite models run by it")
    .option(
      "--state <file>",
      "save the search on the device to this file while it runs; a search that the file holds already is continued",
    );
  addSearchOptions(addAdbOption(command)).action(async (path: string, options: FitCommandOptions) => {
    const budget = budgetOf(options);
    await requireWritable(options.state);
    await search(path, options, context, budget, async (session, searching) => {
      const kept = keeper(options.state);
      const device = await deviceOf(options, searching.signal, kept);
      const { allowTraining } = options;
      const training = { ...(allowTraining && { allowsTraining: true }) };
      try {
        return await session.fit({ ...searching, ...training, ...(device && { device }) });
      } finally {
        await kept.done();
      }
    });
  });
}

/** Keeps a search in a file, each time whole: the writes follow each other. */
interface Keeper {
  readonly keep: (search: DeviceSearch) => void;
  readonly done: () => Promise<void>;
}

function keeper(path: string | undefined): Keeper {
  let writing = Promise.resolve();
  const keep = (search: DeviceSearch): void => {
    if (path === undefined) return;
    const bytes = new TextEncoder().encode(formatDeviceSearch(search));
    const before = writing;
    writing = before.then(() => writeAtomically(path, (target) => target.write(bytes)));
    // It is heard of in the end.
    writing.catch(() => undefined);
  };
  return { keep, done: () => writing };
}

/** @throws {DeviceError} when it cannot be reached @throws {OptionError} for options that want a device */
async function deviceOf(
  options: FitCommandOptions,
  signal: AbortSignal | undefined,
  { keep }: Keeper,
): Promise<FitOptions["device"]> {
  const { device, threads, state, dim } = options;
  if (device === undefined) {
    const flags = (["threads", "state", "benchmarkModel"] as const).filter((each) => options[each] !== undefined);
    if (flags.length === 0) return undefined;
    throw new OptionError("--threads, --state and --benchmark-model are for a device: give --device too");
  }
  const running: RunOptions = {
    calibration: calibrationOf(options, dim),
    ...(dim && { dimensions: dim }),
    ...(threads !== undefined && { threads }),
  };
  const resume =
    state !== undefined && existsSync(state) ? parseDeviceSearch(await readTextFile(state), state) : undefined;
  const clock = await clockOn(chooseTarget(options), running, signal);
  return { ...clock, ...(resume && { resume }), onSearch: keep };
}

/** @throws {OptionError} when nothing is asked for */
function budgetOf(options: FitCommandOptions): FitBudget {
  const limits = LIMITS.flatMap(({ option, total }) => {
    const most = options[option];
    return most === undefined ? [] : [[total, most] as const];
  });
  const { maxLatency, minAccuracy, maxError } = options;
  const budget = {
    ...Object.fromEntries(limits),
    ...(maxLatency !== undefined && { latencySeconds: maxLatency }),
    ...(minAccuracy !== undefined && { lowestAccuracy: minAccuracy }),
    ...(maxError !== undefined && { largestError: maxError }),
  };
  if (Object.keys(budget).length > 0) return budget;
  const flags = [...LIMITS.map((limit) => limit.flags.split(" ")[0]), "--max-latency", "--min-accuracy", "--max-error"];
  throw new OptionError(`nothing to fit to: give at least one of ${flags.join(", ")}`);
}
