import { EdgewiseError } from "../errors.ts";
import type { TensorId } from "../model/model.ts";
import type { EditOptions, OptionSpec } from "./options.ts";
import type { LayerId, LiftedGraph } from "./lift/lifted.ts";
import type { Rewrite } from "./lower/rewrite.ts";

/** exact: within float rounding. approximate: near, by the best weights a closed form gives. */
export type Guarantee = "exact" | "approximate" | "needs training";

/** One way to restructure layers. It knows forms and sizes, and nothing of a file's format. */
export interface Restructuring {
  readonly id: string;
  readonly title: string;
  /** One sentence: what becomes of the layer. */
  readonly summary: string;
  readonly promise: Guarantee;
  /** Author, title, venue and year of what it is from. */
  readonly literature: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Where it applies, and where a user could expect it to but it does not, with the reason. */
  find(graph: LiftedGraph): readonly Finding[];
  /**
   * What it would do, by sizes alone: weights of the rewrite are planned, or computed only when read. Parameters, MACs and bytes of the
   * weights are those of `rewrite`; where the weights choose an order of layers (group-and-shuffle), peak memory and energy may differ.
   * @param options complete and checked
   * @returns undefined when sizes depend on the weights' values (a rank by energy): then only `rewrite` can tell
   * @throws {NotApplicableError}
   */
  predict(graph: LiftedGraph, target: string, options: EditOptions): Rewrite | undefined;
  /**
   * What it does, with its weights. The same inputs and seed give the same bits.
   * @param options complete and checked
   * @throws {NotApplicableError}
   */
  rewrite(graph: LiftedGraph, target: string, options: EditOptions, context: RewriteContext): Promise<Rewrite>;
}

export type Finding = Candidate | Refusal;

export interface Candidate {
  /** What an edit names: a layer, or "" for the whole model. */
  readonly target: string;
  /** Layers it changes or removes: edits that share one are in conflict. */
  readonly layers: readonly LayerId[];
  /** Why it stands here: "BatchNormalization after a convolution". */
  readonly why: string;
  /** Options that suit this place better than the defaults. */
  readonly options?: EditOptions;
}

export interface Refusal {
  readonly target: string;
  /** Why not here, in one sentence. */
  readonly reason: string;
}

export function isRefusal(finding: Finding): finding is Refusal {
  return "reason" in finding;
}

/** What computing weights may use beside the weights that are there. */
export interface RewriteContext {
  /** What tensors hold on the calibration samples; undefined without any: then weights alone are looked at. */
  readonly activations?: ActivationSource;
  /** The same samples through the graph as a rewrite would leave it, whose tensors keep their ids: for edits that go step by step. */
  readonly activationsAfter?: (rewrite: Rewrite) => Promise<ActivationSource>;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** @param done share of the edit's work, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
}

/** Runs the graph that is being edited, as it is before this edit, on the calibration samples. */
export interface ActivationSource {
  countSamples(): Promise<number>;
  /** Tensors of the graph, batch by batch, in the same order at each call. */
  capture(tensors: readonly TensorId[]): AsyncIterable<ReadonlyMap<TensorId, Activations>>;
}

export interface Activations {
  /** Batch outermost; axes as the graph has them. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** An edit does not fit the layer it names; the message says why. */
export class NotApplicableError extends EdgewiseError {
  readonly code = "not-applicable";

  constructor(restructuring: string, target: string, reason: string, hint?: string) {
    super(`${restructuring} on ${target === "" ? "the model" : `"${target}"`}: ${reason}`, { hint });
  }
}

/**
 * What a restructuring matched at a target.
 * @param match what stands there, or the reason why nothing does
 * @throws {NotApplicableError}
 */
export function matched<T extends object>(restructuring: string, target: string, match: T | string): T {
  if (typeof match === "string") throw new NotApplicableError(restructuring, target, match);
  return match;
}
