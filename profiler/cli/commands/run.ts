import { Option, type Command } from "commander";
import { requireWritable } from "../../bytes/write-target.ts";
import {
  describeError,
  PROFILED_LEVELS,
  sweepThreads,
  TFLITE_DELEGATES,
  TFLITE_RUNTIMES,
  type ProfiledLevel,
  type RunOptions,
  type RunResult,
  type TfliteDelegate,
  type TfliteRuntime,
  type ThreadSweep,
} from "../../device/index.ts";
import { OptionError } from "../../errors.ts";
import { printable } from "../../exports/printable.ts";
import type { HardwareProfile } from "../../hardware/hardware.ts";
import { analyseModel, costModel } from "../../profile-model.ts";
import type { Layer } from "../../layers/layer.ts";
import { addInputOptions, calibrationOf, type CalibrationOptions, tellFolders } from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import { addAdbOption, chooseTarget, HOST, type DeviceOptions } from "../choose-target.ts";
import { EXIT, type CliContext } from "../context.ts";
import { learnInFile } from "../learned-file.ts";
import { parseCores, parseDimension, parsePositive, parseThreads, parseTime, parseWhole } from "../quantities.ts";
import { runProgress } from "../run-progress.ts";
import { runReport } from "../run-report.ts";
import { countedThreads, sweepTable } from "../sweep-report.ts";
import { withModel } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";
import { MODEL_ARGUMENT } from "../model-argument.ts";

interface RunCommandOptions extends Pick<CalibrationOptions, "data" | "seed">, DeviceOptions {
  readonly threads?: readonly number[];
  readonly warmUp?: number;
  readonly runs?: number;
  readonly dim?: Readonly<Record<string, number>>;
  readonly cores?: RunOptions["cores"];
  /** True unless it is turned off. */
  readonly fixedPerformance: boolean;
  readonly delegate?: TfliteDelegate;
  readonly delegateLibrary?: string;
  readonly delegateOptions?: string;
  readonly layersAt?: ProfiledLevel;
  readonly runtime?: TfliteRuntime;
  readonly energy?: true;
  readonly timeLimit?: number;
  readonly hardware?: string;
  readonly learn?: string;
  readonly json?: true;
}

/** `edgewise run MODEL --device SERIAL`: what a device really takes, beside the estimates. */
export function addRunCommand(program: Command, context: CliContext): void {
  const command = program
    .command("run")
    .description("run a model on a phone or on this machine, and measure it")
    .argument("<model>", MODEL_ARGUMENT)
    .option(
      "--device <serial>",
      `a serial of \`edgewise devices\`, or "${HOST}" (default: the only phone that is connected)`,
    )
    .option(
      "--threads <counts>",
      "threads that share an operator; of several, such as 1,2,4, each is measured and the fastest named",
      parseThreads,
    )
    .option("--warm-up <count>", "runs before those that are timed", parseWhole)
    .option("--runs <count>", "runs that are timed", parsePositive)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option(
      "--cores <list>",
      'cores to bind the run to, such as 4-7, or "big" for the faster ones, where the phone allows it',
      parseCores,
    )
    .option(
      "--no-fixed-performance",
      "leave the phone's clock rates alone: by default they are held at a level that it can sustain",
    )
    .option("--energy", "measure the energy too, where the phone has power rails")
    .option("--time-limit <time>", "stop a run that takes longer, such as 90s", parseTime)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option(
      "--learn <file>",
      "write what was learned of the device's speed from its own runs, as a hardware profile for --hardware",
    )
    .addOption(
      new Option(
        "--layers-at <level>",
        "ONNX Runtime's optimizations under which layers are profiled (default: all)",
      ).choices(PROFILED_LEVELS),
    )
    .addOption(
      new Option(
        "--runtime <name>",
        "what runs a TFLite model: TFLite itself, or LiteRT.js in the phone's Chrome; webgpu: the phone's GPU, in its Chrome, for ONNX too",
      ).choices(TFLITE_RUNTIMES),
    )
    .option("--benchmark-model <path>", "Google's benchmark_model for Android: TFLite models run by it")
    .addOption(
      new Option(
        "--delegate <name>",
        "the delegate with which benchmark_model runs layers; npu is LiteRT 2's, qnn Qualcomm's, nnapi deprecated since Android 15",
      ).choices(TFLITE_DELEGATES),
    )
    .option("--delegate-library <path>", "on the phone: the QNN delegate's .so, or the folder of an NPU's libraries")
    .option("--delegate-options <text>", "options of the QNN delegate (default: backend_type:htp)")
    .option("--json", "write JSON");
  addAdbOption(addInputOptions(command)).action(async (path: string, options: RunCommandOptions) => {
    await tellFolders(options, context);
    const hardware = await chooseHardware(options.hardware);
    const { threads = [], learn: learned } = options;
    if (threads.length > 1 && learned !== undefined)
      throw new OptionError("--learn needs a single number of threads: give --threads one number");
    await requireWritable(learned);
    const { profile, rows, sweep } = await withModel(path, async (model) => {
      const analysed = analyseModel(model, options.dim ?? {});
      const costed = costModel(analysed, hardware);
      const target = chooseTarget(options);
      const measured: RunResult[] = [];
      const runs = await interruptibly(context, (signal) => {
        const run = async (count: number | undefined): Promise<RunResult> => {
          const title = threads.length > 1 ? `${countedThreads(count)}: ` : "";
          const result = await target.run({ model, layers: costed.layers }, runOptions(options, count), {
            ...(signal && { signal }),
            onProgress: (progress) => context.progress?.(`${title}${runProgress(progress)}`),
          });
          measured.push(result);
          return result;
        };
        return threads.length > 1 ? sweepThreads(threads, run, ({ latency }) => latency) : single(run(threads[0]));
      }).catch((error: unknown) => {
        // What was measured before the sweep ended is worth knowing.
        if (threads.length > 1 && measured.length > 0 && options.json !== true) context.write(sweepTable(measured));
        throw error;
      });
      return { profile: costed, rows: analysed.listing.layers, sweep: runs };
    }).finally(() => context.progress?.(""));
    const results = sweep.swept.map(({ run }) => run);
    const result = sweep.fastest.run;
    if (results.some(({ outputs }) => outputs.verdict === "differs")) context.setExitCode(EXIT.failed);
    const isSweep = results.length > 1;
    const told = learned === undefined ? "" : await learn(learned, result, rows, hardware);
    const json = (): string => jsonText(isSweep ? sweepJson(sweep) : runJson(result));
    const text = (): string =>
      `${runReport(result, profile, context.width)}${isSweep ? `\n${sweepTable(results)}` : ""}${told}`;
    context.write(options.json ? json() : text());
  });
}

