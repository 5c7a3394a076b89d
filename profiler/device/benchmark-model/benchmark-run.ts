import { posix } from "node:path";
import { ownEntry } from "../../own-entry.ts";
import { FileSource } from "../../bytes/file-source.ts";
import { MemorySource } from "../../bytes/memory-source.ts";
import { RunError } from "../../errors.ts";
import type { Tensor } from "../../model/model.ts";
import type { NumericTensor } from "../../tensors/numeric-tensor.ts";
import { explainFailure } from "../adb/explain-failure.ts";
import { measureEnergy, type EnergyTimes, type LoopRun } from "../adb/measure-energy.ts";
import { PhoneRun, sizeOf, TIMED_SECONDS, type MeasuredByRuntime, type PhoneRunSubject } from "../adb/phone-run.ts";
import { shellCommand, shellWord } from "../adb/shell-word.ts";
import { compareOutputs, type OutputSteps } from "../compare-outputs.ts";
import { DelegateError, DeviceError, FREE_MEMORY, MAY_NOT_START } from "../device-error.ts";
import type { Conditions, Energy, LayerTimes, NotMeasured, OutputCheck, PeakResidentMemory } from "../run-result.ts";
import type { RunPhase } from "../target.ts";
import { isXnnpackOperator } from "./align-xnnpack.ts";
import { describeUse, hasRun, type DelegateUse } from "./delegate-use.ts";
import { mapOperators } from "./map-operators.ts";
import { beginsRuns, parseBenchmarkLog, type BenchmarkLog } from "./parse-log.ts";
import type { BenchmarkMemory } from "./parse-memory.ts";
import { parseBenchmarkProfile } from "./parse-profile.ts";
import { delegateFlags, NEWER_TOOL, OTHER_DELEGATE, toolKindOf, type ToolKind } from "./tool-kind.ts";
import { fromStoredBytes, stepOf, storedByteLength, toStoredBytes } from "../stored-elements.ts";

const PROGRAM = "benchmark_model";
const MODEL = "model.tflite";
const OUTPUTS = "outputs.bin";
const PROFILE = "profile.csv";
const EXECUTABLE = 0o755;
/** Shares need fewer runs than a mean. */
const PROFILED = { warmUp: 2, runs: 10, seconds: 10 };
/** Of the profiler: what one operator and its delegate's operators take, with room. */
const EVENTS_PER_LAYER = 8;
const LEAST_EVENTS = 1024;

/** Of asking which of the two programs it is. */
const HELP_SECONDS = 10;
/** Inputs of whoever reads its log: nothing was given. */
const OWN_INPUTS = `made by ${PROGRAM} itself`;

interface Profiled {
  readonly layers: LayerTimes | NotMeasured;
  readonly log: BenchmarkLog;
  /** What the operators of the main graph were. */
  readonly types: readonly string[];
}

interface Answer {
  readonly log: BenchmarkLog;
  readonly text: string;
}

/** A run of a TFLite model by Google's `benchmark_model`, which the user names: one run for the latency, one with its profiler on. */
export class BenchmarkRun extends PhoneRun {
  /** @param program `benchmark_model` for Android, on this machine */
  #kind: ToolKind = "interpreter";

  constructor(
    subject: PhoneRunSubject,
    private readonly program: string,
    private readonly energyTimes?: EnergyTimes,
  ) {
    super(subject);
  }

  protected override async push(folder: string): Promise<void> {
    const program = await FileSource.open(this.program);
    try {
      const inputs = this.#inputs().map(({ file, bytes }) => ({ path: file, source: new MemorySource(file, bytes) }));
      const model = this.prepared.files.map(({ source }) => ({ path: MODEL, source }));
      const runtime = [{ path: PROGRAM, source: program, mode: EXECUTABLE }];
      this.checkSpace(sizeOf([...runtime, ...model, ...inputs]));
      await this.pushFiles(folder, runtime, "pushing-runtime");
      await this.pushFiles(folder, [...model, ...inputs], "pushing-model");
    } finally {
      await program.close();
    }
  }

