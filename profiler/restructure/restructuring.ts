import { EdgewiseError } from "../errors.ts";
import type { TensorId } from "../model/model.ts";
import { completeOptions, type EditOptions, type OptionSpec, type OptionsOf, type OptionValue } from "./options.ts";
import type { ActivationSource, GraphPart } from "../neutral/activations.ts";
import { LoweringError } from "../neutral/lowering-error.ts";
import type { LayerId, NeutralGraph } from "../neutral/neutral-graph.ts";
import type { Rewrite } from "../neutral/rewrite.ts";
import { repeatedForTied, sharedAgain, tiedTo } from "./matching/shared-weights.ts";

/** exact: within float rounding. approximate: near, by the best weights a closed form gives. */
export type Guarantee = "exact" | "approximate" | "needs training";

/**
 * One way to restructure layers, all of it in one object: suggestions, `fit`, diagnostics, the command line, the page, the documentation and
 * the tests go by these fields. It knows forms and sizes, and nothing of a file's format.
 */
export interface Definition<Specs extends readonly OptionSpec[]> extends Description {
  readonly options: Specs;
  /** How far suggestions go where an edit can go more or less far: as far as its literature goes without much loss. Default: its defaults. */
  readonly suggested?: Partial<OptionsOf<Specs>>;
  /** What `fit` tries of it; without it there is one way. */
  readonly strengths?: StrengthsOf<OptionsOf<Specs>>;
  /** Where it applies, and where a user could expect it to but it does not, with the reason. */
  find(graph: NeutralGraph): readonly Finding<Partial<OptionsOf<Specs>>>[];
  /**
   * What it would do, by sizes alone: weights of the rewrite are planned, or computed only when read. Parameters, MACs and bytes of the
   * weights are those of `rewrite`.
   * @returns undefined when sizes depend on the weights' values (a rank by energy): then only `rewrite` can tell
   * @throws {NotApplicableError}
   */
  predict(graph: NeutralGraph, target: string, options: OptionsOf<Specs>): Rewrite | undefined;
  /**
   * What it does, with its weights. The same inputs and seed give the same bits.
   * @throws {NotApplicableError}
   */
  rewrite(graph: NeutralGraph, target: string, options: OptionsOf<Specs>, context: RewriteContext): Promise<Rewrite>;
}

interface Description {
  readonly id: string;
  readonly title: string;
  /** One sentence: what becomes of the layer. */
  readonly summary: string;
  readonly guarantee: Guarantee;
  /** Author, title, venue and year of what it is from. */
  readonly literature: readonly string[];
  /** Codes of the diagnostics that it answers, each with its place among their answers: 1 is the best. */
  readonly answers: Readonly<Record<string, number>>;
  /** It is for the model as a whole: it takes no layer as its target. */
  readonly isOfWholeModel?: true;
  /** Its weights are fitted to calibration samples: without them it goes by what the file says alone. */
  readonly fitsToSamples?: true;
  /** Layers that share their weights with one that it changes get the new ones too, and go on sharing. */
  readonly keepsSharing?: true;
  /** Layers that do the same as the one that it takes the place of, with the same weights, are taken with it, and go on sharing. */
  readonly takesTied?: true;
  /** It stores or computes with other numbers, as many times as before: no budget of MACs is met by it. */
  readonly keepsMacs?: true;
  /** It makes weights ready for another edit, and saves nothing by itself: it is not among the edits that are taken for what they save. */
  readonly savesNothing?: true;
  /** Only the weights tell how large the file gets, whatever the options: nothing is predicted. */
  readonly predictsNothing?: true;
  /** It gives layers other numbers and nothing else: weights that the file decodes itself can have them too, and stay in their form. */
  readonly givesNumbersOnly?: true;
  /** The weights choose the order of the new layers: only their sizes are predicted, and peak memory and energy may turn out otherwise. */
  readonly choosesOrder?: true;
}

/** Values of the option that says how far an edit goes. */
export interface Strengths {
  readonly option: string;
  /** The mildest first. */
  readonly values: readonly OptionValue[];
  /** The option is a share of what is there: going on after one such edit is one edit of the product. */
  readonly isShare?: true;
}

type StrengthsOf<Options> = {
  readonly [Id in keyof Options]-?: Strengths & {
    readonly option: Id;
    readonly values: readonly Exclude<Options[Id], undefined>[];
  };
}[keyof Options];

