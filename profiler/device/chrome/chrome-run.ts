import { ownEntry } from "../../own-entry.ts";
import { RunError } from "../../errors.ts";
import {
  withFloatInputsOutputs,
  type FloatPort,
  type ModelWithFloatEnds,
} from "../../formats/tflite/float-inputs-outputs.ts";
import type { NumericTensor } from "../../runtime/numeric-tensor.ts";
import { fromRuntimeBytes, toRuntimeBytes } from "../../runtime/tensor-bytes.ts";
import { PhoneRun, TIMED_SECONDS, type MeasuredByRuntime } from "../adb/phone-run.ts";
import { compareOutputs } from "../compare-outputs.ts";
import { DeviceError } from "../device-error.ts";
import { latencyOf } from "../latency-statistics.ts";
import type { OutputCheck } from "../run-result.ts";
import { LoopbackServer } from "./loopback-server.ts";
import { openInChrome } from "./open-in-chrome.ts";
import { PageConversation } from "./page-conversation.ts";
import { chromeVersion, type PageResult } from "./page-result.ts";

/** Between the intent and the page's first question: a cold start of Chrome on a slow phone. */
const OPENING_SECONDS = 60;

/** A run of a TFLite model by LiteRT.js in the phone's own Chrome: nothing is installed, and nothing but a tunnel is set up on the phone. */
export class ChromeRun extends PhoneRun {
  /** Nothing: the page fetches the model through the tunnel. */
  protected override push(): Promise<void> {
    const { cores, delegate } = this.options;
    if (cores !== undefined) throw new RunError("runs in Chrome cannot be bound to cores");
    if (delegate !== undefined)
      throw new RunError(`runs in Chrome have no ${delegate} delegate`, { hint: "Name a benchmark_model for Android" });
    return Promise.resolve();
  }

  protected override async run(): Promise<MeasuredByRuntime> {
    const { model, files, inputs } = this.prepared;
    const [file] = files;
    if (file === undefined) throw new RunError(`${model.file}: there is no file`);
    const ports = await withFloatInputsOutputs(model.file, await file.source.read(0, file.source.size), []);
    const { threads, warmUpRuns, runs } = this.settings;
    const conversation = new PageConversation(
      model.file,
      {
        model: ports.bytes,
        inputs: ports.inputs.map(({ name }) => tensorOf(inputs, name)),
        threads,
        warmUpRuns,
        runs,
        budgetSeconds: this.options.runs === undefined ? TIMED_SECONDS : this.remainingSeconds(),
        outputBytes: this.#expected(ports).map((tensor) => toRuntimeBytes(tensor).length),
      },
      (done, total) => this.report("latency", done, total),
    );
    const server = await LoopbackServer.start(conversation.page);
    try {
      const result = await this.#converse(server, conversation);
      this.report("comparing");
      return this.#measured(result, this.#compare(ports, result, conversation.outputs));
    } finally {
      await server.close();
    }
  }

  async #converse(server: LoopbackServer, { opened, result }: PageConversation): Promise<PageResult> {
    const { device, control } = this;
    const { signal } = control;
    this.report("pushing-model");
    const tunnel = await device.reverse(server.port, signal);
    try {
      await openInChrome(device, server.url(tunnel.port), signal);
      await device.whileConnected("opening Chrome", this.#openingSeconds(), opened, signal).catch((error: unknown) => {
        throw isTimeLimit(error) ? this.#notOpened(error) : error;
      });
      this.report("latency");
      return await device.whileConnected("the run in Chrome", this.remainingSeconds(), result, signal);
    } finally {
      // A phone that is gone has no tunnel any more; what went wrong before is what the caller should hear of.
      await tunnel.remove().catch(() => undefined);
    }
  }

  #openingSeconds(): number {
    return Math.min(OPENING_SECONDS, this.remainingSeconds());
  }

  #notOpened(cause: unknown): DeviceError {
    return new DeviceError("failed", `${this.device.serial}: Chrome did not load the page that runs the model`, {
      hint: "Unlock the phone, keep Chrome in front, and answer its first-start questions if it asks any",
      cause,
    });
  }

  #measured(result: PageResult, outputs: OutputCheck): MeasuredByRuntime {
    const { threads, wasHidden, browser } = result;
    const version = chromeVersion(browser);
    return {
      settings: { threads },
      runtime: {
        name: "LiteRT.js",
        version: null,
        kind: "wasm",
        description: `WASM in Chrome${version === null ? "" : ` ${version}`}`,
      },
      latency: latencyOf(result),
      layers: { reason: "LiteRT.js does not tell what each layer takes." },
      memory: { reason: "Chrome does not tell what the model takes of its memory." },
      energy: {
        reason: "Not in Chrome, whose own work is on the same power rails: name a benchmark_model to measure it.",
      },
      outputs,
      notes: [
        "WebAssembly in the phone's Chrome: an app's native runtime is faster.",
        ...this.cutShort(result.runSeconds.length),
        ...(threads < this.settings.threads
          ? [`Chrome gave it ${threads} of the ${this.settings.threads} threads.`]
          : []),
        ...(wasHidden ? ["Something else was in front of Chrome for a while, which slows it."] : []),
        ...(version === null ? ["What opened the page does not call itself Chrome."] : []),
      ],
    };
  }

  /** What this machine gave, in the order of the page's outputs; one that is asked for twice comes once. */
  #expected({ outputs }: ModelWithFloatEnds): readonly NumericTensor[] {
    const places = new Map<number, FloatPort>();
    for (const end of outputs) if (!places.has(end.place)) places.set(end.place, end);
    return [...places].sort(([a], [b]) => a - b).map(([, { name }]) => tensorOf(this.prepared.outputs, name));
  }

  #compare(
    { outputs: ports }: ModelWithFloatEnds,
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

function isTimeLimit(error: unknown): boolean {
  return error instanceof DeviceError && error.problem === "time-limit";
}
