import type { Bindings } from "../bindings.ts";
import { withEntry } from "../model/choose-entry.ts";
import { entryRefusal } from "../model/entry-refusal.ts";
import type { Model } from "../model/model.ts";
import { requireData } from "../model/require-data.ts";
import { whyOutOfReach } from "./absences.ts";
import type { Edit } from "./edit.ts";
import { inAnyOrder, type EarlierEdits } from "./edit-order.ts";
import { failureReason } from "./failure-reason.ts";
import { trainingOf, type Learned, type TrainingContext } from "./train-edit.ts";
import { cutModel } from "../neutral/cut-model.ts";
import { changedLayers, keptTensors, type KeptTensor } from "../neutral/kept-tensors.ts";
import { neutralGraphOf, trainableGraphOf } from "../translation/known-graph.ts";
import { lowerRewrite } from "../translation/lower-model.ts";
import { baseFor, hasFixable, openBase, type EditBase } from "./fixed-sizes.ts";
import { restructuringOf } from "../restructure/registry.ts";
import { activationsOn } from "../runtime/activation-source.ts";
import { withParts } from "../runtime/model-part.ts";
import {
  NotApplicableError,
  type ActivationSource,
  type RewriteContext,
  type Guarantee,
} from "../restructure/restructuring.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import type { Rewrite } from "../neutral/rewrite.ts";

