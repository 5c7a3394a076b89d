import type { TensorId } from "../model/model.ts";
import type { Form } from "./forms.ts";
import type { LayerId, NeutralGraph } from "./neutral-graph.ts";
import type { Rewrite, TensorRef } from "./rewrite.ts";

/** A tensor by its name before and after an edit. */
export interface KeptTensor {
  readonly before: string;
  readonly after: string;
}

/** Layers that an edit changes or takes out, in the order they run. */
export function changedLayers(
  { layers }: NeutralGraph,
  { remove = [], replace = new Map<LayerId, Form>() }: Rewrite,
): NeutralGraph["layers"] {
  const changed = new Set([...remove, ...replace.keys()]);
  return layers.filter(({ id }) => changed.has(id));
}

/**
 * What the changed layers make and the edited graph has too, inner tensors only: where the work of an edit is seen before the rest of the
 * network hides it. A tensor whose readers were led elsewhere is held against the one they read now; one that they were led to means
 * something else than before.
 * @param after the edited model, lifted; ids of tensors are those of `before`
 */
export function keptTensors(before: NeutralGraph, after: NeutralGraph, rewrite: Rewrite): readonly KeptTensor[] {
  const { rewire = new Map<TensorId, TensorRef>() } = rewrite;
  const taken = new Set(rewire.values());
  return changedLayers(before, rewrite)
    .flatMap(({ outputs }) => outputs)
    .flatMap((id): readonly KeptTensor[] => {
      const heir = rewire.get(id) ?? id;
      const [old, now] = [before.tensors[id], typeof heir === "number" ? after.tensors[heir] : undefined];
      if (old === undefined || now === undefined || typeof heir !== "number" || taken.has(id)) return [];
      const isInner =
        !old.isOutput && !old.isInput && !now.isOutput && !now.isInput && after.producer(heir) !== undefined;
      return isInner && isAlike(old.shape, now.shape) ? [{ before: old.name, after: now.name }] : [];
    });
}

function isAlike(a: NeutralGraph["tensors"][number]["shape"], b: typeof a): boolean {
  return a !== undefined && a.join() === b?.join();
}
