import type * as Ort from "onnxruntime-node";
import { RunError } from "../errors.ts";
import { LOG_FATAL, QUIET_THREADS } from "../onnx-runtime.ts";
import type { ElementArray } from "../runtime/process/exchange-file.js";
import { runError } from "../runtime/process/run-error.ts";
import { RuntimeProcess } from "../runtime/process/runtime-process.ts";
import { NAMES, type BuiltGraph, type ErrorGraph } from "./step-graph.ts";

/** Elements of a batch by the names of the graph's inputs. */
export type Batch = ReadonlyMap<string, Float32Array>;

export interface TrainerOptions {
  /** Threads that share an operator. */
  readonly threads?: number;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
}

interface OpenGraph extends Pick<BuiltGraph, "inputs"> {
  readonly handle: number;
  readonly fetches: readonly string[];
}

/** What an error graph tells of a batch, by its outputs' names. */
export type Measured = ReadonlyMap<string, Float32Array>;

/** What stays in the process between steps, by the names of the inputs that take it. */
const HELD = [NAMES.weights, NAMES.first, NAMES.second] as const;

/** By the outputs that give it. */
const KEPT = [
  [NAMES.newWeights, NAMES.weights],
  [NAMES.newFirst, NAMES.first],
  [NAMES.newSecond, NAMES.second],
] as const;

/** Runs training steps in a process of its own, where the weights and the means of their gradients stay. */
export class Trainer {
  private constructor(
    private readonly process: RuntimeProcess,
    private readonly step: OpenGraph,
    private readonly error: OpenGraph,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * @param step a graph of `stepGraph`
   * @param error a graph of `errorGraph` of the same parameters
   * @param weights to start from
   * @throws {RunError} when the runtime does not take them
   * @throws the signal's reason when it aborts
   */
  static async open(
    step: BuiltGraph,
    error: ErrorGraph,
    weights: Float32Array,
    { threads, signal }: TrainerOptions = {},
  ): Promise<Trainer> {
    const options: Ort.InferenceSession.SessionOptions = {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: LOG_FATAL,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      interOpNumThreads: 1,
      extra: { session: QUIET_THREADS },
    };
    const process = new RuntimeProcess("ONNX Runtime");
    try {
      const open = async ({ bytes, inputs }: BuiltGraph, ...fetches: readonly string[]): Promise<OpenGraph> => {
        const { result } = await process.request({ action: "open", value: { options }, arrays: [bytes], signal });
        return { handle: (result as { readonly handle: number }).handle, inputs, fetches };
      };
      const [stepping, measuring] = [await open(step, NAMES.errors), await open(error, ...error.outputs)];
      const trainer = new Trainer(process, stepping, measuring, signal);
      const zeros = new Float32Array(weights.length);
      const value = { keys: HELD, type: "float32", shape: [weights.length] };
      await process.request({ action: "hold", value, arrays: [weights, zeros, zeros], signal });
      return trainer;
    } catch (cause) {
      process.end();
      throw runError("ONNX Runtime does not take the training graph", cause, { signal });
    }
  }

  /** One step of Adam. @returns the errors before it, one a target */
  async train(batch: Batch, rate: number): Promise<Float32Array> {
    const scalars = [[NAMES.rate, Float32Array.of(rate), []] as const];
    return first(await this.#run(this.step, batch, scalars, HELD, KEPT));
  }

  /** How the weights are now. */
  async measure(batch: Batch): Promise<Measured> {
    const results = await this.#run(this.error, batch, [], [NAMES.weights], []);
    return new Map(this.error.fetches.map((name, place) => [name, results[place] ?? new Float32Array()]));
  }

  /** A copy of the weights as they are now. */
  async weights(): Promise<Float32Array> {
    return first(await this.#request("take", { key: NAMES.weights }, []));
  }

  /** Its process ends. */
  close(): void {
    this.process.end();
  }

  #run(
    { handle, inputs, fetches }: OpenGraph,
    batch: Batch,
    scalars: readonly (readonly [string, Float32Array, readonly number[]])[],
    held: readonly string[],
    kept: readonly (readonly [string, string])[],
  ): Promise<readonly Float32Array[]> {
    const given = [...[...batch].map(([name, data]) => [name, data, inputs.get(name) ?? []] as const), ...scalars];
    const feeds = [
      ...given.map(([name, , shape]) => ({ name, type: "float32", shape })),
      ...held.map((name) => ({ name, held: name })),
    ];
    return this.#request(
      "run",
      { handle, feeds, fetches, kept },
      given.map(([, data]) => data),
    );
  }

  async #request(action: string, value: object, arrays: readonly ElementArray[]): Promise<readonly Float32Array[]> {
    try {
      const answer = await this.process.request({ action, value, arrays, signal: this.signal });
      return answer.arrays.filter((elements) => elements instanceof Float32Array);
    } catch (cause) {
      throw runError("training failed", cause, { signal: this.signal });
    }
  }
}

/** @throws {RunError} when there is none */
function first([elements]: readonly Float32Array[]): Float32Array {
  if (elements) return elements;
  throw new RunError("the training graph gave no numbers");
}
