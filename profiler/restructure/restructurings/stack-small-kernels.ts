import { bareConv } from "../matching/conv-steps.ts";
import type { ConvForm, SlidingWindow } from "../../neutral/forms.ts";
import { newWeights, plannedLike, plannedWeights, type Weights } from "../../neutral/weights.ts";
import { composed, factorKernels, seenThrough, type Kernels } from "../approximation/kernel-factors.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { LinearFit } from "../approximation/linear-fit.ts";
import { describeKernels, findConvs, matchDivisibleConv } from "../matching/match-conv.ts";
import { tiedTo } from "../matching/shared-weights.ts";
import { matched, defineRestructuring, type RewriteContext } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";

const ID = "stack-small-kernels";

/**
 * A 5×5 convolution as two, or a 7×7 convolution as three 3×3 convolutions: Simonyan, Zisserman: "Very Deep Convolutional Networks for
 * Large-Scale Image Recognition", ICLR 2015. Without activations between them the stack is one linear map, fitted to the weights by
 * alternating least squares, and its last kernels to real activations when there are calibration samples. The whole padding stands before
 * the first of them, so that at the borders too the stack is the map it was fitted to. A ReLU between them is what VGG has, and needs
 * training.
 */
export const STACK_SMALL_KERNELS = defineRestructuring({
  id: ID,
  title: "Stack 3×3 kernels",
  summary: "Replaces a 5×5 convolution by two and a 7×7 convolution by three 3×3 convolutions.",
  guarantee: "approximate",
  literature: ["Simonyan and Zisserman, ICLR 2015"],
  answers: { "large-kernel": 1 },
  fitsToSamples: true,
  takesTied: true,
  options: [
    {
      id: "channels",
      title: "Channels between",
      description: "Channels between the 3×3 convolutions; the layer's own output channels when left out.",
      type: "integer",
      minimum: 1,
    },
    {
      id: "relu",
      title: "ReLU between",
      description: "An activation between the convolutions, as in VGG. The model then needs training.",
      type: "boolean",
      default: false,
    },
  ],
  find: (graph) => findConvs(graph, match, describeKernels),
  predict: (graph, target, options) => {
    const layer = matched(ID, target, match(graph, target));
    const { dataType } = layer.form.weight;
    const planned = stackShapes(layer.form, options.channels).map((shape) => plannedWeights(shape, dataType));
    return stackedLayers(layer, planned, plannedLike(layer.form.bias), options.relu);
  },
  rewrite: async (graph, target, options, context) => {
    const layer = matched(ID, target, match(graph, target));
    const { weight, bias } = layer.form;
    const fit = await LinearFit.of(graph, layer, context, tiedTo(graph, layer.id));
    const shapes = stackShapes(layer.form, options.channels);
    const stack = await fitStack(fit, layer.form, shapes[0]?.[0] ?? 1, context);
    const weights = stack.kernels.map((data, index) => newWeights(shapes[index] ?? [], data, weight.dataType));
    const newBias = bias && newWeights(bias.shape, stack.bias, bias.dataType);
    return stackedLayers(layer, weights, newBias, options.relu);
  },
});

const PADS_UNKNOWN = "how it is padded follows from sizes that are only known when the model runs";

function match(graph: NeutralGraph, target: string): NeutralLayer<ConvForm> | string {
  const layer = matchDivisibleConv(graph, target);
  if (typeof layer === "string") return layer;
  const [, , rows, columns, ...more] = layer.form.weight.shape;
  if (more.length > 0 || rows !== columns || (rows !== 5 && rows !== 7)) return "its kernel is neither 5×5 nor 7×7";
  if (layer.form.autoPad !== undefined) return PADS_UNKNOWN;
  return layer.form.dilations.every((dilation) => dilation === 1) ? layer : "its kernel is dilated";
}

/** outputs × inputs × 3 × 3 of each convolution of the stack. */
function stackShapes({ weight }: ConvForm, channels: number | undefined): readonly (readonly number[])[] {
  const [outputs = 0, inputs = 0, size = 3] = weight.shape;
  const between = channels ?? outputs;
  const last = (size - 1) / 2 - 1;
  return Array.from({ length: last + 1 }, (_, index) => [
    index === last ? outputs : between,
    index === 0 ? inputs : between,
    3,
    3,
  ]);
}

/** Kernels of the stack, the first convolution's first. A 7×7 kernel is parted into 5×5 and 3×3, and the 5×5 again. */
async function fitStack(
  fit: LinearFit,
  { weight }: ConvForm,
  channels: number,
  { seed, signal }: RewriteContext,
): Promise<{ readonly kernels: readonly Float32Array[]; readonly bias: Float32Array }> {
  const [outputs = 0, inputs = 0, size = 3] = weight.shape;
  const settings = { products: fit.products, seed, signal };
  const { front } = await factorKernels({ outputs, inputs, size, data: fit.weight.data }, channels, settings);
  let before: readonly Kernels[] = [front];
  let seen = front;
  if (front.size > 3) {
    const parts = await factorKernels(front, channels, settings);
    before = [parts.front, parts.last];
    seen = await composed(parts, fit.products);
  }
  const { weight: last, bias } = await fit.refit(seenThrough(seen));
  return { kernels: [...before.map(({ data }) => data), last.data], bias };
}

function stackedLayers(
  layer: NeutralLayer<ConvForm>,
  weights: readonly Weights[],
  bias: Weights | undefined,
  hasRelu: boolean,
): Rewrite {
  const { form, name, inputs, outputs } = layer;
  const still: SlidingWindow = { strides: [1, 1], dilations: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0] };
  const last = weights.length - 1;
  const insert = weights.map((weight, index): NewLayer => {
    const { padsBegin, padsEnd } = index === 0 ? form : still;
    const { strides } = index === last ? form : still;
    const steps = { ...still, strides, padsBegin, padsEnd };
    const bare = bareConv(weight, steps);
    const isLast = index === last;
    return {
      name: isLast ? name : `${name}_${index + 1}`,
      form: isLast
        ? { ...bare, bias, activation: form.activation }
        : { ...bare, activation: hasRelu ? { fn: "relu" } : undefined },
      inputs: index === 0 ? inputs : [`${name}_${index}`],
      outputs: isLast ? outputs : [`${name}_${index + 1}`],
    };
  });
  return { remove: [layer.id], insert };
}
