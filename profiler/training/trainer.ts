import { ownEntry } from "../own-entry.ts";
import type * as Ort from "onnxruntime-node";
import { RunError } from "../errors.ts";
import { loadOnnxRuntime, QUIET_THREADS } from "../onnx-runtime.ts";
import { NAMES, type BuiltGraph } from "./step-graph.ts";

/** Elements of a batch by the names of the graph's inputs. */
export type Batch = ReadonlyMap<string, Float32Array>;

/** Threads that share an operator. */
export interface TrainerOptions {
  readonly threads?: number;
}

interface OpenGraph extends Pick<BuiltGraph, "inputs"> {
  readonly session: Ort.InferenceSession;
}

/** Runs training steps: weights and the means of their gradients go into each, and come out of it. */
export class Trainer {
  #weights: Ort.Tensor;
  #first: Ort.Tensor;
  #second: Ort.Tensor;

  private constructor(
    private readonly runtime: typeof Ort,
    private readonly step: OpenGraph,
    private readonly error: OpenGraph,
    weights: Float32Array,
  ) {
    const vector = (data: Float32Array): Ort.Tensor => new runtime.Tensor("float32", data, [weights.length]);
    this.#weights = vector(weights);
    this.#first = vector(new Float32Array(weights.length));
    this.#second = vector(new Float32Array(weights.length));
  }

  /**
   * @param step a graph of `stepGraph`
   * @param error a graph of `errorGraph` of the same parameters
   * @param weights to start from
   * @throws {RunError} when the runtime does not take them
   */
  static async open(
    step: BuiltGraph,
    error: BuiltGraph,
    weights: Float32Array,
    { threads }: TrainerOptions = {},
  ): Promise<Trainer> {
    const runtime = await loadOnnxRuntime();
    const options: Ort.InferenceSession.SessionOptions = {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 4,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      interOpNumThreads: 1,
      extra: { session: QUIET_THREADS },
    };
    try {
      const open = async ({ bytes, inputs }: BuiltGraph): Promise<OpenGraph> => ({
        session: await runtime.InferenceSession.create(bytes, options),
        inputs,
      });
      return new Trainer(runtime, await open(step), await open(error), weights);
    } catch (cause) {
      throw new RunError(`ONNX Runtime does not take the training graph: ${messageOf(cause)}`, { cause });
    }
  }

  /** One step of Adam. @returns the errors before it, one a target */
  async train(batch: Batch, rate: number): Promise<Float32Array> {
    const results = await this.#run(this.step, batch, {
      [NAMES.weights]: this.#weights,
      [NAMES.first]: this.#first,
      [NAMES.second]: this.#second,
      [NAMES.rate]: new this.runtime.Tensor("float32", Float32Array.of(rate), []),
    });
    this.#weights = tensorOf(results, NAMES.newWeights);
    this.#first = tensorOf(results, NAMES.newFirst);
    this.#second = tensorOf(results, NAMES.newSecond);
    return tensorOf(results, NAMES.errors).data as Float32Array;
  }

  /** Errors of the weights as they are now. */
  async measure(batch: Batch): Promise<Float32Array> {
    const results = await this.#run(this.error, batch, { [NAMES.weights]: this.#weights });
    return tensorOf(results, NAMES.errors).data as Float32Array;
  }

  /** A copy of the weights as they are now. */
  weights(): Float32Array {
    return Float32Array.from(this.#weights.data as Float32Array);
  }

  async close(): Promise<void> {
    await this.step.session.release();
    await this.error.session.release();
  }

  #run(
    { session, inputs }: OpenGraph,
    batch: Batch,
    state: Record<string, Ort.Tensor>,
  ): Promise<Ort.InferenceSession.ReturnType> {
    const { Tensor } = this.runtime;
    const samples = [...batch].map(
      ([name, data]) => [name, new Tensor("float32", data, inputs.get(name) ?? [])] as const,
    );
    return session.run({ ...Object.fromEntries(samples), ...state });
  }
}

function tensorOf(results: Ort.InferenceSession.ReturnType, name: string): Ort.Tensor {
  const tensor = ownEntry(results, name);
  if (tensor === undefined) throw new RunError(`the training graph gave no "${name}"`);
  return tensor;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
