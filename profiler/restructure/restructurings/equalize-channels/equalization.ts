import type { Form } from "../../../neutral/forms.ts";
import { computedWeights, type Weights } from "../../../neutral/weights.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import { weightChannels } from "../../matching/weight-channels.ts";
import { channelPairs, type ChannelPair, type ScalableLayer } from "./channel-pairs.ts";

/** Times that all pairs are gone through: a layer between two others is in two of them. */
const MOST_SWEEPS = 40;
/** Factors nearer to 1 change nothing that a scale of 8 bits could tell. */
const SETTLED = 1.01;
/** A channel of a smaller share of the largest range is dead: it is left as it is. */
const DEAD = 1e-6;
/** No channel is scaled by more: activations stay well within what float16 could hold, and biases within 32 bits. */
const MOST = 2 ** 12;

/**
 * Weights whose channels have the same range in each layer as in the one behind it: W₁ by 1/s, W₂ by s, s = √(range₁ / range₂), for each
 * channel between them. Relu and pooling hand scales on, so that the model stays what it was. Numbers are read when they are asked for.
 * @param mayScale by default layers whose weights the file holds as floats
 * Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019.
 */
export function equalization(graph: NeutralGraph, mayScale?: (layer: ScalableLayer) => boolean): Rewrite {
  const pairs = channelPairs(graph, mayScale);
  const layers = new Map<LayerId, ScalableLayer>(
    pairs.flatMap(({ before, after }) => [before, after].map((layer) => [layer.id, layer] as const)),
  );
  let factors: Promise<ReadonlyMap<LayerId, Factors>> | undefined;
  const factorsOf = async (id: LayerId): Promise<Factors | undefined> => {
    factors ??= equalized(layers, pairs);
    return (await factors).get(id);
  };
  return {
    replace: new Map<LayerId, Form>(Array.from(layers, ([id, layer]) => [id, scaledForm(layer, () => factorsOf(id))])),
  };
}

/** What weights are multiplied by, for each of a layer's outputs and inputs. */
interface Factors {
  readonly outputs: Float64Array;
  readonly inputs: Float64Array;
}

function scaledForm({ form }: ScalableLayer, factors: () => Promise<Factors | undefined>): Form {
  const { outputOf, inputOf } = weightChannels(form);
  const scaled = (weights: Weights, factorOf: (factors: Factors, at: number) => number): Weights =>
    computedWeights(weights.shape, async () => {
      const [elements, found] = await Promise.all([weights.read(), factors()]);
      return found ? elements.map((element, at) => element * factorOf(found, at)) : elements;
    });
  const { weight, bias } = form;
  return {
    ...form,
    weight: scaled(weight, ({ outputs, inputs }, at) => (outputs[outputOf(at)] ?? 1) * (inputs[inputOf(at)] ?? 1)),
    bias: bias && scaled(bias, ({ outputs }, at) => outputs[at] ?? 1),
  };
}

/** Largest weight of each output and input together, over the places of the kernel. */
interface Largest extends Factors {
  /** outputs × inputs of a group */
  readonly values: Float32Array;
  readonly columns: number;
  readonly rowsPerGroup: number;
}

async function equalized(
  layers: ReadonlyMap<LayerId, ScalableLayer>,
  pairs: readonly ChannelPair[],
): Promise<ReadonlyMap<LayerId, Factors>> {
  const all = new Map<LayerId, Largest>();
  for (const [id, layer] of layers) all.set(id, await largestOf(layer));
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep += 1) {
    let most = 1;
    for (const { before, after, channels, channelOf } of pairs) {
      const [first, second] = [all.get(before.id), all.get(after.id)];
      if (first && second) most = Math.max(most, equalize(first, second, channels, channelOf));
    }
    if (most < SETTLED) break;
  }
  return all;
}

async function largestOf({ form }: ScalableLayer): Promise<Largest> {
  const [rows = 0, columns = 0, ...kernel] = form.weight.shape;
  const taps = kernel.reduce((product, size) => product * size, 1);
  const groups = form.kind === "conv" ? form.groups : 1;
  const elements = await form.weight.read();
  const values = new Float32Array(rows * columns);
  for (const [at, element] of elements.entries()) {
    const place = Math.floor(at / taps);
    values[place] = Math.max(values[place] ?? 0, Math.abs(element));
  }
  return {
    values,
    columns,
    rowsPerGroup: rows / groups,
    outputs: new Float64Array(rows).fill(1),
    inputs: new Float64Array(columns * groups).fill(1),
  };
}

/** Gives the channels between two layers the same range in both. @returns the largest factor, or one by it, of a channel */
function equalize(before: Largest, after: Largest, channels: number, channelOf: ChannelPair["channelOf"]): number {
  const made = ranges(before, channels, (output) => output);
  const read = ranges(after, channels, (_, input) => channelOf(input));
  const [mostMade, mostRead] = [largest(made), largest(read)];
  const factors = made.map((range, channel) => {
    const other = read[channel] ?? 0;
    if (range <= DEAD * mostMade || other <= DEAD * mostRead) return 1;
    const so = before.outputs[channel] ?? 1;
    // What was scaled by 1/s in all stays within the bounds.
    return so / Math.min(MOST, Math.max(1 / MOST, so / Math.sqrt(range / other)));
  });
  before.outputs.forEach((factor, output) => {
    before.outputs[output] = factor / (factors[output] ?? 1);
  });
  after.inputs.forEach((factor, input) => {
    after.inputs[input] = factor * (factors[channelOf(input)] ?? 1);
  });
  return factors.reduce((most, factor) => Math.max(most, factor, 1 / factor), 1);
}

/** Largest weight of each channel as it is scaled by now. */
function ranges(
  { values, columns, rowsPerGroup, outputs, inputs }: Largest,
  channels: number,
  channelOf: (output: number, input: number) => number,
): Float64Array {
  const found = new Float64Array(channels);
  for (let row = 0, at = 0; row < outputs.length; row += 1) {
    const first = Math.floor(row / rowsPerGroup) * columns;
    for (let column = 0; column < columns; column += 1, at += 1) {
      const input = first + column;
      const channel = channelOf(row, input);
      const size = (values[at] ?? 0) * (outputs[row] ?? 1) * (inputs[input] ?? 1);
      if (size > (found[channel] ?? 0)) found[channel] = size;
    }
  }
  return found;
}

function largest(numbers: Float64Array): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
