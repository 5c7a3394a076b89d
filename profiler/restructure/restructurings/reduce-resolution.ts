import { bytesOf } from "../../model/data-type.ts";
import { ABSENT, type TensorId } from "../../model/model.ts";
import type { Shape } from "../../model/shape.ts";
import type { FormKind, PoolForm } from "../../neutral/forms.ts";
import { isKind, type NeutralGraph, type NeutralLayer, type NeutralTensor } from "../../neutral/neutral-graph.ts";
import { matched, type Finding, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";
import { coversMap, flowSpatially, type SpatialFlow } from "../matching/spatial-flow.ts";

const ID = "reduce-resolution";

/**
 * The resolution multiplier ρ of MobileNet (Howard et al., 2017): inputs with smaller maps, and with them all maps behind. Weights stay as
 * they are; what they answer at another resolution is for training to see to.
 */
export const REDUCE_RESOLUTION = defineRestructuring({
  id: ID,
  title: "Reduce resolution",
  summary: "Makes the model's inputs smaller in height and width, and with them every feature map.",
  guarantee: "needs training",
  literature: ["Howard et al.: MobileNets. arXiv:1704.04861, 2017"],
  answers: { "peak-memory": 3 },
  isOfWholeModel: true,
  options: [
    {
      id: "ratio",
      title: "Resolution multiplier",
      description:
        "Share of the height and of the width that is left, rounded to sizes that the network's strides divide.",
      type: "number",
      default: 0.5,
      minimum: 0.01,
      maximum: 1,
    },
  ],
  strengths: { option: "ratio", values: [0.75, 0.5] },
  find,
  predict: (graph, target, options) => resized(graph, matched(ID, target, matchAt(graph, target, options))),
  rewrite: (graph, target, options) =>
    Promise.resolve(resized(graph, matched(ID, target, matchAt(graph, target, options)))),
});

interface Match {
  readonly inputs: ReadonlyMap<TensorId, Shape>;
  readonly flow: SpatialFlow;
}

function find(graph: NeutralGraph): readonly Finding[] {
  const found = match(graph, 0.5);
  if (typeof found === "string") return [{ target: "", reason: found }];
  const layers = graph.layers.filter(({ inputs }) => inputs.some((input) => found.flow.shapes.has(input)));
  const sizes = [...found.inputs].map(
    ([id, shape]) => `${sidesOf(graph, graph.tensor(id).shape ?? [], id)} can be ${sidesOf(graph, shape, id)}`,
  );
  return [{ target: "", layers: layers.map(({ id }) => id), why: `inputs of ${sizes.join(", ")}` }];
}

function sidesOf(graph: NeutralGraph, shape: Shape, id: TensorId): string {
  return spatialAxes(graph.tensor(id), channelAxisOf(graph, id))
    .map((axis) => shape[axis])
    .join("×");
}

function matchAt(graph: NeutralGraph, target: string, { ratio }: { readonly ratio: number }): Match | string {
  return target === "" ? match(graph, ratio) : "it is for the model as a whole";
}

function match(graph: NeutralGraph, ratio: number): Match | string {
  const maps = graph.tensors.filter((tensor) => tensor.isInput && spatialAxes(tensor).length > 0);
  if (maps.length === 0) return "no input has spatial axes";
  const stride = totalStride(graph);
  const inputs = new Map<TensorId, Shape>();
  for (const tensor of maps) {
    const axes = spatialAxes(tensor, channelAxisOf(graph, tensor.id));
    const { shape = [], name } = tensor;
    if (axes.some((axis) => typeof shape[axis] !== "number")) return `the run decides on the size of "${name}" already`;
    const sizes = shape.map((size, axis) =>
      axes.includes(axis) && typeof size === "number" ? smaller(size, ratio, stride) : size,
    );
    if (sizes.join() !== shape.join()) inputs.set(tensor.id, sizes);
  }
  if (inputs.size === 0) return `strides of ${stride} in all leave no smaller size`;
  const flow = flowSpatially(graph, inputs);
  return typeof flow === "string" ? flow : { inputs, flow };
}

/** A size that is divided as the size before was is rounded to a multiple of the stride. */
function smaller(size: number, ratio: number, stride: number): number {
  const step = size % stride === 0 ? stride : 1;
  return Math.min(size, Math.max(step, Math.round((size * ratio) / step) * step));
}

/** Layers behind which every axis is where it was. */
const KEEPS_AXES: ReadonlySet<FormKind> = new Set<FormKind>(["unary", "identity", "pad", "activation", "elementwise"]);

/** Where an image has its channels that may come in otherwise than the layers take it, with a transpose between. */
function channelAxisOf(graph: NeutralGraph, id: TensorId): number | undefined {
  const [reader] = graph.consumers(id);
  const output = reader?.outputs[0];
  if (reader !== undefined && output !== undefined) {
    if (isKind(reader, "transpose")) return reader.form.permutation[channelAxisOf(graph, output) ?? ABSENT];
    if (KEEPS_AXES.has(reader.form.kind)) return channelAxisOf(graph, output);
  }
  return graph.tensor(id).channelAxis;
}

/** Axes between batch and channels, and behind them. */
function spatialAxes(
  { shape = [], dataType, ...tensor }: NeutralTensor,
  channelAxis = tensor.channelAxis,
): readonly number[] {
  const isNumbers = dataType !== undefined && bytesOf(dataType, 1) !== undefined;
  if (!isNumbers || shape.length < 3) return [];
  return shape.flatMap((_, axis) => (axis === 0 || axis === channelAxis ? [] : [axis]));
}

/** Input positions between neighbours of the smallest map before pooling over all of it. */
function totalStride(graph: NeutralGraph): number {
  const strides = new Map<TensorId, number>();
  let most = 1;
  for (const layer of graph.layers) {
    const before = Math.max(1, ...layer.inputs.map((input) => strides.get(input) ?? 1));
    const own =
      isKind(layer, "conv") || (isKind(layer, "pool") && !coversAll(graph, layer))
        ? Math.max(1, ...layer.form.strides)
        : 1;
    most = Math.max(most, before * own);
    for (const output of layer.outputs) strides.set(output, before * own);
  }
  return most;
}

function coversAll({ tensors }: NeutralGraph, { inputs, form }: NeutralLayer<PoolForm>): boolean {
  const tensor = tensors[inputs[0] ?? ABSENT];
  return (
    tensor !== undefined &&
    coversMap(
      form,
      spatialAxes(tensor).map((axis) => tensor.shape?.[axis]),
    )
  );
}

function resized(graph: NeutralGraph, { inputs, flow }: Match): Rewrite {
  const resize = new Map(
    [...inputs].map(([id, sizes]) => {
      const { shape = [] } = graph.tensor(id);
      return [id, sizes.map((size, axis) => (size === shape[axis] ? null : Number(size)))] as const;
    }),
  );
  return { resize, replace: flow.forms };
}
