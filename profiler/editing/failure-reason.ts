import type { Bindings } from "../bindings.ts";
import { EdgewiseError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { NotApplicableError } from "../restructure/restructuring.ts";
import type { Edit } from "./edit.ts";
import { openBase } from "./fixed-sizes.ts";

/**
 * What made an edit fail: of weights with a NaN, as a training that diverged leaves them, a decomposition says only that its matrix is not
 * what it must be. Weights are read then, and only then.
 * @returns the error itself where it says what is wrong, and where weights that can be read are numbers
 */
export async function failureReason(error: unknown, model: Model, edit: Edit, bindings?: Bindings): Promise<unknown> {
  if (error instanceof EdgewiseError || (error instanceof Error && error.name === "AbortError")) return error;
  for (const layer of openBase(model, bindings).graph.layers) {
    if (!("weight" in layer.form)) continue;
    const weights = await layer.form.weight.read().catch(() => NONE);
    const bad = weights.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    const reason = `weight ${bad} of "${layer.name}" is ${String(weights[bad])}: weights that are no numbers cannot be approximated`;
    return new NotApplicableError(edit.restructuring, edit.target, reason);
  }
  return error;
}

const NONE = new Float32Array(0);
