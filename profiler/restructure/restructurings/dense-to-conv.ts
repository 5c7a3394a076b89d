import type { TensorId } from "../../model/model.ts";
import { elementsOf, isStatic } from "../../model/shape.ts";
import type { ConvForm, DenseForm } from "../../neutral/forms.ts";
import { reshapedWeights, type Weights } from "../../neutral/weights.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { opaqueRefusals, whyOpaque } from "../matching/opaque-refusals.ts";
import { matched, type Finding, defineRestructuring } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";
import { permutedWeights } from "../../neutral/stored-weights.ts";

const ID = "dense-to-conv";

/**
 * A dense layer on a flattened feature map is a convolution with a kernel as large as the map; dense layers behind it are 1×1
 * convolutions. The weights are the same numbers in another order. The output is flattened behind the last of them, so its shape stays.
 *
 * Sermanet et al., "OverFeat", ICLR 2014; Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation",
 * CVPR 2015.
 */
export const DENSE_TO_CONV = defineRestructuring({
  id: ID,
  title: "Dense layers to convolutions",
  summary: "Turns flatten and dense layers into a convolution over the whole feature map and 1×1 convolutions.",
  guarantee: "exact",
  literature: [
    "Sermanet et al., OverFeat, ICLR 2014",
    "Long, Shelhamer and Darrell, Fully Convolutional Networks for Semantic Segmentation, CVPR 2015",
  ],
  answers: { "dense-head": 3 },
  options: [],
  find,
  predict: (graph, target) => rewritten(graph, matched(ID, target, matchTarget(graph, target))),
  rewrite: (graph, target) => Promise.resolve(rewritten(graph, matched(ID, target, matchTarget(graph, target)))),
});

/** A dense layer, its bias wherever it is added. */
interface Dense {
  readonly layer: NeutralLayer<DenseForm>;
  readonly bias: Weights | undefined;
  /** An addition of a constant behind a dense layer without a bias: the bias it has in fact. */
  readonly addition: NeutralLayer | undefined;
  readonly output: TensorId;
}

interface Match {
  readonly flatten: NeutralLayer;
  /** The feature map. */
  readonly map: TensorId;
  readonly channels: number;
  readonly kernel: readonly number[];
  /** The dense layers that become convolutions, those of each element between them left as they are. */
  readonly chain: readonly Dense[];
}

function find(graph: NeutralGraph): readonly Finding[] {
  const behind = new Set<number>();
  const found = graph.layersOf("dense").flatMap((dense): readonly Finding[] => {
    if (behind.has(dense.id)) return [];
    const match = matchDense(graph, dense);
    if (typeof match === "string") return [{ target: dense.name, reason: match }];
    const { chain, kernel } = match;
    for (const { layer } of chain) behind.add(layer.id);
    const layers = [
      match.flatten.id,
      ...chain.flatMap(({ layer, addition }) => [layer.id, ...(addition ? [addition.id] : [])]),
    ];
    const others = chain.length === 1 ? "" : `, and the dense layers behind it with 1×1`;
    return [
      {
        target: dense.name,
        layers,
        why: `It reads a flattened map: a convolution with kernel ${kernel.join("×")}${others}`,
      },
    ];
  });
  return [...found, ...opaqueRefusals(graph, "dense")];
}

function matchTarget(graph: NeutralGraph, target: string): Match | string {
  const layer = graph.layer(target);
  if (layer === undefined) return "there is no such layer";
  return isKind(layer, "dense") ? matchDense(graph, layer) : whyOpaque(layer, "it is not a dense layer");
}

function matchDense(graph: NeutralGraph, dense: NeutralLayer<DenseForm>): Match | string {
  const flatten = graph.producer(dense.inputs[0]);
  if (flatten === undefined || !isKind(flatten, "reshape")) return "its input is not a flattened feature map";
  const map = flatten.inputs[0] ?? -1;
  const { shape, channelAxis = 1 } = graph.tensor(map);
  const flat = graph.tensor(dense.inputs[0] ?? -1).shape;
  if (shape === undefined || shape.length < 3 || flat?.length !== 2) return "its input is not a flattened feature map";
  const [batch, ...inner] = shape;
  if (!isStatic(inner)) return "the size of the feature map is only known while the model runs";
  if (batch !== flat[0] || elementsOf(inner) !== flat[1]) return "its input mixes samples of the batch";
  const sizes: readonly number[] = inner;
  const channels = sizes[channelAxis - 1] ?? 0;
  const kernel = sizes.toSpliced(channelAxis - 1, 1);
  if (kernel.length > 3) return "its feature map has more axes than convolutions have";
  if (graph.layout === "channels-last" && kernel.length !== 2)
    return "what is flattened is not a feature map of two spatial axes";
  return { flatten, map, channels, kernel, chain: denseChain(graph, dense) };
}

