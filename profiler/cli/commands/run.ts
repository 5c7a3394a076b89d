import { Option, type Command } from "commander";
import {
  describeError,
  PROFILED_LEVELS,
  TFLITE_DELEGATES,
  TFLITE_RUNTIMES,
  type ProfiledLevel,
  type RunOptions,
  type RunResult,
  type TfliteDelegate,
  type TfliteRuntime,
} from "../../device/index.ts";
import { printable } from "../../exports/printable.ts";
import type { HardwareProfile } from "../../hardware/hardware.ts";
import { analyseModel, costModel } from "../../profile-model.ts";
import type { Profile } from "../../profile.ts";
import { addInputOptions, calibrationOf, type CalibrationOptions, tellFolders } from "../calibration-options.ts";
import { chooseHardware } from "../choose-hardware.ts";
import { addAdbOption, chooseTarget, HOST, type DeviceOptions } from "../choose-target.ts";
import { EXIT, type CliContext } from "../context.ts";
import { learnInFile } from "../learned-file.ts";
import { parseCores, parseDimension, parsePositive, parseTime, parseWhole } from "../quantities.ts";
import { runProgress } from "../run-progress.ts";
import { runReport } from "../run-report.ts";
import { withModel } from "../with-model.ts";
import { jsonText } from "../../exports/json-text.ts";

interface RunCommandOptions extends Pick<CalibrationOptions, "data" | "seed">, DeviceOptions {
  readonly threads?: number;
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
    .argument("<model>", "an .onnx or .tflite file")
    .option("--device <serial>", `a serial of \`edgewise devices\`, or "${HOST}" (default: the only phone there is)`)
    .option("--threads <count>", "threads that share an operator", parsePositive)
    .option("--warm-up <count>", "runs before those that are timed", parseWhole)
    .option("--runs <count>", "runs that are timed", parsePositive)
    .option("--dim <NAME=N>", "bind a dynamic dimension; may be given several times", parseDimension)
    .option(
      "--cores <list>",
      'cores to bind the run to, such as 4-7, or "big" for the faster ones, where the phone allows it',
      parseCores,
    )
    .option("--no-fixed-performance", "leave the phone's clocks alone: by default they are held at what it can keep up")
    .option("--energy", "measure the energy too, where the phone has power rails")
    .option("--time-limit <time>", "end a run that takes longer, such as 90s", parseTime)
    .option("--hardware <name>", "hardware profile for the estimates: one of `edgewise hardware`, or a .json file")
    .option("--learn <file>", "write what the device's own runs say of its speed, as a hardware profile for --hardware")
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
        "what benchmark_model hands layers to; npu is LiteRT 2's, qnn Qualcomm's, nnapi deprecated since Android 15",
      ).choices(TFLITE_DELEGATES),
    )
    .option("--delegate-library <path>", "on the phone: the QNN delegate's .so, or the folder of an NPU's libraries")
    .option("--delegate-options <text>", "what the QNN delegate is told (default: backend_type:htp)")
    .option("--json", "write JSON");
  addAdbOption(addInputOptions(command)).action(async (path: string, options: RunCommandOptions) => {
    await tellFolders(options, context);
    const hardware = await chooseHardware(options.hardware);
    const { profile, result } = await withModel(path, async (model) => {
      const costed = costModel(analyseModel(model, options.dim ?? {}), hardware);
      const measured = await interruptibly(context, (signal) =>
        chooseTarget(options).run({ model, layers: costed.layers }, runOptions(options), {
          ...(signal && { signal }),
          onProgress: (progress) => context.progress?.(runProgress(progress)),
        }),
      );
      return { profile: costed, result: measured };
    }).finally(() => context.progress?.(""));
    if (result.outputs.verdict === "differs") context.setExitCode(EXIT.failed);
    const learned = options.learn === undefined ? "" : await learn(options.learn, result, profile, hardware);
    context.write(options.json ? jsonText(runJson(result)) : `${runReport(result, profile, context.width)}${learned}`);
  });
}

/** @returns what was learned, as a paragraph */
async function learn(path: string, result: RunResult, { layers }: Profile, hardware: HardwareProfile): Promise<string> {
  if (result.outputs.verdict === "differs") return "\nNothing was learned of a run with wrong outputs.\n";
  const { hardware: learned, error } = await learnInFile(path, result, layers, hardware);
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

function runOptions({
  dim,
  threads,
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
}: RunCommandOptions): RunOptions {
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
