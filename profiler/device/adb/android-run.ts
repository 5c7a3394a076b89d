import { MemorySource } from "../../bytes/memory-source.ts";
import { RunError } from "../../errors.ts";
import { ownEntry } from "../../own-entry.ts";
import { newArray, type NamedTensors, type NumericTensor } from "../../tensors/numeric-tensor.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../../runtime/tensor-bytes.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { latencyOf } from "../latency-statistics.ts";
import { mapTimes } from "../map-times.ts";
import { profiledLevel, type ProfiledLevel } from "../profiled-level.ts";
import { ONNX_TYPES, typeOfNumber } from "../onnx-types.ts";
import { readOptimized } from "../optimized-graph.ts";
import { parseOrtProfile } from "../ort-profile.ts";
import type { Conditions, LayerTimes, NotMeasured, OutputCheck } from "../run-result.ts";
import type { RunnerBundle } from "../runner/bundle.ts";
import { peakMemoryOf, type RunnerResult } from "../runner/runner-answer.ts";
import { BundledRun, type ModelArguments } from "./bundled-run.ts";
import type { EnergyTimes } from "./measure-energy.ts";
import type { MeasuredByRuntime, PhoneRunSubject, PushedFile } from "./phone-run.ts";

/** Of ONNX Runtime's profile: some 600 bytes an operator and run. */
const MOST_PROFILE_BYTES = 256e6;

const OPTIMIZED = "optimized.onnx";
/** Without weights. */
const MOST_GRAPH_BYTES = 64e6;

/** A run of an ONNX model by ONNX Runtime, natively. */
export class AndroidRun extends BundledRun {
  constructor(subject: PhoneRunSubject, bundle: RunnerBundle, energyTimes?: EnergyTimes) {
    super(subject, bundle, "onnxruntime", energyTimes);
  }

  protected override async run(folder: string, before: Conditions): Promise<MeasuredByRuntime> {
    const main = await this.timed(folder, { optimization: "all" });
    const outputs = await this.#compare(folder, main);
    const layers = await this.#layers(folder);
    const energy = await this.energy(folder, before, { optimization: "all" });
    return {
      runtime: { name: "ONNX Runtime", version: main.version, kind: "native", description: "CPU" },
      latency: latencyOf(main),
      layers,
      memory: peakMemoryOf(main),
      energy,
      outputs,
      notes: this.cutShort(main.runSeconds.length),
    };
  }

  protected override files(): readonly PushedFile[] {
    const { files, inputNames, inputs } = this.prepared;
    const given = inputNames.map((name, index) => {
      const tensor = ownEntry(inputs, name);
      return this.inputFile(inputFile(index), tensor ? toRuntimeBytes(tensor) : new Uint8Array());
    });
    return [...files.map(({ path, source }) => ({ path: `model/${path}`, source })), ...given];
  }

  protected override modelArguments(): ModelArguments {
    const { files, inputNames, inputs } = this.prepared;
    return {
      model: `model/${files[0]?.path ?? ""}`,
      inputs: inputNames.map((name, index) => inputFlag(ownEntry(inputs, name), index)),
    };
  }

  async #compare(folder: string, { outputs }: RunnerResult): Promise<OutputCheck> {
    this.report("comparing");
    const found: Record<string, NumericTensor> = {};
    for (const [index, { name, type, shape }] of outputs.entries()) {
      const expected = ownEntry(this.prepared.outputs, name);
      const dataType = typeOfNumber(type);
      if (expected === undefined || dataType === undefined) continue;
      const isAlike = dataType === expected.dataType && shape.join() === expected.shape.join();
      // One of another size is told by its shape: its elements are not looked at.
      found[name] = isAlike
        ? fromRuntimeBytes(
            dataType,
            shape,
            await this.pull(folder, `output_${index}.bin`, toRuntimeBytes(expected).length),
          )
        : { dataType, shape, data: newArray(dataType, 0) };
    }
    return compareOutputs(this.prepared.outputs, found satisfies NamedTensors, this.prepared.skipped);
  }

  /** With the graph that runs, where ONNX Runtime can write it. */
  async #profile(folder: string, optimization: ProfiledLevel): Promise<void> {
    const args = { optimization, profile: "profile" };
    try {
      await this.profiled(folder, { ...args, optimized: OPTIMIZED });
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      await this.profiled(folder, args);
    }
  }

  async #layers(folder: string): Promise<LayerTimes | NotMeasured> {
    const { control, measured } = this;
    const optimization = profiledLevel(measured.layers, this.options.layersAt);
    await this.#profile(folder, optimization);
    const profile = await this.pull(folder, "profile.json", MOST_PROFILE_BYTES);
    const profiled = parseOrtProfile(new TextDecoder().decode(profile)).slice(1 + this.profileWarmUp);
    if (profiled.length === 0)
      return { reason: "ONNX Runtime's profile holds no whole run: it has too many operators." };
    control.signal?.throwIfAborted();
    const graph = await this.pull(folder, OPTIMIZED, MOST_GRAPH_BYTES).catch(() => undefined);
    control.signal?.throwIfAborted();
    const optimized = graph && (await readOptimized(new MemorySource(OPTIMIZED, graph)));
    return mapTimes(profiled, optimized, measured.layers, optimization);
  }
}

function inputFile(index: number): string {
  return `input_${index}.bin`;
}

/** "1:1x3x224x224:input_0.bin" */
function inputFlag(tensor: NumericTensor | undefined, index: number): string {
  if (tensor === undefined) throw new RangeError(`input ${index} is missing`);
  return `${ONNX_TYPES[tensor.dataType]}:${tensor.shape.join("x")}:${inputFile(index)}`;
}
