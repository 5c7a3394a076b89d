import type { LinearForm, SlidingWindow } from "../../neutral/forms.ts";
import { computedWeights, type Weights } from "../../neutral/weights.ts";
import { Affines, affineLayer, isScaleAlone, type AffineLayer } from "../matching/channel-affine.ts";
import { whyOpaque } from "../matching/opaque-refusals.ts";
import { weightChannels } from "../matching/weight-channels.ts";
import { isKind, type LayerId, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { mergedRewrite, rewrittenGraph } from "../../neutral/rewritten-graph.ts";
import { matched, type Finding, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "fold-batch-norm";

type Linear = NeutralLayer<LinearForm>;

interface Match {
  /** From the linear layer to the target, or the target alone where it comes before the linear layer. */
  readonly affines: readonly AffineLayer[];
  readonly linear: Linear;
  /** Whether the scale and shift come before or after the linear layer. */
  readonly isAfter: boolean;
}

/**
 * In inference a BatchNormalization is a scale and a shift of each channel, constants both, as multiplications and additions of constants
 * are. They go into the convolution or dense layer before them: W' = f·W, b' = f·(b - mean) + shift with f = scale/√(variance + ε), and
 * those between go with them. Into the one after it they go where nothing is padded: W'[o,i] = W[o,i]·f[i],
 * b' = b + Σ W[o,i]·s[i] with s = shift - f·mean. A padded zero would have to become the value that normalises to zero, and at each place
 * of a transposed convolution's output other parts of its kernel meet the shift; a scale alone goes there too.
 *
 * Ioffe and Szegedy, "Batch Normalization", ICML 2015; Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference", CVPR 2018, section 3.2.
 */
export const FOLD_BATCH_NORM = defineRestructuring({
  id: ID,
  title: "Fold batch normalisation",
  summary:
    "Puts the scale and shift of a batch normalisation, or of a multiplication or addition by constants, into the weights of the layer before or after it.",
  guarantee: "exact",
  literature: [
    "Ioffe and Szegedy, Batch Normalization, ICML 2015",
    "Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018",
  ],
  answers: { "unfused-batch-norm": 1 },
  options: [],
  find: (graph) => graph.layers.flatMap((layer) => finding(graph, layer)),
  predict: (graph, target) => rewritten(matched(ID, target, matchTarget(graph, target))),
  rewrite: (graph, target) => Promise.resolve(rewritten(matched(ID, target, matchTarget(graph, target)))),
});

function finding(graph: NeutralGraph, layer: NeutralLayer): readonly Finding[] {
  const isNorm = isKind(layer, "batch-norm") || (layer.form.kind === "opaque" && layer.form.form === "batch-norm");
  if (!isNorm && !isKind(layer, "elementwise")) return [];
  const match = matchLayer(graph, layer);
  // Other arithmetic stands everywhere: nobody expects it to go.
  if (typeof match === "string") return isNorm ? [{ target: layer.name, reason: match }] : [];
  const { affines, linear, isAfter } = match;
  const what = isNorm ? "Batch normalisation" : affines.length > 1 ? "Scale and shift" : `${layer.op} of constants`;
  const why = `${what} ${isAfter ? "after" : "before"} ${linear.name}: ${isNorm ? "its scale and shift fit" : "it fits"} into the weights`;
  return [{ target: layer.name, layers: [...affines.map(({ id }) => id), linear.id], why }];
}

function matchTarget(graph: NeutralGraph, target: string): Match | string {
  const layer = graph.layer(target);
  return layer === undefined ? "there is no such layer" : matchLayer(graph, layer);
}

function matchLayer(graph: NeutralGraph, layer: NeutralLayer): Match | string {
  if (layer.form.kind === "opaque") return whyOpaque(layer, "it is not a batch normalisation");
  const after = graph.onlyConsumer(layer.outputs[0]);
  const intoBefore = matchBefore(graph, layer);
  if (typeof intoBefore !== "string") return intoBefore;
  const intoAfter = matchAfter(graph, layer, after);
  if (typeof intoAfter !== "string") return intoAfter;
  return [intoBefore, intoAfter].find((reason) => reason !== NEITHER) ?? whyNotLinear(graph, layer);
}

/** Where the layer before it is a convolution or a dense layer that is not understood, what stands against that. */
function whyNotLinear(graph: NeutralGraph, layer: NeutralLayer): string {
  const before = graph.producer(layer.inputs[0]);
  const isMeant = before?.form.kind === "opaque" && ["conv", "dense"].includes(before.form.would ?? "");
  return isMeant ? `${before.name} stays as it is: ${whyOpaque(before, NEITHER)}` : NEITHER;
}

const NEITHER = "neither the layer before it nor the one after it is a convolution or a dense layer";

function isLinear(layer: NeutralLayer): layer is Linear {
  return isKind(layer, "conv") || isKind(layer, "conv-transpose") || isKind(layer, "dense");
}

/** The linear layer before, through others that scale and shift. */
function matchBefore(graph: NeutralGraph, target: NeutralLayer): Match | string {
  const affines: AffineLayer[] = [];
  for (let layer = target; ;) {
    const [input] = layer.inputs;
    const before = graph.producer(input);
    const isLast = layer === target;
    if (before === undefined) return NEITHER;
    const affine = affineLayer(graph, layer, channelAxis(graph, layer, isLinear(before) ? before : undefined));
    if (typeof affine === "string") return isLast ? affine : NEITHER;
    if (!isLast && layer.form.kind === "elementwise" && layer.form.activation) return NEITHER;
    affines.unshift(affine);
    if (isLinear(before)) {
      const reason = reasonAgainst(graph, layer, before) ?? (isBias(before, affines) ? IS_BIAS : undefined);
      return reason ?? { affines, linear: before, isAfter: true };
    }
    if (graph.onlyConsumer(input)?.id !== layer.id) return NEITHER;
    layer = before;
  }
}

const IS_BIAS = "it is the bias of the dense layer before it";

/** Dense layers over more axes than two have their bias in an operator of its own: nothing would change. */
function isBias({ form }: Linear, affines: readonly AffineLayer[]): boolean {
  const [first, ...others] = affines;
  if (form.kind !== "dense" || form.bias !== undefined || others.length > 0) return false;
  return first?.form.kind === "elementwise" && (first.form.fn === "add" || first.form.fn === "subtract");
}

function reasonAgainst(graph: NeutralGraph, layer: NeutralLayer, before: Linear): string | undefined {
  if (before.form.activation) return `${before.name} has an activation that comes between`;
  if (graph.onlyConsumer(layer.inputs[0])?.id !== layer.id) return `what ${before.name} makes is used elsewhere too`;
  if (before.form.weight.quantization) return `${before.name} computes in integers, whose rounding would change`;
  return isOfFeatures(graph, layer, before) ? undefined : "it normalises another axis than the dense layer makes";
}

function matchAfter(graph: NeutralGraph, layer: NeutralLayer, after: NeutralLayer | undefined): Match | string {
  if (after === undefined || !isLinear(after)) return NEITHER;
  const affine = affineLayer(graph, layer, channelAxis(graph, layer, after));
  if (typeof affine === "string") return affine;
  if (layer.form.kind === "elementwise" && layer.form.activation) return "it has an activation that comes between";
  if (after.form.weight.quantization) return `${after.name} computes in integers, whose rounding would change`;
  const shifts = !isScaleAlone(affine);
  if (shifts && after.form.kind === "conv" && mayPad(after.form))
    return `${after.name} pads with zeros, which the normalisation would have shifted`;
  if (shifts && after.form.kind === "conv-transpose")
    return `each place that ${after.name} makes takes other parts of its kernel, and with them of the shift`;
  if (!isOfFeatures(graph, layer, after)) return "it normalises another axis than the dense layer reads";
  return { affines: [affine], linear: after, isAfter: false };
}

function mayPad({ padsBegin, padsEnd, autoPad }: SlidingWindow): boolean {
  return autoPad !== undefined || [...padsBegin, ...padsEnd].some((pad) => pad !== 0);
}

/** Dense layers work on the last axis. */
function channelAxis(graph: NeutralGraph, layer: NeutralLayer, linear: Linear | undefined): number | undefined {
  const { shape, channelAxis: axis } = graph.tensor(layer.inputs[0] ?? -1);
  if (linear?.form.kind !== "dense") return axis;
  return shape === undefined ? undefined : shape.length - 1;
}

/** Dense layers work on the last axis: that must be the one that a batch normalisation normalises. */
function isOfFeatures(graph: NeutralGraph, layer: NeutralLayer, linear: Linear): boolean {
  const { shape, channelAxis: axis } = graph.tensor(layer.inputs[0] ?? -1);
  return (
    layer.form.kind !== "batch-norm" ||
    linear.form.kind !== "dense" ||
    (shape !== undefined && axis === shape.length - 1)
  );
}

function rewritten({ affines, linear, isAfter }: Match): Rewrite {
  const { form } = linear;
  const folded = isAfter ? foldedAfter(form, affines) : foldedBefore(form, affines);
  const [first, last] = [affines[0], affines.at(-1)];
  const activation = isAfter && last?.form.kind === "elementwise" ? last.form.activation : undefined;
  const { activation: own } = form;
  return {
    remove: affines.map(({ id }) => id),
    replace: new Map([[linear.id, { ...form, ...folded, activation: activation ?? own }]]),
    rewire: new Map([[last?.outputs[0] ?? -1, first?.inputs[0] ?? -1]]),
  };
}

/** All that fits into the weights beside it, for edits that are better off without; nothing where there is none. */
export function everyFold(graph: NeutralGraph): Rewrite {
  let all: Rewrite = {};
  for (let left = graph; ;) {
    const folds = foldsOf(left);
    if (folds.remove === undefined) return all;
    left = rewrittenGraph(left, folds);
    all = mergedRewrite(all, folds);
  }
}

/** The last of a chain stands for all of it; no layer is in two of them. */
function foldsOf(graph: NeutralGraph): Rewrite {
  const taken = new Set<LayerId>();
  let all: Rewrite = {};
  for (const layer of graph.layers.toReversed()) {
    if (!isKind(layer, "batch-norm") && !isKind(layer, "elementwise")) continue;
    const match = matchLayer(graph, layer);
    if (typeof match === "string") continue;
    const layers = [...match.affines, match.linear].map(({ id }) => id);
    if (layers.some((id) => taken.has(id))) continue;
    for (const id of layers) taken.add(id);
    all = mergedRewrite(all, rewritten(match));
  }
  return all;
}

interface Folded {
  readonly weight: Weights;
  readonly bias: Weights | undefined;
}

/** They come after: they work on the outputs. */
function foldedAfter(form: LinearForm, affines: readonly AffineLayer[]): Folded {
  const { weight, bias } = form;
  const { outputs, outputOf } = weightChannels(form);
  const affine = new Affines(affines, outputs);
  return {
    weight: scaledWeights(weight, affine, outputOf),
    bias:
      bias === undefined && affines.every(isScaleAlone)
        ? undefined
        : computedWeights(
            [outputs],
            async () => {
              const [before, { factor, offset }] = await Promise.all([bias?.read(), affine.read()]);
              return Float32Array.from(
                { length: outputs },
                (_, output) => (factor[output] ?? 0) * (before?.[output] ?? 0) + (offset[output] ?? 0),
              );
            },
            weight.dataType,
          ),
  };
}

/** They come before: they work on the inputs. */
function foldedBefore(form: LinearForm, affines: readonly AffineLayer[]): Folded {
  const { weight, bias } = form;
  const { outputs, inputs, outputOf, inputOf } = weightChannels(form);
  const affine = new Affines(affines, inputs);
  if (affines.every(isScaleAlone)) return { weight: scaledWeights(weight, affine, inputOf), bias };
  return {
    weight: scaledWeights(weight, affine, inputOf),
    bias: computedWeights(
      [outputs],
      async () => {
        const [elements, before, { offset }] = await Promise.all([weight.read(), bias?.read(), affine.read()]);
        const sums = Float64Array.from({ length: outputs }, (_, output) => before?.[output] ?? 0);
        elements.forEach((element, index) => {
          const output = outputOf(index);
          sums[output] = (sums[output] ?? 0) + element * (offset[inputOf(index)] ?? 0);
        });
        return Float32Array.from(sums);
      },
      weight.dataType,
    ),
  };
}

function scaledWeights(weight: Weights, affine: Affines, channelOf: (index: number) => number): Weights {
  return computedWeights(
    weight.shape,
    async () => {
      const [elements, { factor }] = await Promise.all([weight.read(), affine.read()]);
      return elements.map((element, index) => element * (factor[channelOf(index)] ?? 0));
    },
    weight.dataType,
  );
}
