import { isKind, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { Shape } from "../../../model/shape.ts";
import type { TensorId } from "../../../model/model.ts";
import type { Channels, UnitClass } from "./groups.ts";
import type { Unit } from "./channel-map.ts";
import { countUnits } from "./groups.ts";
import { isDepthwise } from "./linear-layer.ts";

/** How many units of each class stay. */
export type KeptCounts = ReadonlyMap<UnitClass, number>;

/**
 * Multiply-accumulates of convolutions and dense layers, for one sample, as a function of how many units stay: what a search for
 * the right counts asks often, so that nothing is lowered or costed for it.
 */
export class Macs {
  readonly #layers: readonly LayerMacs[];

  constructor(channels: Channels) {
    const { graph } = channels.map;
    const classOf = new Map(
      channels.groups.flatMap(({ classes }) =>
        classes.flatMap((each) => each.units.map((unit) => [unit, each] as const)),
      ),
    );
    this.#layers = graph.layers.flatMap((layer) => layerMacs(layer, graph, channels, classOf) ?? []);
  }

  /** @param layers only these */
  total(kept: KeptCounts = new Map(), layers?: ReadonlySet<NeutralLayer>): number {
    return this.#layers.reduce((sum, { layer, perPair, inputs, outputs, ownInputs }) => {
      if (layers && !layers.has(layer)) return sum;
      return sum + perPair * sizeOf(outputs, kept) * (ownInputs ?? sizeOf(inputs, kept));
    }, 0);
  }

  /** Layers whose MACs depend on a class. */
  layersOf(classes: readonly UnitClass[]): ReadonlySet<NeutralLayer> {
    const isTouched = ({ inputs, outputs }: LayerMacs): boolean =>
      classes.some((each) => inputs.perUnit.has(each) || outputs.perUnit.has(each));
    return new Set(this.#layers.filter(isTouched).map(({ layer }) => layer));
  }
}

interface LayerMacs {
  readonly layer: NeutralLayer;
  /** For each pair of an input and an output channel: taps of the kernel × positions, shared among groups. */
  readonly perPair: number;
  readonly inputs: Size;
  readonly outputs: Size;
  /** Depthwise: an output channel has one input channel, however many there are. */
  readonly ownInputs: number | undefined;
}

interface Size {
  readonly fixed: number;
  readonly perUnit: ReadonlyMap<UnitClass, number>;
}

function layerMacs(
  layer: NeutralLayer,
  graph: NeutralGraph,
  channels: Channels,
  classOf: ReadonlyMap<Unit, UnitClass>,
): LayerMacs | undefined {
  const [input, output] = [layer.inputs[0], layer.outputs[0]];
  const sizeAt = (tensor: TensorId | undefined, whole: number): Size => sizeOfTensor(channels, tensor, whole, classOf);
  if (isKind(layer, "conv")) {
    const { weight, groups } = layer.form;
    const [outChannels = 0, perGroup = 0, ...kernel] = weight.shape;
    const { shape = [], channelAxis } = (output === undefined ? undefined : graph.tensors[output]) ?? {};
    const positions = product(
      graph,
      shape.filter((_, axis) => axis !== 0 && axis !== channelAxis),
    );
    return {
      layer,
      perPair: (product(graph, kernel) * positions) / (isDepthwise(layer.form) ? 1 : groups),
      inputs: sizeAt(input, perGroup * groups),
      outputs: sizeAt(output, outChannels),
      ownInputs: isDepthwise(layer.form) ? 1 : undefined,
    };
  }
  if (isKind(layer, "conv-transpose")) {
    const { weight, groups } = layer.form;
    const [inChannels = 0, perGroup = 0, ...kernel] = weight.shape;
    const { shape = [], channelAxis } = (input === undefined ? undefined : graph.tensors[input]) ?? {};
    const positions = product(
      graph,
      shape.filter((_, axis) => axis !== 0 && axis !== channelAxis),
    );
    const isOwn = isDepthwise(layer.form);
    return {
      layer,
      perPair: (product(graph, kernel) * positions) / (isOwn ? 1 : groups),
      inputs: sizeAt(input, inChannels),
      outputs: sizeAt(output, perGroup * groups),
      ownInputs: isOwn ? 1 : undefined,
    };
  }
  if (!isKind(layer, "dense")) return undefined;
  const [outFeatures = 0, inFeatures = 0] = layer.form.weight.shape;
  const { shape = [] } = (output === undefined ? undefined : graph.tensors[output]) ?? {};
  return {
    layer,
    perPair: product(graph, shape.slice(1, -1)),
    inputs: sizeAt(input, inFeatures),
    outputs: sizeAt(output, outFeatures),
    ownInputs: undefined,
  };
}

function sizeOfTensor(
  { map }: Channels,
  tensor: TensorId | undefined,
  whole: number,
  classOf: ReadonlyMap<Unit, UnitClass>,
): Size {
  const labels = map.labels(tensor);
  const perUnit = new Map<UnitClass, number>();
  let fixed = whole;
  if (labels?.channels.length !== whole) return { fixed, perUnit };
  for (const [unit, count] of countUnits(map, labels)) {
    const each = classOf.get(unit);
    if (each === undefined) continue;
    fixed -= count;
    perUnit.set(each, count);
  }
  return { fixed, perUnit };
}

function sizeOf({ fixed, perUnit }: Size, kept: KeptCounts): number {
  let size = fixed;
  for (const [each, positions] of perUnit) size += positions * (kept.get(each) ?? each.units.length);
  return size;
}

/** Sizes that only the run can tell count once. */
function product(graph: NeutralGraph, shape: Shape): number {
  return shape.reduce<number>((result, size) => result * (graph.sizeAt(size) ?? 1), 1);
}
