import { matrix, type Matrix } from "../../../numeric/matrix.ts";
import { RuntimeProducts } from "../../../runtime/runtime-products.ts";
import { Random } from "../../../numeric/random.ts";
import { patchesOfLayers } from "../../approximation/patches.ts";
import type { RewriteContext } from "../../restructuring.ts";
import type { ChannelMap, Unit } from "./channel-map.ts";
import type { Channels, ChannelGroup } from "./groups.ts";
import type { Importance } from "./importance.ts";
import { isDepthwise, isLinear, linearSizes, type LinearLayer } from "./linear-layer.ts";

/** What the layers that read a group's channels lose with them. */
export interface Harm {
  readonly units: readonly Unit[];
  /**
   * units × units: summed over the units that go, in rows and in columns, the squared error of the layers behind, each layer's as a share
   * of what single units contribute there.
   */
  readonly products: Float64Array;
}

/** A message where it cannot be measured. */
export type Harms = ReadonlyMap<ChannelGroup, Harm | string>;

/** Measured at random outputs of the next layers on the calibration samples (Luo et al.: "ThiNet", ICCV 2017). */
export async function measureHarm(
  { map }: Channels,
  groups: readonly ChannelGroup[],
  context: RewriteContext,
): Promise<Harms> {
  const { signal } = context;
  const readings = groups.flatMap((group) => readingsOf(map, group, context.seed));
  const readers = [...new Set(readings.map(({ layer }) => layer))];
  const weights = new Map<LinearLayer, Float32Array>();
  for (const layer of readers) weights.set(layer, await layer.form.weight.read());
  for await (const batch of patchesOfLayers(map.graph, readers, context) ?? []) {
    signal?.throwIfAborted();
    for (const reading of readings) {
      const patches = batch[readers.indexOf(reading.layer)];
      const weight = weights.get(reading.layer);
      if (patches && weight) await reading.add(patches, weight);
    }
  }
  return new Map(
    groups.map((group): [ChannelGroup, Harm | string] => {
      const own = readings.filter((reading) => reading.group === group);
      if (context.activations === undefined) return [group, "importance by reconstruction needs calibration data"];
      if (own.length === 0)
        return [group, `no convolution or dense layer reads the channels of "${group.layers[0]?.name ?? ""}"`];
      return [group, { units: unitsOf(group), products: harmOf(own) }];
    }),
  );
}

function unitsOf({ classes }: ChannelGroup): readonly Unit[] {
  return classes.flatMap(({ units }) => units);
}

function readingsOf(map: ChannelMap, group: ChannelGroup, seed: number): readonly Reading[] {
  const places = new Map(unitsOf(group).map((unit, place) => [unit, place]));
  return map.graph.layers.filter(isLinear).flatMap((layer) => {
    const labels = map.labels(layer.inputs[0]);
    if (!labels || isDepthwise(layer.form)) return [];
    const placeOf = map.units(labels).map((unit) => places.get(unit));
    return placeOf.every((place) => place === undefined) ? [] : [new Reading(group, layer, placeOf, places.size, seed)];
  });
}

const PRODUCTS = new RuntimeProducts();

/** What a layer makes of the units of a group, summed over samples. */
class Reading {
  /** For each pair of units, the product of what they contribute to an output. */
  readonly sums: Float64Array;
  readonly #random: Random;

  constructor(
    readonly group: ChannelGroup,
    readonly layer: LinearLayer,
    /** For each channel that the layer reads, its unit's place in the group. */
    private readonly placeOf: readonly (number | undefined)[],
    readonly units: number,
    seed: number,
  ) {
    this.sums = new Float64Array(units ** 2);
    this.#random = new Random(seed);
  }

  async add(patches: Matrix, weight: Float32Array): Promise<void> {
    const shares = contributions(patches, this.layer, weight, this.placeOf, this.units, this.#random);
    const { data } = await PRODUCTS.multiply(shares, shares, { transposeA: true });
    for (let index = 0; index < data.length; index += 1)
      this.sums[index] = (this.sums[index] ?? 0) + (data[index] ?? 0);
  }
}

/** The sums of all readers, each as a share of what single units contribute there: layers that read the same channels count alike. */
function harmOf(readings: readonly Reading[]): Float64Array {
  const harm = new Float64Array(readings[0]?.sums.length ?? 0);
  for (const { sums, units } of readings) {
    let own = 0;
    for (let unit = 0; unit < units; unit += 1) own += sums[unit * units + unit] ?? 0;
    if (own === 0) continue;
    for (let index = 0; index < harm.length; index += 1) harm[index] = (harm[index] ?? 0) + (sums[index] ?? 0) / own;
  }
  return harm;
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

/** Ranks of the units: 0 goes first, then always the one that leaves the error of all that went smallest (ThiNet, algorithm 1). */
export function greedyOrder({ units, products: harm }: Harm): Importance {
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