/** What is no sweep, as one. */
async function single(running: Promise<RunResult>): Promise<ThreadSweep<RunResult>> {
  const run = await running;
  const only = { threads: run.settings.threads, run };
  return { swept: [only], fastest: only };
}

/** @returns what was learned, as a paragraph */
async function learn(
  path: string,
  result: RunResult,
  rows: readonly Layer[],
  hardware: HardwareProfile,
): Promise<string> {
  if (result.outputs.verdict === "differs") return "\nNothing was learned from a run with wrong outputs.\n";
  const { hardware: learned, error } = await learnInFile(path, result, rows, hardware);
  return `\n${printable(learned.name)}: ${describeError(error)}. Estimate with it: --hardware ${printable(path)}\n`;
}

/** What dies of the same Ctrl-C, as a process of ours does, may be heard of first: it was interrupted all the same. */
async function interruptibly<T>(
  { interruption }: CliContext,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const signal = interruption?.();
  try {
    return await work(signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function runOptions(
  {
    dim,
    warmUp,
    runs,
    cores,
    fixedPerformance,
    delegate,
    delegateLibrary,
    delegateOptions,
    layersAt,
    runtime,
    energy,
    timeLimit,
    data,
    seed,
  }: RunCommandOptions,
  threads: number | undefined,
): RunOptions {
  return {
    calibration: calibrationOf({ ...(data && { data }), ...(seed !== undefined && { seed }) }),
    ...(dim && { dimensions: dim }),
    ...(threads !== undefined && { threads }),
    ...(warmUp !== undefined && { warmUpRuns: warmUp }),
    ...(runs !== undefined && { runs }),
    ...(cores && { cores }),
    ...(!fixedPerformance && { fixedPerformance }),
    ...(delegate && { delegate }),
    ...(delegateLibrary !== undefined && { delegateLibrary }),
    ...(delegateOptions !== undefined && { delegateOptions }),
    ...(layersAt && { layersAt }),
    ...(runtime && { runtime }),
    ...(energy && { measuresEnergy: true }),
    ...(timeLimit !== undefined && { timeLimitSeconds: timeLimit }),
  };
}

export interface RunJson extends RunResult {
  readonly schema: 1;
}

function runJson(result: RunResult): RunJson {
  return { schema: 1, ...result };
}

export interface SweepJson {
  readonly schema: 1;
  /** The number of threads with the least median latency. */
  readonly fastestThreads: number;
  /** By rising numbers of threads. */
  readonly runs: readonly RunResult[];
}

function sweepJson({ swept, fastest }: ThreadSweep<RunResult>): SweepJson {
  return { schema: 1, fastestThreads: fastest.threads, runs: swept.map(({ run }) => run) };
}