  protected override async run(folder: string, before: Conditions): Promise<MeasuredByRuntime> {
    this.#kind = (await this.#askedKind(folder)) ?? "interpreter";
    const { log } = await this.#latency(folder);
    if (log.statistics === undefined)
      throw new DeviceError("failed", `${this.device.serial}: ${PROGRAM} tells no times`, { hint: NEWER_TOOL });
    const madeInputs = this.#kind === "compiled-model" || log.unknownFlags.includes("input_layer_value_files");
    const outputs = madeInputs ? this.#notComparable() : await this.#compare(folder);
    const profiled = await this.#profile(folder);
    const { delegate } = this.settings;
    const uses = [...log.delegates, ...profiled.log.delegates];
    const isUsed = delegate === null ? null : hasRun(delegate, uses, profiled.types);
    // XNNPACK runs on the CPU too: without it the kernels are others, the processor is the same.
    if (isUsed === false && delegate !== null && delegate !== "xnnpack")
      throw new DelegateError(this.device.serial, PROGRAM, delegate, uses.map(describeUse));
    const energy = await this.#energy(folder, before);
    return {
      ...(madeInputs && { settings: { inputs: OWN_INPUTS } }),
      runtime: { name: PROGRAM, version: null, kind: "native", description: describeTool(this.#kind, delegate) },
      latency: {
        loadSeconds: log.loadSeconds,
        firstRunSeconds: log.firstRunSeconds,
        statistics: log.statistics,
        runSeconds: [],
      },
      layers: profiled.layers,
      memory: memoryResult([profiled.log.memory, log.memory]),
      energy,
      outputs,
      notes: [
        ...this.cutShort(log.statistics.runs),
        ...(log.tellsMedian ? [] : [`This ${PROGRAM} tells no median: the mean stands for it.`]),
        ...delegateNotes(log.delegates, delegate, isUsed),
        ...(delegate === "nnapi" ? ["NNAPI is deprecated since Android 15."] : []),
      ],
    };
  }

  /** The latency; once more with the other kind's flags where the program turns out to be that. */
  async #latency(folder: string): Promise<Answer> {
    const { warmUpRuns, runs } = this.settings;
    const flags = timing(warmUpRuns, runs, {
      most: this.options.runs === undefined ? TIMED_SECONDS : this.remainingSeconds(),
    });
    const measure = (): Promise<Answer> =>
      this.#benchmark(folder, "latency", [
        ...flags,
        ...(this.#kind === "interpreter" ? [`--output_filepath=${OUTPUTS}`] : []),
      ]);
    const answer = await measure();
    const kind = toolKindOf(answer.text) ?? this.#kind;
    if (kind === this.#kind) return answer;
    this.#kind = kind;
    return measure();
  }

  /** @returns undefined where its help does not tell, or does not come */
  async #askedKind(folder: string): Promise<ToolKind | undefined> {
    const command = tied(folder, shellCommand(`./${PROGRAM}`, "--help"));
    const { signal } = this.control;
    try {
      const { stdout, stderr } = await this.device.shell(command, { signal, limitSeconds: HELP_SECONDS });
      return toolKindOf(`${stdout}\n${stderr}`);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DeviceError && error.problem === "time-limit") return undefined;
      throw error;
    }
  }

  #notComparable(): OutputCheck {
    const reason = `${PROGRAM} made its inputs itself, and there are no outputs to compare`;
    const { outputNames, skipped } = this.prepared;
    const named = new Set(skipped.map(({ name }) => name));
    const others = outputNames.filter((name) => !named.has(name)).map((name) => ({ name, reason }));
    return compareOutputs({}, {}, [...skipped.map(({ name }) => ({ name, reason })), ...others]);
  }

  async #energy(folder: string, { battery }: Conditions): Promise<Energy | NotMeasured> {
    if (this.options.measuresEnergy !== true) return { reason: "It was not asked for." };
    const loop: LoopRun = async (seconds, onStart) => {
      let begun = 0;
      const flags = timing(this.settings.warmUpRuns, 1, { least: seconds, most: this.remainingSeconds() });
      const { log } = await this.#benchmark(folder, "energy", flags, (line) => {
        if (!beginsRuns(line)) return;
        begun += 1;
        if (begun === TIMED_PHASE) onStart();
      });
      const { runs, mean } = log.statistics ?? { runs: 0, mean: 0 };
      return { runs, loopSeconds: runs * mean };
    };
    return measureEnergy(this.device, battery, loop, this.control.signal, this.energyTimes, this.settings.delegate);
  }

  async #benchmark(
    folder: string,
    phase: RunPhase,
    flags: readonly string[],
    onErrorLine?: (line: string) => void,
  ): Promise<Answer> {
    this.report(phase);
    const { threads } = this.settings;
    const { delegate = null, delegateLibrary: path, delegateOptions: options } = this.options;
    const command = shellCommand(
      ...libraryPath(path),
      ...this.#binding(),
      `./${PROGRAM}`,
      `--graph=${MODEL}`,
      `--num_threads=${threads}`,
      ...(this.#kind === "interpreter" ? this.#inputFlags() : []),
      ...delegateFlags(this.#kind, delegate, { path, options }),
      ...flags,
    );
    const { stdout, stderr, exitCode } = await this.device.shell(tied(folder, command), {
      signal: this.control.signal,
      limitSeconds: this.remainingSeconds(),
      ...(onErrorLine && { onErrorLine }),
    });
    const text = `${stdout}\n${stderr}`;
    const log = parseBenchmarkLog(text);
    if (exitCode !== 0) throw await explainFailure(this.#failure(exitCode, log, text), this.failedRun);
    return { log, text };
  }

  #inputFlags(): readonly string[] {
    const inputs = this.#inputs();
    return [
      `--input_layer=${inputs.map(({ layer }) => layer).join(",")}`,
      `--input_layer_shape=${inputs.map(({ shape }) => shape.join(",")).join(":")}`,
      `--input_layer_value_files=${inputs.map(({ layer, file }) => `${layer}:${file}`).join(",")}`,
    ];
  }

  #failure(exitCode: number, { errors }: BenchmarkLog, text: string): Error {
    const said = errors.length > 0 ? errors.join("; ") : (text.trim().split("\n").at(-1) ?? "");
    const where = `${this.device.serial}: ${PROGRAM}`;
    if (exitCode === SIGNALLED + SIGKILL)
      return new DeviceError("killed", `${where} was killed while it ran the model`, { hint: FREE_MEMORY });
    if (/Permission denied/i.test(text) && exitCode === NOT_EXECUTABLE)
      return new DeviceError("not-executable", `${where} may not be started there: ${said}`, { hint: MAY_NOT_START });
    if (exitCode > SIGNALLED)
      return new DeviceError("failed", `${where} crashed (signal ${exitCode - SIGNALLED}): ${said}`, {
        hint: OTHER_DELEGATE,
      });
    if (/not executable|exec format|cannot execute|No such file/i.test(text))
      return new DeviceError("unsupported", `${where} does not start: ${said}`, {
        hint: `Name one that is built for Android on ${this.facts.abis[0] ?? "the phone's processor"}`,
      });
    return new RunError(`${where} cannot run the model: ${said}`, { hint: NEWER_TOOL });
  }

  /** @throws {RunError} for inputs that are no numbers */
  #inputs(): readonly {
    readonly layer: string;
    readonly file: string;
    readonly shape: readonly number[];
    readonly bytes: Uint8Array;
  }[] {
    const { inputNames, inputs } = this.prepared;
    const stored = this.#tensorsOf("inputs");
    return inputNames.map((name, index) => {
      const tensor = ownEntry(inputs, name);
      const end = stored[index];
      if (tensor === undefined || end === undefined) throw new RunError(`input "${name}" is missing`);
      // Names of the model's own hold what separates them; these need not be the same.
      return {
        layer: `input${index}`,
        file: `input${index}.bin`,
        shape: tensor.shape,
        bytes: toStoredBytes(end, tensor),
      };
    });
  }

  #tensorsOf(which: "inputs" | "outputs"): readonly Tensor[] {
    const { graph } = this.prepared.model.entries[0];
    return graph[which].flatMap((id) => graph.tensors[id] ?? []);
  }

  /** "taskset f0", as Android has it. */
  #binding(): readonly string[] {
    const { cores } = this.settings;
    if (cores === null) return [];
    return ["taskset", cores.reduce((mask, core) => mask | (1n << BigInt(core)), 0n).toString(16)];
  }

  /** The file holds all outputs, one behind the other. */
  async #compare(folder: string): Promise<OutputCheck> {
    this.report("comparing");
    const { outputNames, outputs: expected, skipped } = this.prepared;
    if (Object.keys(expected).length === 0) return compareOutputs({}, {}, skipped);
    const stored = this.#tensorsOf("outputs");
    const parts = outputNames.flatMap((name, index) => {
      const [like, end] = [ownEntry(expected, name), stored[index]];
      return like === undefined || end === undefined ? [] : [{ name, like, end, bytes: storedByteLength(end, like) }];
    });
    const size = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    const path = `${folder}/${OUTPUTS}`;
    const { stdout } = await this.device.shell(`wc -c < ${shellWord(path)} 2>/dev/null`, {
      signal: this.control.signal,
    });
    if (Number(stdout.trim() || "NaN") !== size) {
      const reason =
        stdout.trim() === ""
          ? `this ${PROGRAM} does not write its outputs: newer ones do`
          : `${PROGRAM} wrote ${stdout.trim()} bytes of outputs instead of ${size}`;
      return compareOutputs({}, {}, [...skipped, ...outputNames.map((name) => ({ name, reason }))]);
    }
    const all = await this.device.pull(path, size, this.control.signal);
    const found: Record<string, NumericTensor> = {};
    const steps: Record<string, number> = {};
    let offset = 0;
    for (const { name, like, end, bytes } of parts) {
      found[name] = fromStoredBytes(end, like, all.subarray(offset, offset + bytes));
      steps[name] = stepOf(end);
      offset += bytes;
    }
    return compareOutputs(expected, found, skipped, steps satisfies OutputSteps);
  }

  async #profile(folder: string): Promise<Profiled> {
    const { measured, settings, control } = this;
    const events = Math.max(LEAST_EVENTS, EVENTS_PER_LAYER * measured.layers.length);
    const { log, text } = await this.#benchmark(folder, "layers", [
      ...timing(PROFILED.warmUp, PROFILED.runs, { most: PROFILED.seconds }),
      ...(this.#kind === "compiled-model" ? ["--use_profiler=true"] : profilerFlags(events)),
      "--report_peak_memory_footprint=true",
    ]);
    const { stdout } = await this.device.shell(`cat ${shellWord(`${folder}/${PROFILE}`)} 2>/dev/null`, {
      signal: control.signal,
    });
    // The oldest versions print it.
    const profile = parseBenchmarkProfile(stdout.trim() === "" ? text : stdout);
    if (profile.operators.length === 0)
      return { layers: { reason: `${PROGRAM} wrote no profile of operators.` }, log, types: [] };
    const types = profile.operators.map((each) => (isXnnpackOperator(each) ? "TfLiteXNNPackDelegate" : each.type));
    return { layers: mapOperators(profile, measured.layers, settings.delegate ?? "default"), log, types };
  }
}

