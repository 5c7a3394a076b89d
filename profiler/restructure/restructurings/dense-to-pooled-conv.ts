import { RidgeRegression } from "../../numeric/ridge-regression.ts";
import { matrix, transposed, type Matrix } from "../../numeric/matrix.ts";
import { RuntimeProducts } from "../../runtime/runtime-products.ts";
import { pointwiseSteps } from "../matching/conv-steps.ts";
import type { DenseForm } from "../../neutral/forms.ts";
import { newWeights, plannedWeights, type Weights } from "../../neutral/weights.ts";
import { whyNoInnerRange } from "../matching/inner-range.ts";
import {
  isKind,
  type LayerId,
  type NeutralGraph,
  type NeutralLayer,
  type NeutralTensor,
} from "../../neutral/neutral-graph.ts";
import { whyOpaque } from "../matching/opaque-refusals.ts";
import { matched, type ActivationSource, type Finding, defineRestructuring } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";

const ID = "dense-to-pooled-conv";

/** What a fully connected head consists of: from the feature map that is flattened to the last layer's output. */
interface Head {
  readonly features: NeutralTensor;
  readonly layers: readonly NeutralLayer[];
  readonly last: NeutralLayer<DenseForm>;
  readonly first: NeutralLayer<DenseForm>;
}

/**
 * A fully connected head as one 1×1 convolution and global average pooling: Lin, Chen, Yan: "Network in Network", ICLR 2014; SqueezeNet's
 * head. The 1×1 filters are fitted to the head's outputs by least squares when there are calibration samples; else they are the mean of a
 * single fully connected layer's weights over the positions.
 */
export const DENSE_TO_POOLED_CONV = defineRestructuring({
  id: ID,
  title: "Pooled 1×1 head",
  summary: "Replaces a head of dense layers by a 1×1 convolution and global average pooling.",
  guarantee: "needs training",
  literature: ["Lin et al., ICLR 2014", "Iandola et al., SqueezeNet, 2016"],
  answers: { "dense-head": 2, "parameters-share": 2 },
  fitsToSamples: true,
  options: [],
  find: (graph) =>
    graph.layersOf("reshape").flatMap((flatten): readonly Finding[] => {
      const next = graph.onlyConsumer(flatten.outputs[0]);
      if (!next || !isKind(next, "dense")) return [];
      const head = match(graph, next.name);
      if (typeof head === "string") return [{ target: next.name, reason: head }];
      const layers = head.layers.map(({ id }) => id);
      const count = head.layers.filter((layer) => isKind(layer, "dense")).length;
      return [{ target: next.name, layers, why: `a head of ${count} dense layer${count === 1 ? "" : "s"}` }];
    }),
  predict: (graph, target) => {
    const head = matched(ID, target, match(graph, target));
    const [outputs, channels] = sizesOf(graph, head);
    const { dataType } = head.last.form.weight;
    return pooledHead(
      graph,
      head,
      plannedWeights([outputs, channels, 1, 1], dataType),
      plannedWeights([outputs], dataType),
    );
  },
  rewrite: async (graph, target, _options, { activations, signal }) => {
    const head = matched(ID, target, match(graph, target));
    const [outputs, channels] = sizesOf(graph, head);
    const { dataType } = head.last.form.weight;
    const { weight, bias } = activations ? await fitted(graph, head, activations, signal) : await averaged(graph, head);
    return pooledHead(
      graph,
      head,
      newWeights([outputs, channels, 1, 1], weight.data, dataType),
      newWeights([outputs], bias, dataType),
    );
  },
});

/** The head that begins with the target, followed through activations and layers that only reshape. */
function match(graph: NeutralGraph, target: string): Head | string {
  const first = graph.layer(target);
  if (!first) return "there is no such layer";
  if (!isKind(first, "dense")) return whyOpaque(first, `${first.op} is not a dense layer`);
  const reason = whyNoInnerRange(graph, first);
  if (reason !== undefined) return reason;
  const flatten = graph.producer(first.inputs[0]);
  if (!flatten || !isKind(flatten, "reshape")) return "no feature map is flattened before it";
  if (graph.onlyConsumer(flatten.outputs[0]) !== first) return "something else reads the flattened features";
  const features = flatten.inputs[0] === undefined ? undefined : graph.tensor(flatten.inputs[0]);
  if (features?.shape?.length !== 4) return "what is flattened is not a feature map of two spatial axes";
  const flat = graph.tensor(flatten.outputs[0] ?? -1).shape;
  if (flat?.length !== 2 || flat[0] !== features.shape[0])
    return "its input mixes positions, and is not a flattened map";
  const passed: NeutralLayer[] = [flatten];
  let last = first;
  for (let next: NeutralLayer | undefined = first; next && isInHead(next); next = graph.onlyConsumer(next.outputs[0])) {
    passed.push(next);
    if (isKind(next, "dense")) last = next;
  }
  return { features, first, last, layers: passed.slice(0, passed.indexOf(last) + 1) };
}

