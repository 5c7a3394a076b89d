import type { Model, TensorId } from "../model/model.ts";
import type { NamedTensors, NumericTensor } from "../tensors/numeric-tensor.ts";
import type { Port, Range } from "../tensors/port.ts";
import type { SharedProcess } from "./process/shared-process.ts";

/** A model that somebody opened, and will close. */
export interface OpenModel {
  /** What messages call it. */
  readonly name: string;
  readonly session: Session;
}

/** @param length elements of the output @returns so many, or undefined: the output gets an array of its own */
export type OutputTarget = (name: string, length: number) => Float32Array | undefined;

/** A model that is ready to run on this machine. */
export interface Session {
  readonly inputs: readonly Port[];
  /** In the model's order. */
  readonly outputs: readonly Port[];
  /** Inner tensors that were asked for: runs give them too. */
  readonly captured: readonly Port[];
  /** Outputs that are no tensors of numbers, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** Why its answers may be others on another machine. */
  readonly doubt?: string;
  /**
   * @param signal ends the run; that which the session was opened with when left out
   * @param targetFor where numbers of an output are to be put, which saves copying them; heeded where a runtime gives float32
   * @throws {RunError} when an input is missing or does not fit, the runtime fails, or a limit ends it
   * @throws the signal's reason when it aborts
   */
  run(inputs: NamedTensors, signal?: AbortSignal, targetFor?: OutputTarget): Promise<NamedTensors>;
  /**
   * Runs on arrays that its shared process keeps, and has what it gives kept there. Left out where it has none, or an output is not float32.
   * @returns shapes of the outputs by name, for the samples of this run
   * @throws as `run`
   */
  readonly runKept?: (
    inputs: Readonly<Record<string, NumericTensor | KeptSlice>>,
    outputs: KeptOutputs,
  ) => Promise<KeptShapes>;
  /** Frees the model, and ends what is under way. A second call does nothing. */
  close(): Promise<void>;
}

/** Elements of a float32 array that a process keeps. */
export interface KeptSlice {
  readonly key: string;
  /** The first element. */
  readonly from: number;
  readonly shape: readonly number[];
}

/** Where a run of some samples puts its outputs. */
export interface KeptOutputs {
  /** Keys of the arrays by the outputs' names. */
  readonly keys: ReadonlyMap<string, string>;
  /** The first of them. */
  readonly start: number;
  readonly count: number;
  /** Of all runs: so many the arrays hold. */
  readonly samples: number;
}

export type KeptShapes = ReadonlyMap<string, readonly number[]>;

export interface SessionOptions {
  /** Tensors of the main graph that runs are to give too. */
  readonly tensors?: readonly string[];
  /** ONNX Runtime's graph optimizations; when left out "all", or as far as they change nothing on this machine. */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /** Threads that share an operator. The same number on the same machine gives the same bits. */
  readonly threads?: number;
  /** Ends opening it, and runs that have no signal of their own. */
  readonly signal?: AbortSignal;
  /** TFLite: its own runtime rather than LiteRT.js, where this machine has it and it takes the model. */
  readonly prefersTflite?: boolean;
  /** In a process of its own, which nothing else is lost with: it is expected to die. */
  readonly isAlone?: boolean;
  /** In this one, which keeps arrays for `runKept`: heeded by ONNX Runtime. */
  readonly shared?: SharedProcess;
}

/** What a runtime is asked for, as `openSession` finds it out of the model. */
export interface SessionRequest extends Omit<SessionOptions, "tensors"> {
  /** Tensors that runs are to give beside the outputs. */
  readonly captured: readonly InnerTensor[];
  /** Plausible values of the inputs by name. */
  readonly ranges: ReadonlyMap<string, Range>;
}

export interface InnerTensor {
  /** As it was asked for. */
  readonly name: string;
  readonly id: TensorId;
}

/** What messages call a model. */
export function nameOf(model: Model | OpenModel): string {
  return "session" in model ? model.name : model.file;
}
