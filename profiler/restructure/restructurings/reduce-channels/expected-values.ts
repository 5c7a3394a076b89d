import type { TensorId } from "../../../model/model.ts";
import type {
  BatchNormForm,
  ElementwiseForm,
  Form,
  FormKind,
  FormOf,
  InstanceNormForm,
} from "../../../neutral/forms.ts";
import type { NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type { Channel, ChannelMap } from "./channel-map.ts";
import { activated, meanOf, normalDistribution, varianceOf, type Distribution } from "./distribution.ts";
import { visitContributions, type Moments } from "./expected-outputs.ts";
import { isLinear, linearSizes, type LinearForm, type LinearLayer } from "./linear-layer.ts";
import { normBehind } from "./readers.ts";
import { constantAxis } from "./track-channels.ts";

/** By position along the axis of a tensor's labels; NaN for channels of which nothing is known. */
export type ExpectedValues = (tensor: TensorId | undefined) => Moments;

/**
 * What each channel of a tensor is on average, as far as normalization tells without any sample: it gives a channel its shift as mean and
 * its scale as deviation (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section
 * 4.2.1). Taken as normal there, and followed through the layers behind.
 */
export async function expectedValues(map: ChannelMap): Promise<ExpectedValues> {
  const found = new Map<TensorId, Distributions>();
  for (const layer of map.graph.layers) {
    const inputs = layer.inputs.map((input) => found.get(input));
    for (const tensor of layer.outputs) {
      const labels = map.labels(tensor);
      if (labels === undefined || labels.channels.length > MOST_PLACES) continue;
      const made = await applyRule(layer.form, { layer, tensor, map, inputs });
      const activation = "activation" in layer.form ? layer.form.activation : undefined;
      const given = made && activation ? changed(made, (values) => activated(values, activation)) : made;
      if (given) found.set(tensor, given);
    }
  }
  return (tensor) => {
    const { channels = [] } = (tensor === undefined ? undefined : found.get(tensor)) ?? {};
    return momentsOf(Array.from(map.labels(tensor)?.channels ?? [], (_, place) => channels[place]));
  };
}

/** Each may have a distribution of 33 numbers: 35 MB. VGG's last map has 25,088. */
const MOST_PLACES = 2 ** 17;

function momentsOf(channels: readonly (Distribution | undefined)[]): Moments {
  const numbers = (numberOf: (values: Distribution) => number): Float64Array =>
    Float64Array.from(channels, (values) => (values?.every(Number.isFinite) === true ? numberOf(values) : NaN));
  return { means: numbers(meanOf), variances: numbers(varianceOf) };
}

/** Of the channels of a tensor; undefined for those of which nothing is known. */
interface Distributions {
  /** The tensor whose values vary: what is made of one, each of its own place, varies together, all else by itself. */
  readonly source: TensorId;
  /** By position along the axis of the tensor's labels. */
  readonly channels: readonly (Distribution | undefined)[];
}

interface Step {
  readonly layer: NeutralLayer;
  /** The output that is asked for. */
  readonly tensor: TensorId;
  readonly map: ChannelMap;
  readonly inputs: readonly (Distributions | undefined)[];
}

type Rule<F extends Form> = (form: F, step: Step) => Distributions | undefined | Promise<Distributions | undefined>;

const same: Rule<Form> = (_, { inputs }) => inputs[0];

/** Layers of other kinds tell nothing of what they make. */
const RULES: { readonly [K in FormKind]?: Rule<FormOf<K>> } = {
  "batch-norm": batchNormalised,
  "instance-norm": instanceNormalised,
  conv: weighed,
  dense: weighed,
  activation: (form, { inputs: [input] }) => input && changed(input, (values) => activated(values, form)),
  elementwise: combined,
  // The largest of some neighbours is more, but neighbours are much alike.
  pool: (form, step) => (form.isGlobal && form.mode === "average" ? averaged(step) : same(form, step)),
  "reduce-mean": (_, step) => averaged(step),
  identity: same,
  resize: same,
  unary: (form, step) => (form.fn === "recoded" ? same(form, step) : undefined),
  concat: joined,
  split: (form, step) => {
    const before = form.sizes.slice(0, step.layer.outputs.indexOf(step.tensor));
    return partOf(
      step,
      form.axis,
      before.reduce((sum, size) => sum + size, 0),
    );
  },
  slice: (form, step) => partOf(step, form.axis, form.begin),
  pad: rearranged,
  reshape: rearranged,
  transpose: rearranged,
  select: rearranged,
  expand: rearranged,
  "depth-to-space": rearranged,
  "space-to-depth": rearranged,
};

function applyRule<K extends FormKind>(form: FormOf<K>, step: Step): ReturnType<Rule<Form>> {
  const rule: Rule<FormOf<K>> | undefined = RULES[form.kind];
  return rule?.(form, step);
}

function changed(
  { source, channels }: Distributions,
  change: (values: Distribution, place: number) => Distribution | undefined,
): Distributions {
  return { source, channels: channels.map((values, place) => values && change(values, place)) };
}

/** Its statistics tell of channels that hardly vary: epsilon stands for more of their deviation. */
async function batchNormalised(form: BatchNormForm, step: Step): Promise<Distributions> {
  const { graph } = step.map;
  const [scale, shift, mean, variance] = await Promise.all([
    form.scale.read(),
    form.shift.read(),
    form.mean.read(),
    form.variance.read(),
  ]);
  const factors = scale.map((value, place) => value / Math.sqrt((variance[place] ?? 0) + form.epsilon));
  const before = graph.producer(step.layer.inputs[0]);
  const biases = before && isLinear(before) ? await before.form.bias?.read() : undefined;
  return normalised({
    step,
    means: shift,
    deviations: factors.map((factor, place) => factor * Math.sqrt(variance[place] ?? 0)),
    constants: shift.map(
      (value, place) => value + (factors[place] ?? 0) * ((biases?.[place] ?? 0) - (mean[place] ?? 0)),
    ),
  });
}

/** Normalises each sample: a constant channel becomes its shift. */
async function instanceNormalised({ scale, shift }: InstanceNormForm, step: Step): Promise<Distributions> {
  const [deviations, means] = await Promise.all([scale.read(), shift.read()]);
  return normalised({ step, means, deviations, constants: means });
}

interface Normalised {
  readonly step: Step;
  /** What the statistics say of each channel. */
  readonly means: Float32Array;
  readonly deviations: Float32Array;
  /** What comes of channels whose filters are zeros. */
  readonly constants: Float32Array;
}

async function normalised({
  step: { layer, tensor, map },
  means,
  deviations,
  constants,
}: Normalised): Promise<Distributions> {
  const before = map.graph.producer(layer.inputs[0]);
  const isDead = before && isLinear(before) ? await deadOutputs(before) : [];
  const channels = Array.from(means, (mean, place) =>
    isDead[place] === true
      ? normalDistribution(constants[place] ?? 0, 0)
      : normalDistribution(mean, deviations[place] ?? 0),
  );
  return { source: tensor, channels };
}

/** For each output whether all its weights are zero. */
async function deadOutputs({ form: { weight } }: LinearLayer): Promise<readonly boolean[]> {
  const elements = await weight.read();
  const [outputs = 0] = weight.shape;
  const size = elements.length / Math.max(1, outputs);
  return Array.from({ length: outputs }, (_, output) =>
    elements.subarray(output * size, (output + 1) * size).every((value) => value === 0),
  );
}

/** An average of many positions varies less. */
function averaged({ layer, tensor, map, inputs: [input] }: Step): Distributions | undefined {
  const count = (id: TensorId | undefined): number =>
    (map.graph.tensors[id ?? -1]?.shape ?? [])
      .slice(1)
      .reduce<number>((product, size) => product * (map.graph.sizeAt(size) ?? 1), 1);
  const share = 1 / Math.sqrt(Math.max(1, count(layer.inputs[0]) / count(tensor)));
  return (
    input &&
    changed(input, (values) => {
      const mean = meanOf(values);
      return values.map((value) => mean + share * (value - mean));
    })
  );
}

/** As if the inputs varied by themselves: of layers that nothing normalizes, as those of a gate (squeeze and excitation). */
async function weighed(
  { bias }: LinearForm,
  { layer, tensor, map, inputs: [input] }: Step,
): Promise<Distributions | undefined> {
  if (input === undefined || !isLinear(layer) || normBehind(map.graph, layer)) return undefined;
  const { outputs } = linearSizes(layer.form);
  const sums = { means: new Float64Array(outputs), variances: new Float64Array(outputs) };
  await visitContributions(layer, momentsOf(input.channels), (output, _, mean, variance) => {
    sums.means[output] = (sums.means[output] ?? 0) + mean;
    sums.variances[output] = (sums.variances[output] ?? 0) + variance;
  });
  const biases = await bias?.read();
  const channels = Array.from(sums.means, (mean, output) =>
    Number.isNaN(mean)
      ? undefined
      : normalDistribution(mean + (biases?.[output] ?? 0), Math.sqrt(sums.variances[output] ?? 0)),
  );
  return { source: tensor, channels };
}

const COMBINE: Readonly<Partial<Record<ElementwiseForm["fn"], (a: number, b: number) => number>>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
};

