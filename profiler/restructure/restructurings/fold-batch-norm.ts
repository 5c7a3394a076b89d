import {
  computedWeights,
  type BatchNormForm,
  type ConvForm,
  type DenseForm,
  type Weights,
} from "../../neutral/forms.ts";
import { whyOpaque } from "../matching/opaque-refusals.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { matched, type Finding, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "fold-batch-norm";

type Linear = NeutralLayer<ConvForm | DenseForm>;

interface Match {
  readonly norm: NeutralLayer<BatchNormForm>;
  readonly linear: Linear;
  /** Whether the normalisation comes before or after the linear layer. */
  readonly isAfter: boolean;
}

/**
 * In inference a BatchNormalization is a scale and a shift of each channel, constants both. They go into the convolution or dense layer
 * before it: W' = f·W, b' = f·(b - mean) + shift with f = scale/√(variance + ε). Into the one after it they go where nothing is padded:
 * W'[o,i] = W[o,i]·f[i], b' = b + Σ W[o,i]·s[i] with s = shift - f·mean. A padded zero would have to become the value that
 * normalises to zero.
 *
 * Ioffe and Szegedy, "Batch Normalization", ICML 2015; Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference", CVPR 2018, section 3.2.
 */
export const FOLD_BATCH_NORM = defineRestructuring({
  id: ID,
  title: "Fold batch normalisation",
  summary: "Puts the scale and shift of a batch normalisation into the weights of the layer before or after it.",
  guarantee: "exact",
  literature: [
    "Ioffe and Szegedy, Batch Normalization, ICML 2015",
    "Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018",
  ],
  answers: { "unfused-batch-norm": 1 },
  options: [],
  find: (graph) => graph.layersOf("batch-norm").map((norm) => finding(graph, norm)),
  predict: (graph, target) => rewritten(matched(ID, target, matchTarget(graph, target))),
  rewrite: (graph, target) => Promise.resolve(rewritten(matched(ID, target, matchTarget(graph, target)))),
});

function finding(graph: NeutralGraph, norm: NeutralLayer<BatchNormForm>): Finding {
  const match = matchNorm(graph, norm);
  if (typeof match === "string") return { target: norm.name, reason: match };
  const { linear, isAfter } = match;
  const why = `Batch normalisation ${isAfter ? "after" : "before"} ${linear.name}: its scale and shift fit into the weights.`;
  return { target: norm.name, layers: [norm.id, linear.id], why };
}

function matchTarget(graph: NeutralGraph, target: string): Match | string {
  const layer = graph.layer(target);
  if (layer === undefined) return "there is no such layer";
  return isKind(layer, "batch-norm") ? matchNorm(graph, layer) : whyOpaque(layer, "it is no batch normalisation");
}

function matchNorm(graph: NeutralGraph, norm: NeutralLayer<BatchNormForm>): Match | string {
  const before = graph.producer(norm.inputs[0]);
  const after = graph.onlyConsumer(norm.outputs[0]);
  const intoBefore = reasonAgainstBefore(graph, norm, before);
  if (intoBefore === undefined && before && isLinear(before)) return { norm, linear: before, isAfter: true };
  const intoAfter = reasonAgainstAfter(graph, norm, after);
  if (intoAfter === undefined && after && isLinear(after)) return { norm, linear: after, isAfter: false };
  return before && isLinear(before) ? (intoBefore ?? "") : after && isLinear(after) ? (intoAfter ?? "") : NEITHER;
}

const NEITHER = "neither the layer before it nor the one after it is a convolution or a dense layer";

function isLinear(layer: NeutralLayer): layer is Linear {
  return isKind(layer, "conv") || isKind(layer, "dense");
}

function reasonAgainstBefore(
  graph: NeutralGraph,
  norm: NeutralLayer<BatchNormForm>,
  before: NeutralLayer | undefined,
): string | undefined {
  if (before === undefined || !isLinear(before)) return NEITHER;
  if (before.form.activation) return `${before.name} has an activation that comes between`;
  if (graph.onlyConsumer(norm.inputs[0])?.id !== norm.id) return `what ${before.name} makes is used elsewhere too`;
  return isOfFeatures(graph, norm, before) ? undefined : "it normalises another axis than the dense layer makes";
}

function reasonAgainstAfter(
  graph: NeutralGraph,
  norm: NeutralLayer<BatchNormForm>,
  after: NeutralLayer | undefined,
): string | undefined {
  if (after === undefined || !isLinear(after)) return NEITHER;
  if (after.form.kind === "conv" && [...after.form.padsBegin, ...after.form.padsEnd].some((pad) => pad !== 0))
    return `${after.name} pads with zeros, which the normalisation would have shifted`;
  return isOfFeatures(graph, norm, after) ? undefined : "it normalises another axis than the dense layer reads";
}

