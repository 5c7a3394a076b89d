import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { ListingEdit } from "../layers/listing.ts";
import { isActivation, tensorBytes } from "./tensor-bytes.ts";

/**
 * Whether an edited model needs the same tensors at the same time as the one before: then one plan of memory holds for both.
 * @param isStep whether a row runs in the arena
 */
export function keepsLifetimes({ before, runs }: ListingEdit, isStep: (layer: Layer) => boolean): boolean {
  return runs.parts.every(({ to, came }, place) => {
    const next = runs.parts[place + 1]?.from ?? before.length;
    const gone = before.slice(to, next).filter(isStep);
    const steps = came.filter(isStep);
    return gone.length === steps.length && gone.every((layer, step) => usesAlike(layer, steps[step] ?? layer));
  });
}

function usesAlike(a: Layer, b: Layer): boolean {
  if (a === b) return true;
  return (
    a.repeats === b.repeats &&
    a.isView === b.isView &&
    a.inPlace.join() === b.inPlace.join() &&
    (a.node.bodies === b.node.bodies || a.node.bodies.length + b.node.bodies.length === 0) &&
    areAlike(a.inputs, b.inputs) &&
    areAlike(a.outputs, b.outputs)
  );
}

/** Constants take no place in the arena, but have one among the inputs. */
function areAlike(a: readonly LayerTensor[], b: readonly LayerTensor[]): boolean {
  if (a === b) return true;
  const places = Math.max(a.length, b.length);
  for (let place = 0; place < places; place += 1) if (!isAlike(a[place], b[place])) return false;
  return true;
}

function isAlike(a: LayerTensor | undefined, b: LayerTensor | undefined): boolean {
  if (a === b) return true;
  const hasPlace = (tensor: LayerTensor | undefined): tensor is LayerTensor =>
    tensor !== undefined && isActivation(tensor);
  if (!hasPlace(a) || !hasPlace(b)) return !hasPlace(a) && !hasPlace(b);
  return a.key === b.key && a.use === b.use && a.isVariable === b.isVariable && tensorBytes(a) === tensorBytes(b);
}
