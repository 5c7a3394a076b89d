import { ownEntry } from "../../own-entry.ts";
import { RunError } from "../../errors.ts";
import {
  withFloatInputsOutputs,
  type FloatPort,
  type ModelWithFloatInputsOutputs,
} from "../../formats/tflite/float-inputs-outputs.ts";
import type { NumericTensor } from "../../tensors/numeric-tensor.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../../runtime/tensor-bytes.ts";
import { PhoneRun, TIMED_SECONDS, type MeasuredByRuntime } from "../adb/phone-run.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { latencyOf } from "../latency-statistics.ts";
import type { OutputCheck } from "../run-result.ts";
import { onChromeOnly } from "./chrome-only.ts";
import { SOFTWARE_GPU } from "./chrome-onnx-run.ts";
import { converse } from "./converse.ts";
import { PageConversation } from "./page-conversation.ts";
import { LITERT_PAGE } from "./page-files.ts";
import { chromeVersion, type PageResult } from "./page-result.ts";

/** A run of a TFLite model by LiteRT.js in the phone's own Chrome, on its CPU or its GPU: nothing is installed, and nothing but a tunnel is set up on the phone. */
export class ChromeRun extends PhoneRun {
  get #isGpu(): boolean {
    return this.options.runtime === "webgpu";
  }

  /** Nothing: the page fetches the model through the tunnel. */
  protected override push(): Promise<void> {
    onChromeOnly(this.options);
    return Promise.resolve();
  }

  protected override async run(): Promise<MeasuredByRuntime> {
    const { model, files, inputs } = this.prepared;
    const [file] = files;
    if (file === undefined) throw new RunError(`${model.file}: there is no file`);
    const ports = await withFloatInputsOutputs(model.file, await file.source.read(0, file.source.size), []);
    const { threads, warmUpRuns, runs } = this.settings;
    const conversation = new PageConversation(
      LITERT_PAGE,
      model.file,
      {
        model: ports.bytes,
        inputs: ports.inputs.map(({ name }) => {
          const tensor = tensorOf(inputs, name);
          return { name, type: tensor.dataType, shape: tensor.shape, bytes: toRuntimeBytes(tensor) };
        }),
        task: {
          accelerator: this.#isGpu ? "webgpu" : "wasm",
          threads,
          warmUpRuns,
          runs,
          budgetSeconds: this.options.runs === undefined ? TIMED_SECONDS : this.remainingSeconds(),
        },
        outputBytes: this.#expected(ports).map((tensor) => toRuntimeBytes(tensor).length),
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
    return this.#measured(result, this.#compare(ports, result, conversation.outputs));
  }

  #measured(result: PageResult, outputs: OutputCheck): MeasuredByRuntime {
    const { threads, wasHidden, browser, adapter } = result;
    const isGpu = this.#isGpu;
    const version = chromeVersion(browser);
    return {
      settings: { threads, ...(isGpu && { delegate: "gpu" }) },
      runtime: {
        name: "LiteRT.js",
        version: null,
        kind: isGpu ? "webgpu" : "wasm",
        description: `${isGpu ? "WebGPU" : "WASM"} in Chrome${version === null ? "" : ` ${version}`}${isGpu ? `, GPU ${adapter ?? "unnamed"}` : ""}`,
      },
      latency: latencyOf(result),
      layers: { reason: "LiteRT.js does not tell what each layer takes." },
      memory: { reason: "Chrome does not tell what the model takes of its memory." },
      energy: {
        reason: "Not in Chrome, whose own work is on the same power rails: name a benchmark_model to measure it.",
      },
      outputs,
      notes: [
        ...(isGpu
          ? ["The latency holds the way of inputs to the GPU and of outputs back, as an app has it."]
          : ["WebAssembly in the phone's Chrome: an app's native runtime is faster."]),
        ...(isGpu && adapter?.includes("(software)") === true ? [SOFTWARE_GPU] : []),
        ...this.cutShort(result.runSeconds.length),
        ...(threads < this.settings.threads && !isGpu
          ? [`Chrome gave it ${threads} of the ${this.settings.threads} threads.`]
          : []),
        ...(wasHidden ? ["Something else was in front of Chrome for a while, which slows it."] : []),
        ...(version === null ? ["What opened the page does not call itself Chrome."] : []),
      ],
    };
  }

  /** What this machine gave, in the order of the page's outputs; one that is asked for twice comes once. */
  #expected({ outputs }: ModelWithFloatInputsOutputs): readonly NumericTensor[] {
    const places = new Map<number, FloatPort>();
    for (const end of outputs) if (!places.has(end.place)) places.set(end.place, end);
    return [...places].sort(([a], [b]) => a - b).map(([, { name }]) => tensorOf(this.prepared.outputs, name));
  }

  #compare(
    { outputs: ports }: ModelWithFloatInputsOutputs,
    { shapes }: PageResult,
    outputs: ReadonlyMap<number, Uint8Array>,
  ): OutputCheck {
    const found = ports.flatMap(({ name, dataType, place }) => {
      const [bytes, shape] = [outputs.get(place), shapes[place]];
      const expected = tensorOf(this.prepared.outputs, name);
      if (bytes?.length !== toRuntimeBytes(expected).length || shape?.join() !== expected.shape.join()) return [];
      return [[name, fromRuntimeBytes(dataType, expected.shape, bytes)] as const];
    });
    return compareOutputs(this.prepared.outputs, Object.fromEntries(found), this.prepared.skipped);
  }
}

function tensorOf(tensors: Readonly<Record<string, NumericTensor>>, name: string): NumericTensor {
  const tensor = ownEntry(tensors, name);
  if (tensor === undefined) throw new RunError(`"${name}" is missing`);
  return tensor;
}