async function combined(form: ElementwiseForm, step: Step): Promise<Distributions | undefined> {
  const [left, right] = step.inputs;
  const combine = COMBINE[form.fn];
  if (left === undefined || combine === undefined) return undefined;
  if (form.constant) {
    const numbers = await numbersOf(form.constant, step);
    return (
      numbers &&
      changed(left, (values, place) => {
        const number = numbers[numbers.length === 1 ? 0 : place] ?? NaN;
        return values.map((value) => (form.isConstantFirst ? combine(number, value) : combine(value, number)));
      })
    );
  }
  if (right?.channels.length !== left.channels.length) return undefined;
  const together = left.source === right.source;
  const channels = left.channels.map((a, place) => {
    const b = right.channels[place];
    if (a === undefined || b === undefined) return undefined;
    return together ? a.map((value, at) => combine(value, b[at] ?? 0)) : independent(form.fn, a, b);
  });
  return { source: together ? left.source : step.tensor, channels };
}

/** Of two values that vary by themselves. */
function independent(fn: ElementwiseForm["fn"], a: Distribution, b: Distribution): Distribution | undefined {
  const [meanA, meanB, varianceA, varianceB] = [meanOf(a), meanOf(b), varianceOf(a), varianceOf(b)];
  if (fn === "add" || fn === "subtract")
    return normalDistribution(fn === "add" ? meanA + meanB : meanA - meanB, Math.sqrt(varianceA + varianceB));
  if (fn !== "multiply") return undefined;
  const variance = varianceA * varianceB + varianceA * meanB ** 2 + varianceB * meanA ** 2;
  return normalDistribution(meanA * meanB, Math.sqrt(variance));
}