/** Behind the one that warms up. */
const TIMED_PHASE = 2;

/** Exit codes above are those of signals. */
const SIGNALLED = 128;
const SIGKILL = 9;
/** Of a shell, for what is there but may not be executed. */
const NOT_EXECUTABLE = 126;

/** @param seconds that the timed runs take at least, and at most; none at least: the same number of runs on every phone */
function timing(
  warmUp: number,
  runs: number,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): readonly string[] {
  return [
    `--warmup_runs=${warmUp}`,
    "--warmup_min_secs=0",
    `--num_runs=${runs}`,
    `--min_secs=${least}`,
    `--max_secs=${most.toFixed(1)}`,
  ];
}

/**
 * Runs a command in a folder and ends it when the input closes: when we end it, are killed, or the cable is pulled. The watcher must end
 * with the command, for adbd waits until nobody has its input any more; `read` is of the shell itself, so there is one process to end.
 */
function tied(folder: string, command: string): string {
  return [
    `cd ${shellWord(folder)} || exit 1`,
    "exec 3<&0",
    // Versions log to one stream or to the other: what begins is heard on one.
    `${command} </dev/null >&2 3<&- & running=$!`,
    "{ while read -r line <&3; do :; done; kill -9 $running; } >/dev/null 2>&1 & watcher=$!",
    "wait $running; code=$?",
    "kill $watcher 2>/dev/null",
    "exit $code",
  ].join("\n");
}

