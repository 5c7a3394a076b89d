import type { Model } from "../model/model.ts";
import { restructuringOf } from "../restructure/registry.ts";
import { isNotApplicable, NotApplicableError } from "../restructure/restructuring.ts";
import { formatEdit, type Edit } from "./edit.ts";

/** What a model has behind it. */
export interface EarlierEdits {
  readonly base: Model;
  readonly edits: readonly Edit[];
}

/** An exact edit that another one had done before it: nothing is left to do. */
export interface DoneBefore {
  readonly doneBy: Edit;
}

/** What an edit makes of a model, by sizes alone; undefined where they depend on the numbers of weights. */
type Predict = (model: Model, edit: Edit) => Promise<Model | undefined>;

/**
 * Makes an edit, or predicts it. Where it does not fit behind the edits before it, though it would without one of them, that one is named.
 * Exact edits come to the same in any order: where one took the layer of another, it did what that was to do.
 * @param earlier left out where nothing is known of them
 * @throws {NotApplicableError} @throws {LoweringError} as `make`
 */
export async function inAnyOrder<T>(
  edit: Edit,
  earlier: EarlierEdits | undefined,
  predict: Predict,
  make: () => Promise<T>,
): Promise<T | DoneBefore> {
  try {
    return await make();
  } catch (error) {
    if (!isNotApplicable(error)) throw error;
    const taker = earlier && (await takenBy(edit, earlier, predict));
    if (taker === undefined) throw error;
    if (isExact(edit) && isExact(taker)) return { doneBy: taker };
    const reason = error instanceof NotApplicableError ? error.reason : error.message;
    const hint = `It fits before ${formatEdit(taker)}, or without it.`;
    throw new NotApplicableError(edit.restructuring, edit.target, reason, hint);
  }
}

/** The last edit that an edit fitted before and not behind; undefined where there is none, or sizes depend on the numbers of weights. */
async function takenBy(edit: Edit, { base, edits }: EarlierEdits, predict: Predict): Promise<Edit | undefined> {
  const fits = async (model: Model): Promise<boolean> => (await unlessRefused(() => predict(model, edit))) !== REFUSED;
  let taker: Edit | undefined;
  let [model, fitted] = [base, await fits(base)];
  for (const before of edits) {
    const after = await unlessRefused(() => predict(model, before));
    if (after === undefined) return undefined;
    // It was made, so it was done before as well.
    if (after === REFUSED) continue;
    const isFitting = await fits(after);
    if (fitted && !isFitting) taker = before;
    [model, fitted] = [after, isFitting];
  }
  return fitted ? undefined : taker;
}

const REFUSED = Symbol("refused");

function unlessRefused<T>(attempt: () => Promise<T>): Promise<T | typeof REFUSED> {
  return attempt().catch((error: unknown) => {
    if (isNotApplicable(error)) return REFUSED;
    throw error;
  });
}

function isExact({ restructuring }: Edit): boolean {
  return restructuringOf(restructuring).guarantee === "exact";
}
