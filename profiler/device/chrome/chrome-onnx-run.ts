import { RunError } from "../../errors.ts";
import { ownEntry } from "../../own-entry.ts";
import { fromRuntimeBytes, runtimeByteLength, toRuntimeBytes } from "../../runtime/tensor-bytes.ts";
import { PhoneRun, TIMED_SECONDS, type MeasuredByRuntime } from "../adb/phone-run.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { latencyOf } from "../latency-statistics.ts";
import { mapTimes } from "../map-times.ts";
import type { LayerTimes, NotMeasured, OutputCheck } from "../run-result.ts";
import { onChromeOnly } from "./chrome-only.ts";
import { converse } from "./converse.ts";
import { gpuRuns } from "./gpu-profile.ts";
import { PageConversation } from "./page-conversation.ts";
import { ONNX_PAGE } from "./page-files.ts";
import { chromeVersion, type PageResult } from "./page-result.ts";

/** Of `onnxruntime-web`, pinned to that of the native runtime: the same kernels are compared. */
const VERSION = "1.27.0";

/** A run of an ONNX model by ONNX Runtime Web on the GPU of the phone, through WebGPU in its own Chrome. */
export class ChromeOnnxRun extends PhoneRun {
  /** Nothing: the page fetches the model through the tunnel. */
  protected override push(): Promise<void> {
    onChromeOnly(this.options);
    return Promise.resolve();
  }

  protected override async run(): Promise<MeasuredByRuntime> {
    const { model, files, inputs, inputNames, outputs } = this.prepared;
    const [file, ...data] = files;
    if (file === undefined) throw new RunError(`${model.file}: there is no file`);
    const outputNames = Object.keys(outputs);
    if (outputNames.length === 0) throw new RunError(`${model.file}: it has no output of numbers to fetch`);
    const { warmUpRuns, runs } = this.settings;
    const conversation = new PageConversation(
      ONNX_PAGE,
      model.file,
      {
        model: await file.source.read(0, file.source.size),
        data,
        inputs: inputNames.map((name) => ({
          name,
          bytes: toRuntimeBytes(tensorOf(inputs, name)),
          ...endOf(inputs, name),
        })),
        task: {
          outputs: outputNames,
          dataFiles: data.map(({ path }) => path),
          warmUpRuns,
          runs,
          budgetSeconds: this.options.runs === undefined ? TIMED_SECONDS : this.remainingSeconds(),
        },
        outputBytes: outputNames.map((name) => {
          const { dataType, shape } = tensorOf(outputs, name);
          return runtimeByteLength(dataType, shape);
        }),
      },
      (done, total) => this.report("latency", done, total),
    );
    const result = await converse(conversation, {
      device: this.device,
      signal: this.control.signal,
      remainingSeconds: () => this.remainingSeconds(),
      report: (phase) => this.report(phase),
    });
    this.report("comparing");
    return this.#measured(result, conversation, outputNames);
  }

  #measured(result: PageResult, conversation: PageConversation, outputNames: readonly string[]): MeasuredByRuntime {
    const chrome = chromeVersion(result.browser);
    const { adapter } = result;
    return {
      settings: { threads: result.threads, delegate: "gpu" },
      runtime: {
        name: "ONNX Runtime Web",
        version: VERSION,
        kind: "webgpu",
        description: `WebGPU in Chrome${chrome === null ? "" : ` ${chrome}`}, GPU ${adapter ?? "unnamed"}`,
      },
      latency: latencyOf(result),
      layers: this.#layers(conversation),
      memory: { reason: "Chrome does not tell what the model takes of its memory." },
      energy: { reason: "Not in Chrome, whose own work is on the same power rails." },
      outputs: this.#compare(result, conversation.outputs, outputNames),
      notes: [
        "The latency holds the way of inputs to the GPU and of outputs back, as an app has it.",
        ...gpuNotes(result),
        ...this.cutShort(result.runSeconds.length),
      ],
    };
  }

  #layers({ profile }: PageConversation): LayerTimes | NotMeasured {
    if (profile === undefined) return { reason: "The page told nothing of the GPU's profile." };
    const runs = gpuRuns(profile);
    if (runs.every(({ operators }) => operators.length === 0))
      return {
        reason: "This GPU does not time its programs (no timestamp queries), or nothing of the model ran on it.",
      };
    return mapTimes(runs, undefined, this.measured.layers, "all");
  }

  #compare({ shapes }: PageResult, given: ReadonlyMap<number, Uint8Array>, names: readonly string[]): OutputCheck {
    const { outputs: expected, skipped } = this.prepared;
    const found = names.flatMap((name, place) => {
      const [bytes, shape] = [given.get(place), shapes[place]];
      const { dataType, shape: wanted } = tensorOf(expected, name);
      if (bytes?.length !== runtimeByteLength(dataType, wanted) || shape?.join() !== wanted.join()) return [];
      return [[name, fromRuntimeBytes(dataType, wanted, bytes)] as const];
    });
    return compareOutputs(expected, Object.fromEntries(found), skipped);
  }
}

export const SOFTWARE_GPU = "The browser's GPU is a program: these are times of a processor, not of a GPU.";

/** What is to know of a GPU's times in a browser. */
function gpuNotes({ adapter, wasHidden }: PageResult): readonly string[] {
  return [
    ...(adapter?.includes("(software)") === true ? [SOFTWARE_GPU] : []),
    "Chrome rounds the GPU's clock to 100 µs unless its flag for WebGPU developers is on: times of layers are means over a loop.",
    ...(wasHidden ? ["Something else was in front of Chrome for a while, which slows it."] : []),
  ];
}

function tensorOf<T>(tensors: Readonly<Record<string, T>>, name: string): T {
  const tensor = ownEntry(tensors, name);
  if (tensor === undefined) throw new RunError(`"${name}" is missing`);
  return tensor;
}

function endOf(
  inputs: Parameters<typeof compareOutputs>[0],
  name: string,
): { readonly type: string; readonly shape: readonly number[] } {
  const { dataType: type, shape } = tensorOf(inputs, name);
  return { type, shape };
}
