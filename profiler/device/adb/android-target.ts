import { formatOf } from "../../formats/formats.ts";
import type { PhoneRuntime } from "../../formats/format-types.ts";
import { DeviceError } from "../device-error.ts";
import { prepareRun, type DeviceRuntime } from "../prepared-run.ts";
import type { RunResult } from "../run-result.ts";
import { BenchmarkRun } from "../benchmark-model/benchmark-run.ts";
import { ChromeOnnxRun } from "../chrome/chrome-onnx-run.ts";
import { ChromeRun } from "../chrome/chrome-run.ts";
import { findBundle } from "../runner/bundle.ts";
import type { DeviceFacts, MeasuredModel, RunControl, RunOptions, Target } from "../target.ts";
import type { AdbServer } from "./adb-server.ts";
import type { FormatId } from "../../model/format.ts";
import type { Model } from "../../model/model.ts";
import { AndroidRun } from "./android-run.ts";
import { AndroidTfliteRun } from "./android-tflite-run.ts";
import type { EnergyTimes } from "./measure-energy.ts";
import { readPhoneFacts } from "./phone-facts/phone-facts.ts";
import { cleanUpPhone } from "./phone-folder.ts";
import type { PhoneRun, PhoneRunSubject } from "./phone-run.ts";

export interface AndroidOptions {
  /** The phone's serial; the only one that is connected when left out. */
  readonly serial?: string;
  /** Where the bundles are that `npm run build:runner` made; beside the program when left out. */
  readonly bundles?: string;
  /** Google's `benchmark_model` for Android, on this machine: it runs TFLite models where it is given. */
  readonly benchmarkModel?: string;
  readonly energyTimes?: EnergyTimes;
}

/** A phone at adb. It runs ONNX models natively with ONNX Runtime, TFLite models natively with
 * TFLite, by `benchmark_model` or in its Chrome. */
export class AndroidTarget implements Target {
  constructor(
    private readonly server: AdbServer,
    private readonly options: AndroidOptions = {},
  ) {}

  async describe(signal?: AbortSignal): Promise<DeviceFacts> {
    const device = await this.server.open(this.options.serial, signal);
    try {
      return await readPhoneFacts(device, signal);
    } finally {
      await device.close();
    }
  }

  async run(measured: MeasuredModel, options: RunOptions, control: RunControl = {}): Promise<RunResult> {
    const { signal, onProgress } = control;
    const startedAt = new Date().toISOString();
    onProgress?.({ phase: "preparing" });
    const device = await this.server.open(this.options.serial, signal);
    try {
      const facts = await readPhoneFacts(device, signal);
      refuseOld(facts);
      const by = runtimeOf(measured.model, options, this.options.benchmarkModel);
      const prepared = await prepareRun(measured.model, options, DEVICE_RUNTIMES[by] ?? {}, signal);
      const subject = { device, facts, prepared, measured, options, control };
      const run = await this.#runOf(subject);
      return { ...(await run.measure()), startedAt };
    } finally {
      await device.close();
    }
  }

  async #runOf(subject: PhoneRunSubject): Promise<PhoneRun> {
    const { device, facts, prepared } = subject;
    const { benchmarkModel, bundles, energyTimes } = this.options;
    const runs: Readonly<Record<PhoneRuntime, () => Promise<PhoneRun>>> = {
      onnxruntime: async () =>
        new AndroidRun(subject, await findBundle(device.serial, facts.abis, bundles), energyTimes),
      tflite: async () =>
        new AndroidTfliteRun(subject, await findBundle(device.serial, facts.abis, bundles), energyTimes),
      litert: () => Promise.resolve(new ChromeRun(subject)),
      webgpu: () => Promise.resolve(new CHROME_RUNS[prepared.model.format](subject)),
      benchmark_model: () => Promise.resolve(new BenchmarkRun(subject, benchmarkModel ?? "", energyTimes)),
    };
    return runs[runtimeOf(prepared.model, subject.options, benchmarkModel)]();
  }

  /** Removes everything of ours from the phone, the runtime too. */
  async cleanUp(signal?: AbortSignal): Promise<void> {
    const device = await this.server.open(this.options.serial, signal);
    try {
      await cleanUpPhone(device, signal);
    } finally {
      await device.close();
    }
  }
}

/** Before, a phone has neither what looks whether files have arrived whole (sha256sum) nor tunnels that tell their port. */
const OLDEST = { apiLevel: 26, name: "Android 8" };

/** @throws {DeviceError} before anything is pushed */
function refuseOld({ serial, system, apiLevel }: DeviceFacts): void {
  if (apiLevel === null || apiLevel >= OLDEST.apiLevel) return;
  throw new DeviceError(
    "unsupported",
    `${serial ?? "the phone"} has ${system}: Edgewise needs ${OLDEST.name} or newer`,
    { hint: "Use a phone with a newer Android" },
  );
}

/** What runs each format in a phone's Chrome. */
const CHROME_RUNS: Readonly<Record<FormatId, new (subject: PhoneRunSubject) => PhoneRun>> = {
  onnx: ChromeOnnxRun,
  tflite: ChromeRun,
};

/** What runtimes on a phone do otherwise than this machine's. */
const DEVICE_RUNTIMES: Readonly<Partial<Record<PhoneRuntime, DeviceRuntime>>> = {
  tflite: { runsMore: true, isTflite: true },
  benchmark_model: { runsMore: true, keepsState: true },
};

/** What runs the model: as was asked for, else a `benchmark_model` that is named, else the first that could. */
function runtimeOf(model: Model, { runtime }: RunOptions, benchmarkModel: string | undefined): PhoneRuntime {
  const able = formatOf(model).phoneRuntimes;
  const asked = able.find((each) => each === runtime);
  const named = able.find((each) => each === "benchmark_model" && benchmarkModel !== undefined);
  return asked ?? named ?? able[0] ?? "onnxruntime";
}