/** A restructuring as everything but itself sees it: options are checked, and completed with their defaults, before it gets them. */
export interface Restructuring extends Description {
  readonly options: readonly OptionSpec[];
  readonly suggested?: EditOptions;
  readonly strengths?: Strengths;
  /** See `Definition`, of these three. */
  find(graph: NeutralGraph): readonly Finding[];
  /** @throws {NotApplicableError} @throws {OptionError} */
  predict(graph: NeutralGraph, target: string, options: EditOptions): Rewrite | undefined;
  /** @throws {NotApplicableError} @throws {OptionError} */
  rewrite(graph: NeutralGraph, target: string, options: EditOptions, context: RewriteContext): Promise<Rewrite>;
}

export function defineRestructuring<const Specs extends readonly OptionSpec[]>(
  definition: Definition<Specs>,
): Restructuring {
  // What is complete and checked has the types that the specs say; the compiler cannot tell before it knows the specs.
  const complete = (given: EditOptions) => completeOptions(definition.options, given) as OptionsOf<Specs>;
  const kept = (graph: NeutralGraph, rewrite: Rewrite): Rewrite => {
    if (definition.takesTied) return repeatedForTied(graph, rewrite);
    return definition.keepsSharing
      ? { ...rewrite, replace: sharedAgain(graph, rewrite.replace ?? new Map()) }
      : rewrite;
  };
  return {
    ...(definition as Omit<Restructuring, "predict" | "rewrite">),
    ...(definition.takesTied && {
      find: (graph: NeutralGraph) => foundOnce(graph, definition.find(graph) as readonly Finding[]),
    }),
    predict: (graph, target, options) => {
      const rewrite = definition.predict(graph, target, complete(options));
      return rewrite && kept(graph, rewrite);
    },
    rewrite: async (graph, target, options, context) =>
      kept(graph, await definition.rewrite(graph, target, complete(options), context)),
  };
}

/** Layers that an edit takes together are one candidate, at the first of them. */
function foundOnce(graph: NeutralGraph, findings: readonly Finding[]): readonly Finding[] {
  const taken = new Set<LayerId>();
  return findings.flatMap((finding): readonly Finding[] => {
    if (isRefusal(finding)) return [finding];
    if (finding.layers.some((id) => taken.has(id))) return [];
    const tied = finding.layers.flatMap((id) => tiedTo(graph, id)).map(({ id }) => id);
    for (const id of tied) taken.add(id);
    if (tied.length === 0) return [finding];
    const why = `${finding.why}, shared by ${finding.layers.length + tied.length} layers`;
    return [{ ...finding, layers: [...finding.layers, ...tied], why }];
  });
}

export type Finding<Options = EditOptions> = Candidate<Options> | Refusal;

export interface Candidate<Options = EditOptions> {
  /** What an edit names: a layer, or "" for the whole model. */
  readonly target: string;
  /** Layers it changes or removes: edits that share one are in conflict. */
  readonly layers: readonly LayerId[];
  /** Why it stands here: "BatchNormalization after a convolution". */
  readonly why: string;
  /** Options that suit this place better than the defaults. */
  readonly options?: Options;
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
  /**
   * The graph as a rewrite would leave it, run on the samples or, where there are none, on random inputs: for edits that must know
   * how large activations get.
   */
  readonly observe?: (rewrite: Rewrite) => Promise<ActivationSource>;
  /** Trains the graph; undefined where that is not possible. */
  readonly training?: Training;
  /**
   * A part of the graph as a rewrite would leave it, from some tensors to others: for edits that follow the samples through the
   * network once, changing layer after layer. There where `activations` are.
   */
  readonly partAfter?: (rewrite: Rewrite, from: readonly TensorId[], to: readonly TensorId[]) => Promise<GraphPart>;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** @param done share of the edit's work, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
}

/** Trains the graph that is being edited to answer as the model that its edits started from. */
export type Training = (options: TrainingOptions) => Promise<Rewrite>;

export interface TrainingOptions {
  readonly steps: number;
  readonly copies: number;
  readonly inner: number;
  readonly seed: number;
  readonly roles: "all" | "biases-and-scales";
  readonly augmentation?: string;
  readonly rate?: number;
}

export type { Activations, ActivationSource, GraphPart } from "../neutral/activations.ts";

/** An edit does not fit the layer it names; the message says why. */
export class NotApplicableError extends EdgewiseError {
  readonly code = "not-applicable";

  /** @param reason without the edit and its place */
  constructor(
    restructuring: string,
    target: string,
    readonly reason: string,
    hint?: string,
  ) {
    super(`${restructuring} on ${target === "" ? "the model" : `"${target}"`}: ${reason}`, { hint });
  }
}

/** Whether an error says that an edit does not fit its place. */
export function isNotApplicable(error: unknown): error is NotApplicableError | LoweringError {
  return error instanceof NotApplicableError || error instanceof LoweringError;
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
