import { RunError } from "../../errors.ts";
import { DeviceError } from "../device-error.ts";
import type { Conditions } from "../run-result.ts";
import type { RunnerBundle } from "../runner/bundle.ts";
import type { RunnerResult } from "../runner/runner-answer.ts";
import { checkOutputs, inputFiles, MODEL_FILE } from "../tflite/native-ports.ts";
import { nativeResult } from "../tflite/native-result.ts";
import { refusalOf } from "../tflite/newer-operators.ts";
import { BundledRun, type ModelArguments } from "./bundled-run.ts";
import type { EnergyTimes } from "./measure-energy.ts";
import type { MeasuredByRuntime, PhoneRunSubject, PushedFile } from "./phone-run.ts";

const INSTEAD =
  "LiteRT.js in the phone's Chrome may run it (--runtime litert), or Google's benchmark_model (--benchmark-model)";

/** A run of a TFLite model by TFLite's own runtime, natively. */
export class AndroidTfliteRun extends BundledRun {
  readonly #version: string;

  constructor(subject: PhoneRunSubject, bundle: RunnerBundle, energyTimes?: EnergyTimes) {
    super(subject, bundle, "tflite", energyTimes);
    this.#version = bundle.tflite;
  }

  protected override async push(folder: string): Promise<void> {
    const { delegate } = this.options;
    if (delegate !== undefined)
      throw new RunError(`TFLite ${this.#version} here has no ${delegate} delegate to choose`, {
        hint: "It runs on the CPU with XNNPACK; name a benchmark_model for Android for others",
      });
    return super.push(folder);
  }

  protected override async run(folder: string, before: Conditions): Promise<MeasuredByRuntime> {
    const main = await this.#main(folder);
    this.report("comparing");
    const outputs = await checkOutputs(this.prepared, main.outputs, (file, bytes) => this.pull(folder, file, bytes));
    const traced = await this.profiled(folder, { layers: "yes" });
    const energy = await this.energy(folder, before, {});
    return {
      ...nativeResult(main, traced, this.measured.layers),
      energy,
      outputs,
      notes: this.cutShort(main.runSeconds.length),
    };
  }

  protected override files(): readonly PushedFile[] {
    const given = inputFiles(this.prepared).map(({ file, bytes }) => this.inputFile(file, bytes));
    return [...this.prepared.files.map(({ source }) => ({ path: MODEL_FILE, source })), ...given];
  }

  protected override modelArguments(): ModelArguments {
    return { model: MODEL_FILE, inputs: inputFiles(this.prepared).map(({ flag }) => flag) };
  }

  /** @throws {RunError} naming operators that are newer than this TFLite, and what could run the model instead */
  async #main(folder: string): Promise<RunnerResult> {
    try {
      return await this.timed(folder, {});
    } catch (error) {
      if (error instanceof RunError) throw refusalOf(error, this.#version, INSTEAD);
      if (!(error instanceof DeviceError) || error.problem !== "crashed") throw error;
      throw new DeviceError("crashed", `${this.prepared.model.file}: ${error.message}`, {
        hint: INSTEAD,
        cause: error,
      });
    }
  }
}
