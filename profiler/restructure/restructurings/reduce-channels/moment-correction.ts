import type { Form } from "../../../neutral/forms.ts";
import type { LayerId } from "../../../neutral/neutral-graph.ts";
import { computedWeights, type Weights } from "../../../neutral/weights.ts";
import type { ChannelMap, Unit } from "./channel-map.ts";
import { isAnyKnown, visitContributions } from "./expected-outputs.ts";
import type { ExpectedValues } from "./expected-values.ts";
import { isDepthwise, linearSizes } from "./linear-layer.ts";
import { keptPositions, type KeptPositions } from "./prune.ts";
import { linearForm, readersOf, shiftedOutputs, type Reader } from "./readers.ts";

/**
 * What can be made up for without samples: the outputs of layers that lost input channels keep the mean and the variance that they had,
 * as far as batch normalization says what the channels are. Weights that stay grow by the deviation that is left, and biases take over
 * the rest of the mean. Numbers are computed when they are read.
 * @param pruned all layers that changed
 * @param expected asked for when the first of the numbers is read
 */
export function momentCorrected(
  map: ChannelMap,
  removed: ReadonlySet<Unit>,
  pruned: ReadonlyMap<LayerId, Form>,
  expected: () => Promise<ExpectedValues>,
): ReadonlyMap<LayerId, Form> {
  const kept = keptPositions(map, removed);
  const forms = new Map(pruned);
  for (const reader of readersOf(map, kept, pruned)) {
    if (isDepthwise(reader.form)) continue;
    let found: Promise<Correction> | undefined;
    const correction = (): Promise<Correction> => (found ??= correctionOf(reader, kept, expected));
    const weight = scaledRows(reader.form.weight, async () => (await correction()).factor);
    for (const { id } of reader.layers) {
      const form = linearForm(forms.get(id));
      if (form) forms.set(id, { ...form, weight });
    }
    const shift = async (): Promise<Float32Array> => (await correction()).shift;
    for (const [id, form] of shiftedOutputs(map.graph, reader.layers, forms, shift)) forms.set(id, form);
  }
  return forms;
}

/** For each output that stays. */
interface Correction {
  readonly factor: Float32Array;
  readonly shift: Float32Array;
}

/** Quantized weights keep their scales, and so their size: only means are made up for. */
async function correctionOf(
  { layers, form }: Reader,
  kept: KeptPositions,
  expectedOf: () => Promise<ExpectedValues>,
): Promise<Correction> {
  const expected = await expectedOf();
  const [first] = layers;
  const places = kept(first.outputs[0]) ?? Array.from({ length: linearSizes(first.form).outputs }, (_, place) => place);
  const sums = places.map((): Sums => ({ variance: 0, varianceLeft: 0, mean: 0, meanLeft: 0, meanLost: 0 }));
  const byOutput = new Map(places.map((output, index) => [output, sums[index]]));
  const known = layers.filter((layer) => isAnyKnown(expected(layer.inputs[0])));
  for (const layer of known) {
    const moments = expected(layer.inputs[0]);
    const stays = Uint8Array.from(moments.means, () => 0);
    for (const place of kept(layer.inputs[0]) ?? []) stays[place] = 1;
    await visitContributions(layer, moments, (output, input, mean, variance) => {
      const sum = byOutput.get(output);
      if (sum === undefined) return;
      sum.variance += variance;
      sum.mean += mean;
      if (stays[input]) {
        sum.varianceLeft += variance;
        sum.meanLeft += mean;
      } else if (!Number.isNaN(mean)) sum.meanLost += mean;
    });
  }
  const isScaled = form.weight.quantization === undefined;
  const factor = Float32Array.from(sums, (sum) => (isScaled ? factorOf(sum) : 1));
  // Layers with the same weights lose different things, and get the mean of those of which something is known.
  const shift = Float32Array.from(sums, ({ mean, meanLeft, meanLost }, index) => {
    const grown = factor[index] ?? 1;
    return (grown === 1 ? meanLost : mean - grown * meanLeft) / Math.max(1, known.length);
  });
  return { factor, shift };
}

/** Of an output; NaN where an input is not known. */
interface Sums {
  variance: number;
  varianceLeft: number;
  mean: number;
  meanLeft: number;
  /** Of the inputs that are known. */
  meanLost: number;
}

/** An output of which less than a quarter of the deviation is left is not brought back by what is. */
const LARGEST_FACTOR = 4;

function factorOf({ variance, varianceLeft }: Sums): number {
  const factor = Math.sqrt(variance / varianceLeft);
  return factor <= LARGEST_FACTOR ? factor : 1;
}

function scaledRows(weights: Weights, factorsOf: () => Promise<Float32Array>): Weights {
  const { shape, dataType, quantization } = weights;
  const read = async (): Promise<Float32Array> => {
    const [elements, factors] = await Promise.all([weights.read(), factorsOf()]);
    if (factors.every((factor) => factor === 1)) return elements;
    const size = elements.length / Math.max(1, shape[0] ?? 1);
    return elements.map((value, index) => value * (factors[Math.floor(index / size)] ?? 1));
  };
  return { ...computedWeights(shape, read, dataType), ...(quantization && { quantization }) };
}
