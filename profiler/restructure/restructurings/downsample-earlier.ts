import type { ConvForm, PoolForm } from "../../neutral/forms.ts";
import { isKind, type LayerId, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import { matched, type Candidate, type Finding, defineRestructuring } from "../restructuring.ts";
import type { NewLayer, Rewrite } from "../../neutral/rewrite.ts";

const ID = "downsample-earlier";

/** A layer that makes maps smaller, and the convolutions before it at the resolution it ends. */
interface Run {
  /** In the order they run; each keeps the size of its maps, and nobody else reads what it makes. */
  readonly convs: readonly NeutralLayer<ConvForm>[];
  readonly down: Downsampling;
}

type Downsampling = NeutralLayer<PoolForm> | NeutralLayer<ConvForm>;

/** A downsampling and the convolution that it is moved to. */
interface Move {
  readonly down: Downsampling;
  readonly to: NeutralLayer<ConvForm>;
}

/**
 * Downsampling moved forward: a pool before a convolution behind which it stood, or the stride of a convolution to one before it. What is
 * between runs on smaller maps; everything behind keeps its shapes. The opposite of what SqueezeNet argues for accuracy's sake, and what
 * networks for small devices do.
 */
export const DOWNSAMPLE_EARLIER = defineRestructuring({
  id: ID,
  title: "Downsample earlier",
  summary: "Moves a pool or stride before a convolution that runs at a higher resolution.",
  guarantee: "needs training",
  literature: [
    "He, Sun: Convolutional Neural Networks at Constrained Time Cost. CVPR 2015",
    "Iandola et al.: SqueezeNet. 2016 (strategy 3, the other way round)",
  ],
  answers: { "late-downsampling": 1, "macs-share": 5, "energy-share": 5, "peak-memory": 1 },
  options: [],
  find,
  predict: (graph, target) => moved(graph, matched(ID, target, movesAt(graph, target))),
  rewrite: (graph, target) => Promise.resolve(moved(graph, matched(ID, target, movesAt(graph, target)))),
});

function find(graph: NeutralGraph): readonly Finding[] {
  const runs = runsOf(graph);
  const singles = runs.flatMap((run) =>
    run.convs.map((conv): Candidate => ({
      target: conv.name,
      layers: [conv.id, run.down.id],
      why: `${run.down.op} "${run.down.name}" can stand before it`,
    })),
  );
  if (runs.length < 2) return singles;
  const layers = evenMoves(runs).flatMap(({ down, to }) => [to.id, down.id]);
  const why = `each of ${runs.length} downsamplings goes to the middle of the convolutions before it`;
  return [{ target: "", layers, why }, ...singles];
}

function movesAt(graph: NeutralGraph, target: string): readonly Move[] | string {
  const runs = runsOf(graph);
  if (target === "")
    return runs.length > 0
      ? evenMoves(runs)
      : "no pool or stride has convolutions before it that keep the size of their maps";
  const layer = graph.layer(target);
  if (layer === undefined) return "there is no such layer";
  if (!isKind(layer, "conv")) return `${layer.op} is not a convolution with constant weights`;
  const run = runs.find(({ convs }) => convs.some(({ id }) => id === layer.id));
  return run
    ? [{ down: run.down, to: layer }]
    : "no pool or stride follows it on the same maps, or others read what is between";
}

/** Half of the convolutions that share a resolution keep it. */
function evenMoves(runs: readonly Run[]): readonly Move[] {
  return runs.flatMap(({ convs, down }) => {
    const to = convs[Math.floor(convs.length / 2)];
    return to ? [{ down, to }] : [];
  });
}

function runsOf(graph: NeutralGraph): readonly Run[] {
  return graph.layers.flatMap((layer): readonly Run[] => {
    if (!isDownsampling(layer)) return [];
    const before = convsBefore(graph, layer);
    const convs = isKind(layer, "conv") ? before.filter((conv) => takesStride(graph, conv, layer)) : before;
    return convs.length > 0 ? [{ convs, down: layer }] : [];
  });
}

function isDownsampling(layer: NeutralLayer): layer is Downsampling {
  if (isKind(layer, "conv")) return layer.form.strides.some((stride) => stride > 1) && canKeepSize(layer.form);
  if (!isKind(layer, "pool")) return false;
  const { isGlobal, strides, activation } = layer.form;
  return !isGlobal && activation === undefined && strides.some((stride) => stride > 1);
}

/** Convolutions from which one chain of layers that look at single positions leads to a downsampling. */
function convsBefore(graph: NeutralGraph, down: Downsampling): readonly NeutralLayer<ConvForm>[] {
  const convs: NeutralLayer<ConvForm>[] = [];
  let layer: NeutralLayer = down;
  for (;;) {
    const before = graph.producer(layer.inputs[0]);
    if (before === undefined || graph.onlyConsumer(layer.inputs[0])?.id !== layer.id) return convs;
    if (isKind(before, "conv")) {
      if (!keepsSize(graph, before)) return convs;
      convs.unshift(before);
    } else if (!isPositionwise(graph, before)) return convs;
    layer = before;
  }
}

/** Whether a layer does the same at every position, and to one input. */
function isPositionwise(graph: NeutralGraph, layer: NeutralLayer): boolean {
  if (isKind(layer, "elementwise")) return isPerChannel(graph, layer, layer.form.constant?.shape);
  if (isKind(layer, "activation"))
    return layer.form.slopes === undefined || isPerChannel(graph, layer, layer.form.slopes.shape);
  return ["batch-norm", "unary", "identity"].includes(layer.form.kind);
}

/** Whether a constant operand has one element along every spatial axis. */
function isPerChannel(graph: NeutralGraph, layer: NeutralLayer, shape: readonly number[] | undefined): boolean {
  const output = graph.tensors[layer.outputs[0] ?? -1];
  const rank = output?.shape?.length;
  if (shape === undefined || rank === undefined) return false;
  return shape.every((size, index) => size === 1 || index + rank - shape.length === output?.channelAxis);
}

function keepsSize(graph: NeutralGraph, layer: NeutralLayer<ConvForm>): boolean {
  const [before, after] = [spatialSizes(graph, layer.inputs[0]), spatialSizes(graph, layer.outputs[0])];
  return layer.form.strides.every((stride) => stride === 1) && before !== undefined && before.join() === after?.join();
}

/** Sizes of the spatial axes; undefined while only the run knows them. */
function spatialSizes({ tensors }: NeutralGraph, id: number | undefined): readonly number[] | undefined {
  const { shape, channelAxis } = tensors[id ?? -1] ?? {};
  const spatial = shape?.filter((_, axis) => axis !== 0 && axis !== channelAxis);
  const sizes = spatial?.filter((size) => typeof size === "number");
  return sizes?.length === spatial?.length ? sizes : undefined;
}

/** Whether an earlier convolution with a later one's stride makes maps of the size that are wanted. */
function takesStride(graph: NeutralGraph, conv: NeutralLayer<ConvForm>, down: NeutralLayer<ConvForm>): boolean {
  const wanted = spatialSizes(graph, down.outputs[0]);
  const before = spatialSizes(graph, conv.inputs[0]);
  const pads = before && padsAt(conv.form, conv.form.weight.shape.slice(2), before);
  const given = before?.map((size, axis) => {
    const padded = size + (pads?.padsBegin[axis] ?? 0) + (pads?.padsEnd[axis] ?? 0);
    return Math.floor((padded - reachOf(conv.form, axis)) / (down.form.strides[axis] ?? 1)) + 1;
  });
  return wanted !== undefined && wanted.join() === given?.join();
}

/** Positions that a kernel spans. */
function reachOf({ weight, dilations }: ConvForm, axis: number): number {
  return ((weight.shape[axis + 2] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
}

/** Whether it pads at all, so that it may pad as much as keeps the size; a patch embedding does not. */
function canKeepSize(form: ConvForm): boolean {
  return form.strides.every((stride, axis) => stride < reachOf(form, axis) || reachOf(form, axis) === 1);
}

function moved(graph: NeutralGraph, moves: readonly Move[]): Rewrite {
  const remove: LayerId[] = [];
  const replace = new Map<LayerId, ConvForm>();
  const insert: NewLayer[] = [];
  const rewire = new Map<number, number>();
  for (const { down, to } of moves) {
    if (isKind(down, "conv")) {
      replace.set(to.id, { ...to.form, strides: down.form.strides });
      replace.set(down.id, withoutStride(down.form));
      continue;
    }
    const [input = 0, output = 0] = [down.inputs[0], down.outputs[0]];
    const smaller = `${graph.tensor(to.inputs[0] ?? 0).name}/downsampled`;
    remove.push(down.id, to.id);
    rewire.set(output, input);
    insert.push(
      { name: down.name, form: down.form, inputs: to.inputs, outputs: [smaller] },
      { name: to.name, form: to.form, inputs: [smaller], outputs: to.outputs },
    );
  }
  return { remove, replace, insert, rewire };
}

/** Padded so that maps keep their size. */
function withoutStride(form: ConvForm): ConvForm {
  const spare = form.strides.map((_, axis) => reachOf(form, axis) - 1);
  return {
    ...form,
    strides: form.strides.map(() => 1),
    padsBegin: spare.map((pads) => Math.floor(pads / 2)),
    padsEnd: spare.map((pads) => Math.ceil(pads / 2)),
    autoPad: undefined,
  };
}