/** The dense layer and those behind it, as far as nothing but functions of each element stands between. */
function denseChain(graph: NeutralGraph, first: NeutralLayer<DenseForm>): readonly Dense[] {
  const chain = [withBias(graph, first)];
  for (;;) {
    const next = nextDense(graph, chain.at(-1)?.output);
    if (next === undefined) return chain;
    chain.push(withBias(graph, next));
  }
}

function nextDense(graph: NeutralGraph, output: TensorId | undefined): NeutralLayer<DenseForm> | undefined {
  let next = graph.onlyConsumer(output);
  while (next && isPerElement(next)) next = graph.onlyConsumer(next.outputs[0]);
  return next && isKind(next, "dense") ? next : undefined;
}

/** Does the same on a matrix and on a map of one position. */
function isPerElement({ form }: NeutralLayer): boolean {
  return (form.kind === "activation" && form.slopes === undefined) || form.kind === "identity" || form.kind === "unary";
}

function withBias(graph: NeutralGraph, layer: NeutralLayer<DenseForm>): Dense {
  const { bias, activation, weight } = layer.form;
  const own = { layer, bias, addition: undefined, output: layer.outputs[0] ?? -1 };
  const addition = graph.onlyConsumer(own.output);
  if (bias || activation || !addition || !isKind(addition, "elementwise") || addition.form.fn !== "add") return own;
  const { constant, activation: fused } = addition.form;
  const [outputs = 0] = weight.shape;
  if (constant === undefined || fused || constant.shape.at(-1) !== outputs || elementsOf(constant.shape) !== outputs)
    return own;
  return { layer, bias: reshapedWeights(constant, [outputs]), addition, output: addition.outputs[0] ?? -1 };
}

function rewritten(graph: NeutralGraph, { flatten, map, channels, kernel, chain }: Match): Rewrite {
  const isFlattenOnlyHere = graph.onlyConsumer(flatten.outputs[0]) !== undefined;
  const additions = chain.flatMap(({ addition }) => (addition ? [addition.id] : []));
  const remove = [...(isFlattenOnlyHere ? [flatten.id] : []), ...chain.map(({ layer }) => layer.id), ...additions];
  const insert = chain.flatMap((dense, index): readonly NewLayer[] => {
    const { layer, bias, output } = dense;
    const isFirst = index === 0;
    const isLast = index === chain.length - 1;
    const size = isFirst ? kernel : kernel.map(() => 1);
    const weight = convWeight(layer.form.weight, isFirst ? channels : (layer.form.weight.shape[1] ?? 0), size, graph);
    const conv: NewLayer = {
      name: layer.name,
      form: { ...CONV, ...movement(size.length), weight, bias, activation: layer.form.activation },
      inputs: [isFirst ? map : (layer.inputs[0] ?? -1)],
      outputs: [isLast ? "map" : output],
    };
    if (!isLast) return [conv];
    const target = [0, layer.form.weight.shape[0] ?? 0];
    return [
      conv,
      { name: `${layer.name}.flatten`, form: { kind: "reshape", target }, inputs: ["map"], outputs: [output] },
    ];
  });
  return { remove, insert };
}

const CONV = { kind: "conv", groups: 1 } as const;

function movement(axes: number): Pick<ConvForm, "strides" | "dilations" | "padsBegin" | "padsEnd"> {
  const ones = Array<number>(axes).fill(1);
  const zeros = Array<number>(axes).fill(0);
  return { strides: ones, dilations: ones, padsBegin: zeros, padsEnd: zeros };
}

/** outFeatures × inFeatures → outChannels × channels × kernel: features come in the order in which the map was flattened. */
function convWeight(weight: Weights, channels: number, kernel: readonly number[], { layout }: NeutralGraph): Weights {
  const [outputs = 0] = weight.shape;
  if (layout === "channels-first") return reshapedWeights(weight, [outputs, channels, ...kernel]);
  const channelsLast = reshapedWeights(weight, [outputs, ...kernel, channels]);
  return permutedWeights(channelsLast, [0, kernel.length + 1, ...kernel.map((_, axis) => axis + 1)]);
}
