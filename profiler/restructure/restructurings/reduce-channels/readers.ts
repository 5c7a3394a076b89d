import type { BatchNormForm, Form } from "../../../neutral/forms.ts";
import { isKind, type LayerId, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import { computedWeights, type Weights } from "../../../neutral/weights.ts";
import { sharingWeights } from "../../matching/shared-weights.ts";
import type { ChannelMap } from "./channel-map.ts";
import { isLinear, type LinearForm, type LinearLayer } from "./linear-layer.ts";
import type { KeptPositions } from "./prune.ts";

/** A layer that lost input channels, or several with the same weights: what makes up for it is the same for all of them. */
export interface Reader {
  readonly layers: readonly [LinearLayer, ...LinearLayer[]];
  /** The first of them without what went. */
  readonly form: LinearForm;
}

/** @param pruned all layers that changed */
export function readersOf(
  { graph }: ChannelMap,
  kept: KeptPositions,
  pruned: ReadonlyMap<LayerId, Form>,
): readonly Reader[] {
  const tied = sharingWeights(graph);
  return graph.layers.filter(isLinear).flatMap((layer): readonly Reader[] => {
    const form = linearForm(pruned.get(layer.id));
    if (kept(layer.inputs[0]) === undefined || form === undefined) return [];
    const alike: readonly NeutralLayer[] = tied.find((layers) => layers.some(({ id }) => id === layer.id)) ?? [];
    const [first = layer, ...others] = alike.filter(isLinear);
    return first === layer ? [{ layers: [first, ...others], form }] : [];
  });
}

export function linearForm(form: Form | undefined): LinearForm | undefined {
  return form?.kind === "conv" || form?.kind === "dense" ? form : undefined;
}

/** The batch normalization that a layer's outputs go to and nothing else: its mean takes over a bias that the layer does not have. */
export function normBehind(graph: NeutralGraph, layer: LinearLayer): NeutralLayer<BatchNormForm> | undefined {
  const next = graph.onlyConsumer(layer.outputs[0]);
  return next && isKind(next, "batch-norm") && layer.form.activation === undefined ? next : undefined;
}

/**
 * Layers that give other outputs by a number for each: their biases or, where there is none, the means of the normalizations behind.
 * Biases that they shared stay shared. A layer with neither stays as it is.
 * @param current all layers that changed so far
 * @param shift outputs of the layer as it is now; asked for when the weights are read
 */
export function shiftedOutputs(
  graph: NeutralGraph,
  layers: readonly LinearLayer[],
  current: ReadonlyMap<LayerId, Form>,
  shift: () => Promise<Float32Array>,
): ReadonlyMap<LayerId, Form> {
  const changed = new Map<LayerId, Form>();
  const biases = new Map<Weights, Weights>();
  for (const layer of layers) {
    const form = linearForm(current.get(layer.id));
    if (form === undefined) continue;
    if (form.bias) {
      const bias = biases.get(form.bias) ?? shifted(form.bias, shift, 1);
      biases.set(form.bias, bias);
      changed.set(layer.id, { ...form, bias });
      continue;
    }
    const norm = normBehind(graph, layer);
    if (norm === undefined) continue;
    const before = current.get(norm.id);
    const normForm = before?.kind === "batch-norm" ? before : norm.form;
    changed.set(norm.id, { ...normForm, mean: shifted(normForm.mean, shift, -1) });
  }
  return changed;
}

function shifted(weights: Weights, shift: () => Promise<Float32Array>, sign: 1 | -1): Weights {
  const { shape, dataType, quantization } = weights;
  const read = async (): Promise<Float32Array> => {
    const [before, change] = await Promise.all([weights.read(), shift()]);
    return before.map((value, index) => value + sign * (change[index] ?? 0));
  };
  return { ...computedWeights(shape, read, dataType), ...(quantization && { quantization }) };
}
