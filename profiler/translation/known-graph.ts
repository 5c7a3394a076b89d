import type { Model } from "../model/model.ts";
import { liftModel } from "./lift-model.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";

interface Known {
  readonly bindings: string;
  readonly graph: NeutralGraph;
}

/** A model never changes: what was found out of it holds as long as there is the model. */
const KNOWN = new WeakMap<Model, Known>();

/**
 * `liftModel`, once for a model and the same bindings: suggesting, predicting and applying many edits look at one graph.
 * @param base that the model was edited from, where the caller has it
 */
export function neutralGraphOf(
  model: Model,
  bindings: Readonly<Record<string, number>> = {},
  base?: Model,
): NeutralGraph {
  const key = JSON.stringify(Object.entries(bindings).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const known = KNOWN.get(model);
  if (known?.bindings === key) return known.graph;
  const graph = liftModel(model, bindings, base);
  KNOWN.set(model, { bindings: key, graph });
  return graph;
}

const TRAINABLE = new WeakMap<Model, NeutralGraph>();

/** The same with weights that the file decodes itself, in a form that can be stored again: for giving layers other numbers. */
export function trainableGraphOf(model: Model): NeutralGraph {
  const graph = TRAINABLE.get(model) ?? liftModel(model, {}, undefined, { decodes: true });
  TRAINABLE.set(model, graph);
  return graph;
}