function isInHead({ form }: NeutralLayer): boolean {
  return form.kind === "dense" || form.kind === "activation" || form.kind === "identity";
}

/** Outputs of the head, channels of the feature map. */
function sizesOf({ layout }: NeutralGraph, { features, last }: Head): readonly [number, number] {
  const channels = features.shape?.at(layout === "channels-first" ? 1 : -1);
  return [last.form.weight.shape[0] ?? 0, typeof channels === "number" ? channels : 0];
}

/** Mean over the positions of each sample: samples × channels. */
function pooled({ layout }: NeutralGraph, shape: readonly number[], data: Float32Array): Matrix {
  const [samples = 0] = shape;
  const channels = (layout === "channels-first" ? shape[1] : shape.at(-1)) ?? 1;
  const area = data.length / samples / channels;
  const result = matrix(samples, channels);
  for (let index = 0; index < data.length; index++) {
    const sample = Math.floor(index / (channels * area));
    const channel = layout === "channels-first" ? Math.floor(index / area) % channels : index % channels;
    const place = sample * channels + channel;
    result.data[place] = (result.data[place] ?? 0) + (data[index] ?? 0) / area;
  }
  return result;
}

interface PooledWeights {
  /** outputs × channels */
  readonly weight: Matrix;
  readonly bias: Float32Array;
}

/** What is missing of the weights that there are without samples, by least squares. */
async function fitted(
  graph: NeutralGraph,
  head: Head,
  activations: ActivationSource,
  signal: AbortSignal | undefined,
): Promise<PooledWeights> {
  const [outputs, channels] = sizesOf(graph, head);
  const [output = -1] = head.last.outputs;
  const start = await averaged(graph, head);
  const products = new RuntimeProducts();
  const squares = new RidgeRegression(channels, outputs, products, { fitsIntercept: true });
  for await (const batch of activations.capture([head.features.id, output])) {
    signal?.throwIfAborted();
    const features = batch.get(head.features.id);
    const targets = batch.get(output);
    if (!features || !targets) continue;
    const inputs = pooled(graph, features.shape, features.data);
    const { data } = await products.multiply(inputs, start.weight, { transposeB: true });
    const missing = targets.data.map((value, index) => value - (data[index] ?? 0) - (start.bias[index % outputs] ?? 0));
    await squares.add(inputs, matrix(inputs.rows, outputs, missing));
  }
  const change = await squares.solve();
  const weight = transposed(change.weight);
  return {
    weight: matrix(
      outputs,
      channels,
      weight.data.map((value, index) => value + (start.weight.data[index] ?? 0)),
    ),
    bias: change.intercept.map((value, index) => value + (start.bias[index] ?? 0)),
  };
}

/** A single layer's weights summed over the positions, for the mean that pooling gives; zeros where there are several layers. */
async function averaged(graph: NeutralGraph, head: Head): Promise<PooledWeights> {
  const [outputs, channels] = sizesOf(graph, head);
  const { weight, bias } = head.last.form;
  const offsets = (await bias?.read()) ?? new Float32Array(outputs);
  if (head.first !== head.last) return { weight: matrix(outputs, channels), bias: offsets };
  const elements = await weight.read();
  const area = elements.length / outputs / channels;
  const result = matrix(outputs, channels);
  for (let index = 0; index < elements.length; index++) {
    const output = Math.floor(index / (channels * area));
    const channel = graph.layout === "channels-first" ? Math.floor(index / area) % channels : index % channels;
    const place = output * channels + channel;
    result.data[place] = (result.data[place] ?? 0) + (elements[index] ?? 0);
  }
  return { weight: result, bias: offsets };
}

function pooledHead({ layout }: NeutralGraph, head: Head, weight: Weights, bias: Weights): Rewrite {
  const { last, features, layers } = head;
  const [conv, mean] = [`${last.name}_1x1`, `${last.name}_pooled`];
  const spatial = layout === "channels-first" ? [2, 3] : [1, 2];
  const insert: readonly NewLayer[] = [
    {
      name: conv,
      form: { kind: "conv", weight, bias, groups: 1, activation: undefined, ...pointwiseSteps(2) },
      inputs: [features.id],
      outputs: [conv],
    },
    {
      name: mean,
      form: { kind: "reduce-mean", axes: spatial, keepsAxes: false, activation: last.form.activation },
      inputs: [conv],
      outputs: last.outputs,
    },
  ];
  const remove: readonly LayerId[] = layers.map(({ id }) => id);
  return { remove, insert };
}
