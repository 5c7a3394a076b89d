import type { TensorId } from "../../../model/model.ts";
import type { FormOf } from "../../../neutral/forms.ts";
import type { NeutralGraph, NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { ChannelMap, Labels } from "./channel-map.ts";
import { innerSizes, reshapeSegments } from "../../matching/reshape-axes.ts";
import { block, tensorOf } from "./tracking.ts";

/** Which axis of a factor the channels lie along. */
type Role = "batch" | "kept" | "summed";

interface Factor {
  readonly labels: Labels | undefined;
  readonly role: Role | undefined;
  /** The axis as the product has it. */
  readonly axis: number;
}

/**
 * A product of two activations: channels along an axis of the batch (the heads of an attention) go from both factors, those that are
 * summed over too, and those of rows and columns stay those of the result.
 */
export function trackProduct(layer: NeutralLayer<FormOf<"product">>, map: ChannelMap): void {
  const [left, right] = layer.inputs;
  const rank = tensorOf(layer.outputs[0], map)?.shape?.length;
  const factors = [
    factor(left, map, rank, layer.form.isLeftTransposed ? -2 : -1, -2),
    factor(right, map, rank, layer.form.isRightTransposed ? -1 : -2, -1),
  ] as const;
  const [a, b] = factors;
  const isPaired =
    a.role === b.role &&
    a.labels?.isRepeated === b.labels?.isRepeated &&
    (a.role === "summed" || (a.role === "batch" && a.axis === b.axis));
  if (a.labels && b.labels && isPaired && a.labels.channels.length === b.labels.channels.length) {
    map.tieAll(a.labels.channels, b.labels.channels);
    if (a.role === "batch") map.label(layer.outputs[0], { ...a.labels, axis: a.axis });
    return;
  }
  let isLabelled = false;
  for (const [place, { labels, role, axis }] of factors.entries()) {
    if (labels === undefined) continue;
    const other = factors[1 - place];
    if (role === "kept" && !labels.isRepeated && !isLabelled && other?.role !== "batch") {
      map.label(layer.outputs[0], { axis, channels: labels.channels });
      isLabelled = true;
    } else block(layer, map, labels, "multiplies them with others that stay");
  }
}

/**
 * @param summed the axis that is summed over, from the end
 * @param own where the other of the last two axes stands in the result, from the end
 */
function factor(
  tensor: TensorId | undefined,
  map: ChannelMap,
  rank: number | undefined,
  summed: -1 | -2,
  own: -1 | -2,
): Factor {
  const labels = map.labels(tensor);
  const ownRank = tensorOf(tensor, map)?.shape?.length;
  if (labels === undefined || rank === undefined || ownRank === undefined || ownRank < 2)
    return { labels, role: undefined, axis: -1 };
  const fromEnd = labels.axis - ownRank;
  if (fromEnd < -2) return { labels, role: "batch", axis: rank + fromEnd };
  return fromEnd === summed ? { labels, role: "summed", axis: -1 } : { labels, role: "kept", axis: rank + own };
}

/** Its input's features go with its weights; what it makes of them stays. */
export function trackRecurrent(layer: NeutralLayer<FormOf<"recurrent">>, map: ChannelMap): void {
  const [input, ...others] = layer.inputs;
  const labels = map.labels(input);
  const rank = tensorOf(input, map)?.shape?.length ?? 0;
  if (labels && labels.axis !== rank - 1) block(layer, map, labels, "steps through them");
  for (const other of others) block(layer, map, map.labels(other), "starts from them");
}

/** One position of an axis: channels along others go on. */
export function trackSelect(layer: NeutralLayer<FormOf<"select">>, map: ChannelMap): void {
  const labels = map.labels(layer.inputs[0]);
  const { axis } = layer.form;
  if (labels === undefined) return;
  if (labels.axis === axis) block(layer, map, labels, "picks one of them");
  else map.label(layer.outputs[0], { ...labels, axis: labels.axis > axis ? labels.axis - 1 : labels.axis });
}

/** As far as attention layers have operators between their reshape and their product. */
const MOST_STEPS = 12;

/** Whether each position along an axis becomes a product, or a normalisation, of its own: a head, or a group. */
export function isOwnProblem(graph: NeutralGraph, tensor: TensorId | undefined, axis: number, steps = 0): boolean {
  if (steps > MOST_STEPS) return false;
  return graph.consumers(tensor).some((layer) => {
    const next = layer.form.kind === "split" ? layer.outputs : layer.outputs.slice(0, 1);
    const follow = (at: number): boolean => next.some((output) => isOwnProblem(graph, output, at, steps + 1));
    switch (layer.form.kind) {
      case "product": {
        const rank = graph.tensors[tensor ?? -1]?.shape?.length ?? 0;
        return axis < rank - 2;
      }
      case "instance-norm":
        return axis === 1;
      case "transpose":
        return follow(layer.form.permutation.indexOf(axis));
      case "select":
        return axis !== layer.form.axis && follow(axis > layer.form.axis ? axis - 1 : axis);
      case "split":
      case "slice":
        return axis !== layer.form.axis && follow(axis);
      case "reshape": {
        const at = axisAfter(graph, layer, axis);
        return at !== undefined && follow(at);
      }
      case "identity":
      case "unary":
      case "activation":
      case "elementwise":
        return follow(axis);
      default:
        return false;
    }
  });
}

/** Where an axis stands after others came, went or were parted from it. */
function axisAfter(graph: NeutralGraph, layer: NeutralLayer, axis: number): number | undefined {
  const from = graph.tensors[layer.inputs[0] ?? -1]?.shape;
  const to = graph.tensors[layer.outputs[0] ?? -1]?.shape;
  if (from === undefined || to === undefined) return undefined;
  const segment = reshapeSegments(from, to)?.find((each) => axis >= each.from.begin && axis < each.from.end);
  const sizes =
    segment && innerSizes(from.slice(segment.from.begin, segment.from.end), to.slice(segment.to.begin, segment.to.end));
  if (!sizes) return undefined;
  const { before, after } = sizes;
  const own = axis - segment.from.begin;
  const at = after.findIndex(
    (size, place) => size === before[own] && sizeBefore(after, place) === sizeBefore(before, own),
  );
  return at < 0 ? undefined : segment.to.begin + at;
}

function sizeBefore(sizes: readonly number[], place: number): number {
  return sizes.slice(0, place).reduce((product, size) => product * size, 1);
}