function profilerFlags(events: number): readonly string[] {
  return [
    "--enable_op_profiling=true",
    `--max_profiling_buffer_entries=${events}`,
    "--op_profiling_output_mode=csv",
    `--op_profiling_output_file=${PROFILE}`,
    // The same of old versions, which do not know the others.
    `--profiling_output_csv_file=${PROFILE}`,
  ];
}

/** A vendor's libraries need those beside them, and its processor's own. */
function libraryPath(library: string | undefined): readonly string[] {
  if (library === undefined) return [];
  const folder = library.endsWith(".so") ? posix.dirname(library) : library;
  return ["env", `LD_LIBRARY_PATH=${folder}`, `ADSP_LIBRARY_PATH=${folder}`];
}

function describeTool(kind: ToolKind, delegate: string | null): string {
  if (kind === "compiled-model") return `LiteRT 2, ${delegate ?? "its own choice of accelerator"}`;
  return delegate === null ? "TFLite, its own choice of delegate" : `TFLite, ${delegate} delegate`;
}

/** @param told by the runs, the one to prefer first */
function memoryResult(told: readonly BenchmarkMemory[]): PeakResidentMemory | NotMeasured {
  const peak = told.flatMap(({ peakBytes }) => peakBytes ?? [])[0];
  if (peak !== undefined) return { peakBytes: peak, baselineBytes: null };
  const grown = told.flatMap(({ overallBytes, initBytes }) => overallBytes ?? initBytes ?? [])[0];
  if (grown === undefined) return { reason: `This ${PROGRAM} does not tell its memory.` };
  return { peakBytes: grown, baselineBytes: null, meaning: `what ${PROGRAM}'s process grew by, as it tells` };
}

function delegateNotes(uses: readonly DelegateUse[], asked: string | null, isUsed: boolean | null): readonly string[] {
  const notes = [...new Set(uses.map(describeUse))];
  if (asked === null || isUsed === true) return notes;
  return [
    ...notes,
    isUsed === null ? `Nothing says that the ${asked} delegate ran anything.` : `The ${asked} delegate ran nothing.`,
  ];
}
