import type { Model } from "../../model/model.ts";
import type { Edit } from "../edit.ts";
import type { FitPoint } from "./fit-point.ts";
import { combined } from "./strengths.ts";

/** Where a search stands: all that it takes to go on with it later. Plain data. */
export interface Progress {
  readonly points: readonly FitPoint[];
  /** Position of the point that it goes on from. */
  readonly standing: number;
  /** How far the search is with its steps and pilots; anew when left out, as for another budget. A step of 0: nothing is left. */
  readonly step?: number;
  readonly pilots?: number;
}

/** A model on the way, and where it came from. */
export interface Origin {
  readonly model: Model;
  readonly edits: readonly Edit[];
  readonly before?: Origin;
}

/** The same edits of the same model make the same one. */
export async function madeAgain(
  base: Model,
  edits: readonly Edit[],
  edited: (model: Model, edit: Edit) => Promise<Model>,
): Promise<Origin> {
  let origin: Origin = { model: base, edits: [] };
  for (const edit of edits)
    origin = { model: await edited(origin.model, edit), edits: [...origin.edits, edit], before: origin };
  return origin;
}

/** An edit that goes on with the last one is one edit with it, of the model before: weights are fitted once, to what they were. */
export function continued(current: Origin, edit: Edit): { readonly from: Origin; readonly edit: Edit } {
  const last = current.edits.at(-1);
  const isSame = last?.restructuring === edit.restructuring && last.target === edit.target;
  const options = isSame && current.before ? combined(edit.restructuring, last.options, edit.options) : undefined;
  return options && current.before ? { from: current.before, edit: { ...edit, options } } : { from: current, edit };
}
