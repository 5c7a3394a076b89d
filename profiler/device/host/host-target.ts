import { RunError } from "../../errors.ts";
import type { FormatId } from "../../model/format.ts";
import { hostTflite, whyNoHostTflite, type HostTflite } from "../../runtime/native/bundles.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { DeviceError } from "../device-error.ts";
import { latencyOf } from "../latency-statistics.ts";
import { mapTimes } from "../map-times.ts";
import { profiledLevel } from "../profiled-level.ts";
import { parseOrtProfile } from "../ort-profile.ts";
import { prepareRun, type PreparedRun } from "../prepared-run.ts";
import { RunQueue } from "../run-queue.ts";
import { RUN_RESULT_VERSION, type RunResult } from "../run-result.ts";
import type { DeviceFacts, MeasuredModel, RunControl, RunOptions, Target } from "../target.ts";
import { hostConditions, hostTypes, hostIdentity } from "./describe-host.ts";
import { nativeResult } from "../tflite/native-result.ts";
import { refusalOf } from "../tflite/newer-operators.ts";
import { planOf, shortenedTo } from "./measuring-plan.ts";
import { runNativeTflite } from "./run-native-tflite.ts";
import { runOnnxProcess } from "./run-onnx.ts";
import { runTfliteProcess } from "./run-tflite.ts";

/** What a runtime measured of a model, and with what it did so. */
type Measured = Pick<RunResult, "runtime" | "settings" | "latency" | "layers" | "memory" | "outputs" | "notes">;

/** What measures a model of each format. */
const MEASURES: Readonly<
  Record<
    FormatId,
    (
      model: MeasuredModel,
      prepared: PreparedRun,
      options: RunOptions,
      control: RunControl,
      tflite: HostTflite | undefined,
    ) => Promise<Measured>
  >
> = { onnx: measureOnnx, tflite: measureTflite };

/** This machine, measured as a phone is: ONNX by onnxruntime-node, TFLite by its own runtime or by LiteRT.js. Runs queue. */
export class HostTarget implements Target {
  readonly #queue = new RunQueue();

  /** @param tflite finds TFLite's own runtime */
  constructor(private readonly tflite: () => HostTflite | undefined = hostTflite) {}

  describe(): Promise<DeviceFacts> {
    return hostTypes();
  }

  run(model: MeasuredModel, options: RunOptions, control: RunControl = {}): Promise<RunResult> {
    const onWait = (): void => control.onProgress?.({ phase: "queued" });
    return this.#queue.take(control.signal, onWait, () => measure(model, options, control, this.tflite()));
  }
}

async function measure(
  model: MeasuredModel,
  options: RunOptions,
  control: RunControl,
  tflite: HostTflite | undefined,
): Promise<RunResult> {
  const { signal, onProgress } = control;
  signal?.throwIfAborted();
  onProgress?.({ phase: "preparing" });
  if (options.runtime === "webgpu")
    throw new RunError("a GPU is measured in a phone's Chrome, not on this machine", {
      hint: "Choose a phone with --device, or leave --runtime out",
    });
  if (options.cores !== undefined)
    throw new RunError("runs on this machine cannot be bound to cores", {
      hint: "Leave --cores out, or choose a phone with --device",
    });
  const prepared = await prepareRun(model.model, options, { isTflite: options.runtime !== "litert" }, signal);
  signal?.throwIfAborted();
  const startedAt = new Date().toISOString();
  const before = hostConditions();
  const measured = await MEASURES[model.model.format](model, prepared, options, control, tflite);
  return {
    version: RUN_RESULT_VERSION,
    startedAt,
    model: prepared.identity,
    device: hostIdentity(),
    energy: { reason: "This machine has no power rails that can be read." },
    conditions: { before, after: hostConditions() },
    throttling: [],
    ...measured,
    notes: [...prepared.notes, ...measured.notes],
  };
}

async function measureOnnx(
  { layers }: MeasuredModel,
  prepared: PreparedRun,
  options: RunOptions,
  control: RunControl,
): Promise<Measured> {
  const plan = planOf(prepared, options, control);
  const profiledAt = profiledLevel(layers, options.layersAt);
  const result = await runOnnxProcess(prepared.model, prepared, { ...plan.timing, profiledAt }, plan.process);
  control.onProgress?.({ phase: "comparing" });
  // The first profiled run warms up.
  const profiled = parseOrtProfile(result.profile).slice(1);
  return {
    runtime: { name: "ONNX Runtime", version: result.version, kind: "native", description: "onnxruntime-node, CPU" },
    ...shortenedTo(plan, result.runSeconds.length),
    latency: latencyOf(result),
    layers: mapTimes(profiled, result.optimized, layers, profiledAt),
    memory: { peakBytes: result.peakBytes, baselineBytes: result.baselineBytes },
    outputs: compareOutputs(prepared.outputs, result.outputs, prepared.skipped),
  };
}

/** In TFLite's own runtime where this machine has it and it takes the model, else in LiteRT.js. */
async function measureTflite(
  model: MeasuredModel,
  prepared: PreparedRun,
  options: RunOptions,
  control: RunControl,
  tflite: HostTflite | undefined,
): Promise<Measured> {
  if (options.runtime === "litert") return measureLitert(prepared, options, control);
  if (tflite === undefined) {
    const measured = await measureLitert(prepared, options, control);
    return { ...measured, notes: [...measured.notes, `LiteRT.js ran it, which is slower. ${whyNoHostTflite()}`] };
  }
  try {
    return await measureNativeTflite(tflite, model, prepared, options, control);
  } catch (error) {
    if (!(error instanceof RunError) && !(error instanceof DeviceError && error.problem === "crashed")) throw error;
    const measured = await measureLitert(prepared, options, control);
    const { message } = refusalOf(error, tflite.version, "");
    return { ...measured, notes: [...measured.notes, `LiteRT.js ran it instead of TFLite: ${message}.`] };
  }
}

async function measureNativeTflite(
  tflite: HostTflite,
  { layers }: MeasuredModel,
  prepared: PreparedRun,
  options: RunOptions,
  control: RunControl,
): Promise<Measured> {
  const plan = planOf(prepared, options, control);
  const result = await runNativeTflite(tflite, prepared, plan.timing, plan.process);
  control.onProgress?.({ phase: "comparing" });
  const { latency, outputs } = result;
  return { ...nativeResult(latency, result.layers, layers), ...shortenedTo(plan, latency.runSeconds.length), outputs };
}

async function measureLitert(prepared: PreparedRun, options: RunOptions, control: RunControl): Promise<Measured> {
  const plan = planOf(prepared, { ...options, threads: 1 }, control);
  control.onProgress?.({ phase: "latency" });
  const result = await runTfliteProcess(prepared.model, prepared, plan.timing, plan.process);
  control.onProgress?.({ phase: "comparing" });
  return {
    runtime: { name: "LiteRT.js", version: null, kind: "wasm", description: "WASM with XNNPACK in Node, one thread" },
    ...shortenedTo(plan, result.runSeconds.length),
    latency: latencyOf(result),
    layers: { reason: "LiteRT.js does not tell what each layer takes." },
    memory: { peakBytes: result.peakBytes, baselineBytes: result.baselineBytes },
    outputs: compareOutputs(prepared.outputs, result.outputs, prepared.skipped),
  };
}