/** Dense layers work on the last axis: that must be the one that is normalised. */
function isOfFeatures(graph: NeutralGraph, norm: NeutralLayer, linear: Linear): boolean {
  const { shape, channelAxis } = graph.tensor(norm.inputs[0] ?? -1);
  return linear.form.kind === "conv" || (shape !== undefined && channelAxis === shape.length - 1);
}

function rewritten({ norm, linear, isAfter }: Match): Rewrite {
  const { form } = linear;
  const normalisation = new Normalisation(norm.form);
  const folded = isAfter ? foldedAfter(form, normalisation) : foldedBefore(form, normalisation);
  const [input, output] = [norm.inputs[0] ?? -1, norm.outputs[0] ?? -1];
  return {
    remove: [norm.id],
    replace: new Map([[linear.id, { ...form, ...folded }]]),
    rewire: new Map([[output, input]]),
  };
}

interface Folded {
  readonly weight: Weights;
  readonly bias: Weights;
}

/** Scale and shift of each channel, read once. */
class Normalisation {
  readonly channels: number;
  #read: Promise<Affine> | undefined;

  constructor(private readonly form: BatchNormForm) {
    this.channels = form.scale.shape[0] ?? 0;
  }

  read(): Promise<Affine> {
    this.#read ??= this.#compute();
    return this.#read;
  }

  async #compute(): Promise<Affine> {
    const { epsilon } = this.form;
    const [scale, shift, mean, variance] = await Promise.all([
      this.form.scale.read(),
      this.form.shift.read(),
      this.form.mean.read(),
      this.form.variance.read(),
    ]);
    const factor = Float64Array.from(scale, (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + epsilon));
    return { factor, offset: Float64Array.from(shift, (value, c) => value - (factor[c] ?? 0) * (mean[c] ?? 0)) };
  }
}

interface Affine {
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

/** The normalisation comes after: it works on the outputs. */
function foldedAfter({ weight, bias }: ConvForm | DenseForm, normalisation: Normalisation): Folded {
  const { shape, dataType } = weight;
  const [outputs = 0] = shape;
  return {
    weight: computedWeights(
      shape,
      async () => {
        const [elements, { factor }] = await Promise.all([weight.read(), normalisation.read()]);
        const perOutput = elements.length / outputs;
        return elements.map((element, index) => element * (factor[Math.floor(index / perOutput)] ?? 0));
      },
      dataType,
    ),
    bias: computedWeights(
      [outputs],
      async () => {
        const [before, { factor, offset }] = await Promise.all([bias?.read(), normalisation.read()]);
        return Float32Array.from(offset, (value, output) => (factor[output] ?? 0) * (before?.[output] ?? 0) + value);
      },
      dataType,
    ),
  };
}

/** The normalisation comes before: it works on the inputs. */
function foldedBefore(form: ConvForm | DenseForm, normalisation: Normalisation): Folded {
  const { weight, bias } = form;
  const { shape, dataType } = weight;
  const [outputs = 0, inputsPerGroup = 0, ...kernel] = shape;
  const positions = kernel.reduce((product, size) => product * size, 1);
  const outputsPerGroup = outputs / (form.kind === "conv" ? form.groups : 1);
  const outputOf = (index: number): number => Math.floor(index / (inputsPerGroup * positions));
  const channelOf = (index: number): number =>
    Math.floor(outputOf(index) / outputsPerGroup) * inputsPerGroup + (Math.floor(index / positions) % inputsPerGroup);
  return {
    weight: computedWeights(
      shape,
      async () => {
        const [elements, { factor }] = await Promise.all([weight.read(), normalisation.read()]);
        return elements.map((element, index) => element * (factor[channelOf(index)] ?? 0));
      },
      dataType,
    ),
    bias: computedWeights(
      [outputs],
      async () => {
        const [elements, before, { offset }] = await Promise.all([weight.read(), bias?.read(), normalisation.read()]);
        const sums = Float64Array.from({ length: outputs }, (_, output) => before?.[output] ?? 0);
        elements.forEach((element, index) => {
          const output = outputOf(index);
          sums[output] = (sums[output] ?? 0) + element * (offset[channelOf(index)] ?? 0);
        });
        return Float32Array.from(sums);
      },
      dataType,
    ),
  };
}
