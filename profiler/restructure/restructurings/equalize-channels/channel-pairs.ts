import type { TensorId } from "../../../model/model.ts";
import type { Activation } from "../../../operators/operation.ts";
import type { ConvForm, DenseForm } from "../../../neutral/forms.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import { sharingWeights } from "../../matching/shared-weights.ts";

/** A layer whose weights can be scaled. */
export type ScalableLayer = NeutralLayer<ConvForm> | NeutralLayer<DenseForm>;

/** Two layers between which each channel can be scaled, and scaled back. */
export interface ChannelPair {
  readonly before: ScalableLayer;
  readonly after: ScalableLayer;
  readonly channels: number;
  /** Channel of the first one that an input of the second one is made of. */
  readonly channelOf: (input: number) => number;
}

/**
 * Layers with nothing between them, or only what commutes with positive scales of channels: f(s·x) = s·f(x) of a Relu, a pooling, a mean,
 * a reshape that keeps channels apart. Layers that share their weights with others are left alone.
 * @param mayScale by default those whose weights the file holds as floats
 */
export function channelPairs(
  graph: NeutralGraph,
  mayScale: (layer: ScalableLayer) => boolean = holdsFloats,
): readonly ChannelPair[] {
  const shared = new Set(sharingWeights(graph).flatMap((layers) => layers.map(({ id }) => id)));
  const isOurs = (layer: NeutralLayer): layer is ScalableLayer =>
    (isKind<"conv">(layer, "conv") || isKind<"dense">(layer, "dense")) && !shared.has(layer.id) && mayScale(layer);
  return graph.layers.flatMap((layer) => (isOurs(layer) ? (pairFrom(graph, layer, isOurs) ?? []) : []));
}

/** Rounding again what is rounded would not be exact. */
function holdsFloats({ form: { weight, bias } }: ScalableLayer): boolean {
  return [weight, ...(bias ? [bias] : [])].every(
    ({ dataType, quantization, coding }) =>
      dataType === "float32" && quantization === undefined && coding === undefined,
  );
}

function pairFrom(
  graph: NeutralGraph,
  before: ScalableLayer,
  isOurs: (layer: NeutralLayer) => layer is ScalableLayer,
): ChannelPair | undefined {
  if (!commutes(before.form.activation)) return undefined;
  const [channels = 0] = before.form.weight.shape;
  let id: TensorId | undefined = before.outputs[0];
  /** Numbers beside each other in the last axis that are of one channel, where channels are flattened into it. */
  let inner: number | undefined = before.form.kind === "dense" ? 1 : undefined;
  for (;;) {
    const layer = graph.onlyConsumer(id);
    if (layer === undefined || id === undefined || layer.inputs.length !== 1) return undefined;
    if (isOurs(layer)) {
      const isFlat = inner !== undefined;
      if (isFlat !== (layer.form.kind === "dense")) return undefined;
      const size = inner ?? 1;
      return { before, after: layer, channels, channelOf: (input) => Math.floor(input / size) % channels };
    }
    if (!keepsChannels(graph, layer, inner !== undefined)) return undefined;
    if (isKind(layer, "reshape") || isKind(layer, "reduce-mean")) {
      inner = flattened(graph, layer, id, inner);
      if (inner === undefined && isKind(layer, "reshape")) return undefined;
    }
    id = layer.outputs[0];
  }
}

function keepsChannels(graph: NeutralGraph, layer: NeutralLayer, isFlat: boolean): boolean {
  if (layer.outputs.length !== 1) return false;
  if (isKind(layer, "activation")) return commutes(layer.form);
  if (isKind(layer, "identity") || isKind(layer, "reshape")) return true;
  if (isFlat) return false;
  if (isKind(layer, "pool")) return commutes(layer.form.activation);
  if (!isKind(layer, "reduce-mean")) return false;
  const { channelAxis } = graph.tensor(layer.inputs[0] ?? -1);
  return (
    commutes(layer.form.activation) &&
    channelAxis !== undefined &&
    ![0, channelAxis].some((axis) => layer.form.axes.includes(axis))
  );
}

/**
 * How many numbers of one channel are beside each other where a map was made flat: samples × (channels · places, or places · channels).
 * undefined: it is a map, or channels are no longer apart.
 */
function flattened(
  graph: NeutralGraph,
  layer: NeutralLayer,
  input: TensorId,
  inner: number | undefined,
): number | undefined {
  const { shape: from, channelAxis } = graph.tensor(input);
  const { shape: to } = graph.tensor(layer.outputs[0] ?? -1);
  if (from === undefined || to?.length !== 2 || channelAxis === undefined) return undefined;
  if (inner !== undefined) return from.length === 2 && from.at(-1) === to.at(-1) ? inner : undefined;
  if (isKind(layer, "reduce-mean")) return 1;
  let places = 1;
  let all = 1;
  for (const [axis, size] of from.entries()) {
    if (axis === 0) continue;
    if (typeof size !== "number") return undefined;
    all *= size;
    if (axis > channelAxis) places *= size;
  }
  return all === to[1] ? places : undefined;
}

/** Whether a function of numbers scaled by a positive factor is the function scaled by it. */
function commutes(activation: Activation | undefined): boolean {
  if (activation === undefined || COMMUTING.has(activation.fn)) return true;
  const { fn, minimum = -Infinity, maximum = Infinity } = activation;
  const isOpen = (bound: number): boolean => bound === 0 || !Number.isFinite(bound);
  return fn === "clip" && isOpen(minimum) && isOpen(maximum);
}

const COMMUTING: ReadonlySet<Activation["fn"]> = new Set<Activation["fn"]>(["relu", "leakyRelu", "pRelu"]);