/** What edits are computed with. */
export interface EditContext {
  /** Sizes at which the model is looked at; only an edit that cannot be done on open sizes writes them into the model. */
  readonly bindings?: Bindings;
  /** Runs a model on the calibration samples; left out where there are none. */
  readonly activationsOf?: (model: Model) => Promise<ActivationSource> | ActivationSource | undefined;
  /** For edits that train. */
  readonly training?: TrainingContext;
  readonly seed?: number;
  /** See `inAnyOrder`. */
  readonly earlier?: EarlierEdits;
  readonly signal?: AbortSignal;
  /** @param done share of the whole list, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
}

/** What one edit of a list came to. */
export interface Step {
  readonly edit: Edit;
  readonly guarantee: Guarantee;
  /** Names of the layers it changed or took out. */
  readonly changed: readonly string[];
  /** What those layers make and both models have, apart from the outputs: where the edit is checked beside them. */
  readonly kept: readonly KeptTensor[];
  /** Its weights would have been fitted to samples, and there were none. */
  readonly isUnfitted: boolean;
  /** Dynamic dimensions that it declares as numbers, since it cannot be done while the run decides on them. */
  readonly fixes: Bindings;
  readonly before: Model;
  readonly after: Model;
  /** What it learned, if it trained: `edit` names it by its hash. */
  readonly learned?: Learned;
  /** The exact edit before it that had done the same: nothing was left to do. */
  readonly doneBy?: Edit;
}

export interface EditedModel {
  readonly model: Model;
  readonly steps: readonly Step[];
}

/**
 * Applies edits in order, each to what the ones before it made. The base model stays as it is.
 * @throws {NotApplicableError} when one does not fit its target any more
 * @throws {OptionError} for an unknown restructuring or option
 */
export async function applyEdits(base: Model, edits: readonly Edit[], context: EditContext = {}): Promise<EditedModel> {
  const steps: Step[] = [];
  let model = base;
  for (const [index, edit] of edits.entries()) {
    const onProgress = (done: number, what: string): void => context.onProgress?.((index + done) / edits.length, what);
    const earlier = { base, edits: edits.slice(0, index) };
    const step = await applyEdit(model, edit, { ...context, ...teaching(base, context), earlier, onProgress });
    steps.push(step);
    model = step.after;
  }
  return { model, steps };
}

/** The model that edits start from is what they are trained to answer as. */
function teaching(base: Model, { training }: EditContext): Pick<EditContext, "training"> {
  return training ? { training: { ...training, teacher: base } } : {};
}

/**
 * One edit of the entry that it names, which comes first in what it makes, or of the first one. An exact edit whose layer an exact edit
 * before it took is done already: exact edits come to the same in any order.
 * @throws {NotApplicableError} @throws {OptionError} as `applyEdits`, and where there is no such entry
 */
export async function applyEdit(given: Model, edit: Edit, context: EditContext = {}): Promise<Step> {
  const model = placed(given, edit);
  const { earlier, bindings } = context;
  const made = await inAnyOrder(
    edit,
    earlier,
    (before, one) => predictEdit(before, one, { ...(bindings && { bindings }) }),
    () =>
      computed(model, edit, context).catch(async (error: unknown) => {
        throw await failureReason(error, model, edit, bindings);
      }),
  );
  if ("after" in made) return made;
  const nothing = { changed: [], kept: [], isUnfitted: false, fixes: {} };
  return { edit, guarantee: "exact", ...nothing, before: model, after: model, doneBy: made.doneBy };
}

async function computed(model: Model, edit: Edit, context: EditContext): Promise<Step> {
  const { seed = 0, signal, onProgress, bindings, activationsOf } = context;
  signal?.throwIfAborted();
  requireData(model);
  const restructuring = restructuringOf(edit.restructuring);
  const {
    model: base,
    graph: opened,
    fixes,
  } = mayFix(edit) && hasFixable(model, bindings)
    ? await baseFor(model, bindings, true, (tried) => predictOn(tried, edit))
    : openBase(model, bindings);
  const graph = restructuring.givesNumbersOnly ? trainableGraphOf(base) : opened;
  requireReach(base, graph, edit);
  const activations = await activationsOf?.(base);
  const activationsAfter = async (partial: Rewrite): Promise<ActivationSource> => {
    const source = await activationsOf?.(await lowerRewrite(base, graph, partial, { readsWeights: true }));
    if (source) return source;
    throw new RangeError("a model that was run before an edit is not run after it");
  };
  const observe = async (partial: Rewrite): Promise<ActivationSource> => {
    if (activations) return isUnchanging(partial) ? activations : activationsAfter(partial);
    const partly = isUnchanging(partial) ? base : await lowerRewrite(base, graph, partial, { readsWeights: true });
    return activationsOn(partly, { seed, ...(bindings && { dimensions: bindings }) });
  };
  const { training, learned } = trainingOf(base, graph, edit, context.training, {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const rewrite = await withParts((parts) => {
    const partAfter: RewriteContext["partAfter"] = async (partial, from, to) => {
      const whole = await lowerRewrite(base, graph, partial, { readsWeights: true });
      return parts.open(cutModel(whole, from, to, graph.tensors), signal);
    };
    return restructuring.rewrite(graph, edit.target, edit.options, {
      seed,
      observe,
      ...(training && { training }),
      ...(activations && { activations, activationsAfter, partAfter }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  });
  const after = await lowerRewrite(base, graph, rewrite, { readsWeights: true });
  signal?.throwIfAborted();
  onProgress?.(1, restructuring.title);
  const result = learned();
  return {
    edit: result ? { ...edit, learned: result.hash } : edit,
    ...(result && { learned: result }),
    guarantee: restructuring.guarantee,
    changed: changedLayers(graph, rewrite).map(({ name }) => name),
    kept: keptTensors(graph, neutralGraphOf(after, bindings, base), rewrite),
    isUnfitted: restructuring.fitsToSamples === true && activations === undefined,
    fixes,
    before: model,
    after,
  };
}

function placed(given: Model, { restructuring, target, entry }: Edit): Model {
  const model = entry === undefined ? given : withEntry(given, entry);
  const refusal = entryRefusal(model);
  if (refusal !== undefined) throw new NotApplicableError(restructuring, target, refusal);
  return model;
}

function isUnchanging({ remove = [], replace, insert = [] }: Rewrite): boolean {
  return remove.length === 0 && insert.length === 0 && (replace === undefined || replace.size === 0);
}

/**
 * The model as the edit would leave it, its new weights without numbers: costing it gives what the edited model costs, to the last
 * parameter. No weights are read.
 * @returns undefined when the sizes depend on the numbers of the weights
 * @throws {NotApplicableError}
 */
export async function predictEdit(
  model: Model,
  edit: Edit,
  { bindings }: Pick<EditContext, "bindings"> = {},
): Promise<Model | undefined> {
  let predicted: Model | undefined;
  await baseFor(placed(model, edit), bindings, mayFix(edit), async (base) => (predicted = await predictOn(base, edit)));
  return predicted;
}

/** Whether an edit may declare sizes as numbers: an exact one may not. */
export function mayFix({ restructuring }: Edit): boolean {
  return restructuringOf(restructuring).guarantee !== "exact";
}

/** What becomes of a base. @throws {NotApplicableError} */
export async function predictOn({ model, graph }: EditBase, edit: Edit): Promise<Model | undefined> {
  requireReach(model, graph, edit);
  const rewrite = restructuringOf(edit.restructuring).predict(graph, edit.target, edit.options);
  return rewrite && lowerRewrite(model, graph, rewrite, { readsWeights: false });
}

/** @throws {NotApplicableError} for a layer that the model has, in a graph that is not edited */
function requireReach(model: Model, graph: NeutralGraph, { restructuring, target }: Edit): void {
  if (target === "" || graph.layer(target) !== undefined) return;
  const reason = whyOutOfReach(model, target);
  if (reason !== undefined) throw new NotApplicableError(restructuring, target, reason);
}
