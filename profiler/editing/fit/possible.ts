import { setImmediate as nextTurn } from "node:timers/promises";
import { EdgewiseError } from "../../errors.ts";
import type { Model } from "../../model/model.ts";
import type { Totals } from "../../profile.ts";
import { predictEdit } from "../apply.ts";
import type { Edit } from "../edit.ts";

export interface PredictionOptions {
  readonly bindings?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal;
}

/**
 * What a model costs after an edit; undefined when only its weights would tell.
 * @param costs tell what the model after it costs, which was made of the one before
 * @throws the signal's reason
 */
export async function predictedTotals(
  model: Model,
  edit: Edit,
  costs: { totalsOf(after: Model, before: Model): Totals },
  { bindings, signal }: PredictionOptions,
): Promise<Totals | undefined> {
  // An abort comes as an event: without a turn between the predictions nobody could hear it.
  await nextTurn();
  signal?.throwIfAborted();
  const after = await predictEdit(model, edit, bindings ? { bindings } : {});
  return after && costs.totalsOf(after, model);
}

/** Failures that say nothing of a place: the file itself is at fault. */
const FATAL = new Set(["file-changed", "file-access", "external-data"]);

/**
 * undefined where an edit turns out not to be possible, or its model does not run.
 * @param onReason is told why
 */
export async function possible<T>(make: () => Promise<T>, onReason?: (reason: string) => void): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (!isOfItsPlace(error)) throw error;
    onReason?.(error.message);
    return undefined;
  }
}

/** Whether a failure says that an edit is not possible there, and not that the file itself is at fault. */
export function isOfItsPlace(error: unknown): error is EdgewiseError {
  return error instanceof EdgewiseError && !FATAL.has(error.code);
}
