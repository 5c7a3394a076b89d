import type { Quantization, TensorId } from "../../../model/model.ts";
import type { Form, FormKind, FormOf, GroupNormForm, ReshapeForm } from "../../../neutral/forms.ts";
import { computedWeights, type Weights } from "../../../neutral/weights.ts";
import type { LayerId, NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { ChannelMap, Labels, Unit } from "./channel-map.ts";
import type { Channels } from "./groups.ts";
import { sharedAgain } from "../../matching/shared-weights.ts";
import { isDepthwise } from "./linear-layer.ts";
import { constantAxis } from "./track-channels.ts";

/** The forms of all layers that change when units are taken out. Weights are sliced when they are read; those that were shared stay so. */
export function pruned({ map, unitClasses }: Channels, removed: ReadonlySet<Unit>): Map<LayerId, Form> {
  const kept = keptPositions(map, removed);
  const forms = new Map<LayerId, Form>();
  for (const place of unitClasses.placesOf(removed)) {
    const layer = map.graph.layers[place];
    const form = layer && prunedForm(layer, map, kept);
    if (form) forms.set(layer.id, form);
  }
  return sharedAgain(map.graph, forms);
}

/** Positions that stay along the labelled axis of a tensor; undefined when all do. */
export type KeptPositions = (tensor: TensorId | undefined) => readonly number[] | undefined;

/** Tensors that share their labels share the answer. */
export function keptPositions(map: ChannelMap, removed: ReadonlySet<Unit>): KeptPositions {
  const known = new Map<Labels, readonly number[]>();
  return (tensor) => {
    const labels = map.labels(tensor);
    if (labels === undefined) return undefined;
    const kept = known.get(labels) ?? keptOf(map.units(labels), removed);
    known.set(labels, kept);
    return kept.length === labels.channels.length ? undefined : kept;
  };
}

function keptOf(units: readonly Unit[], removed: ReadonlySet<Unit>): readonly number[] {
  const kept: number[] = [];
  for (const [position, unit] of units.entries()) if (!removed.has(unit)) kept.push(position);
  return kept;
}

interface Slicing {
  readonly layer: NeutralLayer;
  readonly map: ChannelMap;
  /** Positions that stay of the first input and the first output. */
  readonly inputs: readonly number[] | undefined;
  readonly outputs: readonly number[] | undefined;
}

type Rule<F extends Form> = (form: F, slicing: Slicing) => F | undefined;

const RULES: { readonly [K in FormKind]?: Rule<FormOf<K>> } = {
  conv: (form, { inputs, outputs }) => {
    const [, perGroup = 0] = form.weight.shape;
    const own = isDepthwise(form) ? undefined : inputs?.filter((position) => position < perGroup);
    return {
      ...form,
      weight: sliced(sliced(form.weight, 0, outputs), 1, own),
      bias: form.bias && sliced(form.bias, 0, outputs),
      groups: isDepthwise(form) ? (inputs?.length ?? form.groups) : form.groups,
    };
  },
  "conv-transpose": (form, { inputs, outputs }) => {
    const [, perGroup = 0] = form.weight.shape;
    const own = isDepthwise(form) ? undefined : outputs?.filter((position) => position < perGroup);
    return {
      ...form,
      weight: sliced(sliced(form.weight, 0, inputs), 1, own),
      bias: form.bias && sliced(form.bias, 0, outputs),
      groups: isDepthwise(form) ? (inputs?.length ?? form.groups) : form.groups,
    };
  },
  dense: (form, { inputs, outputs }) => ({
    ...form,
    weight: sliced(sliced(form.weight, 0, outputs), 1, inputs),
    bias: form.bias && sliced(form.bias, 0, outputs),
  }),
  "batch-norm": (form, { inputs }) => ({
    ...form,
    scale: sliced(form.scale, 0, inputs),
    shift: sliced(form.shift, 0, inputs),
    mean: sliced(form.mean, 0, inputs),
    variance: sliced(form.variance, 0, inputs),
  }),
  "instance-norm": (form, { inputs }) => ({
    ...form,
    scale: sliced(form.scale, 0, inputs),
    shift: sliced(form.shift, 0, inputs),
  }),
  "group-norm": prunedGroupNorm,
  recurrent: (form, { inputs }) => ({ ...form, weight: sliced(form.weight, 2, inputs) }),
  expand: (form, { layer, map, outputs }) => {
    const labels = map.labels(layer.outputs[0]);
    const rank = map.graph.tensors[layer.outputs[0] ?? -1]?.shape?.length;
    const { target } = form;
    if (labels === undefined || rank === undefined || target === undefined || outputs === undefined) return undefined;
    const axis = labels.axis - (rank - target.length);
    if ((target[axis] ?? 1) === 1) return undefined;
    return { ...form, target: target.map((size, index) => (index === axis ? outputs.length : size)) };
  },
  activation: (form, slicing) => form.slopes && { ...form, slopes: slicedOperand(form.slopes, slicing) },
  elementwise: (form, slicing) => form.constant && { ...form, constant: slicedOperand(form.constant, slicing) },
  split: (form, { layer, map, inputs }) => {
    if (inputs === undefined || map.labels(layer.inputs[0])?.axis !== form.axis) return undefined;
    let begin = 0;
    const sizes = form.sizes.map((size) => {
      const kept = countBetween(inputs, begin, begin + size);
      begin += size;
      return kept;
    });
    return { ...form, sizes };
  },
  slice: (form, { layer, map, inputs }) => {
    if (inputs === undefined || map.labels(layer.inputs[0])?.axis !== form.axis) return undefined;
    const begin = countBetween(inputs, 0, form.begin);
    return { ...form, begin, end: begin + countBetween(inputs, form.begin, form.end) };
  },
  reshape: prunedReshape,
};

function prunedForm(layer: NeutralLayer, map: ChannelMap, kept: KeptPositions): Form | undefined {
  const [inputs, outputs] = [kept(layer.inputs[0]), kept(layer.outputs[0])];
  if (inputs === undefined && outputs === undefined) return undefined;
  return applyRule(layer.form, { layer, map, inputs, outputs });
}

function applyRule<K extends FormKind>(form: FormOf<K>, slicing: Slicing): Form | undefined {
  const rule: Rule<FormOf<K>> | undefined = RULES[form.kind];
  return rule?.(form, slicing);
}

/** Whole groups went. */
function prunedGroupNorm(form: GroupNormForm, { layer, map, inputs }: Slicing): GroupNormForm {
  const channels = map.labels(layer.inputs[0])?.channels.length ?? 0;
  if (inputs === undefined || channels === 0) return form;
  const size = channels / form.groups;
  const kept = inputs.filter((position) => position % size === 0).map((position) => position / size);
  const slice = (weights: Weights): Weights => sliced(weights, 0, weights.shape[0] === channels ? inputs : kept);
  return { ...form, groups: kept.length, scale: slice(form.scale), shift: slice(form.shift) };
}

/** Only sizes that the layer names itself change; those it takes over or works out follow by themselves. */
function prunedReshape(form: ReshapeForm, { layer, map, outputs }: Slicing): ReshapeForm | undefined {
  const labels = map.labels(layer.outputs[0]);
  const axis = labels?.axis;
  // What the run multiplied them with counted all of them: the target works it out anew.
  if (labels?.isRepeated && outputs !== undefined) return { ...form };
  const named = axis === undefined ? undefined : form.target?.[axis];
  if (named === undefined || named <= 0 || outputs === undefined) return undefined;
  return { ...form, target: form.target?.map((size, index) => (index === axis ? outputs.length : size)) };
}

/** A constant that is broadcast with the layer's output. */
function slicedOperand(constant: Weights, { layer, map, outputs }: Slicing): Weights {
  const labels = map.labels(layer.outputs[0]);
  const rank = map.graph.tensors[layer.outputs[0] ?? -1]?.shape?.length;
  const axis = labels && rank !== undefined ? constantAxis(constant, rank, labels.axis) : undefined;
  return axis === undefined ? constant : sliced(constant, axis, outputs);
}

function countBetween(positions: readonly number[], begin: number, end: number): number {
  return positions.filter((position) => position >= begin && position < end).length;
}

/** The same weights when all positions stay. */
export function sliced(weights: Weights, axis: number, positions: readonly number[] | undefined): Weights {
  if (positions === undefined) return weights;
  const { shape, dataType, quantization } = weights;
  const result = computedWeights(
    shape.map((size, index) => (index === axis ? positions.length : size)),
    async () => slicedElements(await weights.read(), shape, axis, positions),
    dataType,
  );
  return quantization ? { ...result, quantization: slicedQuantization(quantization, axis, positions) } : result;
}

function slicedElements(
  elements: Float32Array,
  shape: readonly number[],
  axis: number,
  positions: readonly number[],
): Float32Array {
  const size = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((product, each) => product * each, 1);
  const outer = shape.slice(0, axis).reduce((product, each) => product * each, 1);
  const result = new Float32Array(outer * positions.length * inner);
  let to = 0;
  for (let block = 0; block < outer; block += 1) {
    for (const position of positions) {
      const from = (block * size + position) * inner;
      // Along the last axis it is one number at a time: a view for each would take longer than all that is done with them.
      for (let at = from; at < from + inner; at += 1) result[to++] = elements[at] ?? 0;
    }
  }
  return result;
}

function slicedQuantization(quantization: Quantization, axis: number, positions: readonly number[]): Quantization {
  if (quantization.granularity !== "channel" || quantization.axis !== axis) return quantization;
  const { scales, zeroPoints } = quantization;
  const slice = (values: readonly number[]): readonly number[] =>
    values.length > 1 ? positions.map((position) => values[position] ?? 0) : values;
  return { ...quantization, scales: slice(scales), zeroPoints: slice(zeroPoints) };
}