/** One for each position along the axis of the labels, or one for all. */
async function numbersOf(constant: Weights, { map, tensor }: Step): Promise<Float32Array | undefined> {
  const axis = map.labels(tensor)?.axis;
  const rank = map.graph.tensor(tensor).shape?.length;
  const own = axis === undefined || rank === undefined ? undefined : constantAxis(constant, rank, axis);
  const others = constant.shape.filter((_, place) => place !== own);
  return others.every((size) => size === 1) ? constant.read() : undefined;
}

function joined({ axis }: FormOf<"concat">, { layer, tensor, map, inputs }: Step): Distributions | undefined {
  if (map.labels(tensor)?.axis !== axis) return undefined;
  const channels = layer.inputs.map((input, place) => {
    const size = map.labels(input)?.channels.length ?? map.graph.tensor(input).shape?.[axis];
    return (
      inputs[place]?.channels ?? (typeof size === "number" ? new Array<undefined>(size).fill(undefined) : undefined)
    );
  });
  if (channels.includes(undefined)) return undefined;
  return { source: tensor, channels: channels.flatMap((each) => each ?? []) };
}

function partOf({ layer, tensor, map, inputs: [input] }: Step, axis: number, begin: number): Distributions | undefined {
  if (input === undefined) return undefined;
  if (map.labels(layer.inputs[0])?.axis !== axis) return { ...input, source: tensor };
  const size = map.labels(tensor)?.channels.length ?? 0;
  return { source: tensor, channels: input.channels.slice(begin, begin + size) };
}

/** The same values at other places: what a place had is known by the channel that it belongs to. */
function rearranged(_: Form, { layer, tensor, map, inputs: [input] }: Step): Distributions | undefined {
  const [from, to] = [map.labels(layer.inputs[0]), map.labels(tensor)];
  if (input === undefined || from === undefined || to === undefined) return undefined;
  const byChannel = new Map<Channel, Distribution | undefined>();
  for (const [place, channel] of from.channels.entries()) byChannel.set(channel, input.channels[place]);
  return { source: tensor, channels: to.channels.map((channel) => byChannel.get(channel)) };
}
