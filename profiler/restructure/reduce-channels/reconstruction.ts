import { matrix, type Matrix } from "../../numeric/matrix.ts";
import { RuntimeProducts } from "../../numeric/products.ts";
import { Random } from "../../numeric/random.ts";
import { inputPatches } from "../patches.ts";
import type { RewriteContext } from "../restructuring.ts";
import type { Channels, ChannelGroup, Unit } from "./groups.ts";
import type { Importance } from "./importance.ts";
import { isDepthwise, isLinear, linearSizes, type LinearLayer } from "./linear-layer.ts";

/**
 * Channels in the order in which they can go with the least harm to what the next layers make of them (Luo et al.: "ThiNet", ICCV 2017,
 * algorithm 1): greedily the one that leaves the sum of all that went smallest, measured at random outputs on the calibration samples.
 * @returns a message where that cannot be measured
 */
export async function reconstructionRanks(
  channels: Channels,
  group: ChannelGroup,
  context: RewriteContext,
): Promise<Importance | string> {
  if (context.activations === undefined) return "importance by reconstruction needs calibration samples";
  const { map } = channels;
  const units = group.classes.flatMap((each) => each.units);
  const places = new Map(units.map((unit, place) => [unit, place]));
  const readers = map.graph.layers.filter(isLinear).filter(({ form, inputs }) => {
    const labels = map.labels(inputs[0]);
    return !isDepthwise(form) && labels?.channels.some((channel) => places.has(map.unit(channel)));
  });
  if (readers.length === 0)
    return `no convolution or dense layer reads the channels of "${group.layers[0]?.name ?? ""}"`;
  const harm = new Float64Array(units.length ** 2);
  for (const reader of readers) {
    context.signal?.throwIfAborted();
    await addHarm(harm, reader, channels, places, context);
  }
  return greedyOrder(units, harm);
}

/**
 * Adds, for each pair of units, the product of what they contribute to an output, averaged over samples, as a share of all contributions
 * of a single unit: layers that read the same channels count alike.
 */
async function addHarm(
  harm: Float64Array,
  layer: LinearLayer,
  { map }: Channels,
  places: ReadonlyMap<Unit, number>,
  context: RewriteContext,
): Promise<void> {
  const products = new RuntimeProducts();
  const labels = map.labels(layer.inputs[0]);
  const patches = inputPatches(map.graph, layer, context);
  if (!labels || !patches) return;
  const placeOf = map.units(labels).map((unit) => places.get(unit));
  const weight = await layer.form.weight.read();
  const random = new Random(context.seed);
  const sums = new Float64Array(harm.length);
  for await (const batch of patches) {
    context.signal?.throwIfAborted();
    const shares = contributions(batch, layer, weight, placeOf, places.size, random);
    const { data } = await products.multiply(shares, shares, { transposeA: true });
    for (let index = 0; index < sums.length; index += 1) sums[index] = (sums[index] ?? 0) + (data[index] ?? 0);
  }
  let own = 0;
  for (let unit = 0; unit < places.size; unit += 1) own += sums[unit * places.size + unit] ?? 0;
  if (own === 0) return;
  for (let index = 0; index < harm.length; index += 1) harm[index] = (harm[index] ?? 0) + (sums[index] ?? 0) / own;
}

/** What each unit adds to a random output at each position: positions × units. */
function contributions(
  { rows, columns, data }: Matrix,
  { form }: LinearLayer,
  weight: Float32Array,
  placeOf: readonly (number | undefined)[],
  units: number,
  random: Random,
): Matrix {
  const { outputs, groups, columns: perGroup, taps } = linearSizes(form);
  const result = matrix(rows, units);
  for (let row = 0; row < rows; row += 1) {
    const output = Math.floor(random.uniform() * outputs);
    const begin = Math.floor(output / (outputs / groups)) * perGroup;
    for (let column = 0; column < perGroup; column += 1) {
      const place = placeOf[Math.floor((begin + column) / taps)];
      if (place === undefined) continue;
      const at = row * units + place;
      const input = data[row * columns + begin + column] ?? 0;
      result.data[at] = (result.data[at] ?? 0) + input * (weight[output * perGroup + column] ?? 0);
    }
  }
  return result;
}

/** Ranks of the units: 0 goes first. */
function greedyOrder(units: readonly Unit[], harm: Float64Array): Importance {
  const size = units.length;
  const ranks = new Map<Unit, number>();
  // What the harm of all that went would grow by.
  const growth = Float64Array.from(units, (_, place) => harm[place * size + place] ?? 0);
  const left = new Set(units.keys());
  while (left.size > 0) {
    let [next = 0] = left;
    for (const place of left) if ((growth[place] ?? 0) < (growth[next] ?? 0)) next = place;
    left.delete(next);
    ranks.set(units[next] ?? 0, ranks.size);
    for (const place of left) growth[place] = (growth[place] ?? 0) + 2 * (harm[next * size + place] ?? 0);
  }
  return ranks;
}
