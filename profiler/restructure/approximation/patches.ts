import { matrix, type Matrix } from "../../numeric/matrix.ts";
import { Random } from "../../numeric/random.ts";
import type { ConvForm, DenseForm } from "../../neutral/forms.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import type { Activations, RewriteContext } from "../restructuring.ts";

/** What a layer sees: rows of one sample after the other, as many of each. */
export interface Patches extends Matrix {
  readonly samples: number;
}

/** Positions of one sample that are looked at: neighbours say nearly the same (He et al., ICCV 2017, take 10 an image). */
export const POSITIONS_PER_SAMPLE = 64;

/**
 * What a convolution's kernel sees at random positions, or a dense layer's input rows, on the calibration samples: matrices of
 * positions × (inChannels · kernel…), in the order of a filter's weights. Padding counts as the zeros it is.
 * @param layers that have filters of the same shape: what each of them sees, in one run over the samples
 * @returns undefined without calibration samples
 */
export function inputPatches(
  graph: NeutralGraph,
  layers: readonly NeutralLayer<ConvForm | DenseForm>[],
  context: Pick<RewriteContext, "activations" | "seed">,
): AsyncIterable<Matrix> | undefined {
  const patches = patchesOfLayers(graph, layers, context);
  if (patches === undefined || layers.every(({ inputs }) => inputs[0] === undefined)) return undefined;
  return (async function* () {
    for await (const batch of patches) yield* batch.filter((each) => each !== undefined);
  })();
}

/**
 * The same of several layers in one run over the samples, each as if it were alone.
 * @returns for each batch of samples the layers' patches in order; undefined for a layer whose input the run does not give
 */
export function patchesOfLayers(
  graph: NeutralGraph,
  layers: readonly NeutralLayer<ConvForm | DenseForm>[],
  { activations, seed }: Pick<RewriteContext, "activations" | "seed">,
): AsyncIterable<readonly (Patches | undefined)[]> | undefined {
  if (activations === undefined) return undefined;
  const inputs = [...new Set(layers.flatMap((layer) => layer.inputs[0] ?? []))];
  const randoms = layers.map(() => new Random(seed));
  return (async function* () {
    for await (const batch of activations.capture(inputs)) {
      yield layers.map(({ form, inputs: [input = -1] }, index) => {
        const tensor = batch.get(input);
        const random = randoms[index];
        if (tensor === undefined || random === undefined) return undefined;
        const patches = form.kind === "dense" ? rows(tensor) : windows(tensor, form, graph.layout, random);
        return { ...patches, samples: tensor.shape[0] ?? 1 };
      });
    }
  })();
}

function rows({ shape, data }: Activations): Matrix {
  const columns = shape.at(-1) ?? 1;
  return matrix(data.length / columns, columns, data);
}

/** No place in a channel. */
const PADDING = -1;

/** How windows lie along one axis of an activation tensor. */
interface WindowAxis {
  readonly size: number;
  /** Elements from one position to the next. */
  readonly step: number;
  readonly stride: number;
  readonly begin: number;
  /** Windows along it. */
  readonly positions: number;
}

function windows({ shape, data }: Activations, form: ConvForm, layout: NeutralGraph["layout"], random: Random): Matrix {
  const [samples = 1, ...rest] = shape;
  const isFirst = layout === "channels-first";
  const channels = (isFirst ? rest[0] : rest.at(-1)) ?? 1;
  const spatial = isFirst ? rest.slice(1) : rest.slice(0, -1);
  const area = product(spatial);
  const channelStep = isFirst ? area : 1;
  const kernel = form.weight.shape.slice(2);
  const { padsBegin, padsEnd } = padsAt(form, kernel, spatial) ?? form;
  const axes = spatial.map((size, axis): WindowAxis => {
    const [begin, stride] = [padsBegin[axis] ?? 0, form.strides[axis] ?? 1];
    const reach = ((kernel[axis] ?? 1) - 1) * (form.dilations[axis] ?? 1) + 1;
    const step = (isFirst ? 1 : channels) * product(spatial.slice(axis + 1));
    const positions = Math.floor((size + begin + (padsEnd[axis] ?? 0) - reach) / stride) + 1;
    return { size, step, stride, begin, positions };
  });
  const offsets = offsetsOf(kernel).map((tap) => tap.map((at, axis) => at * (form.dilations[axis] ?? 1)));
  const taps = offsets.length;
  const columns = channels * taps;
  const patches = matrix(samples * POSITIONS_PER_SAMPLE, columns);
  const corner = axes.map(() => 0);
  const within = new Int32Array(taps);
  for (let row = 0; row < patches.rows; row += 1) {
    const sample = Math.floor(row / POSITIONS_PER_SAMPLE) * area * channels;
    for (const [axis, { positions, stride, begin }] of axes.entries())
      corner[axis] = Math.floor(random.uniform() * positions) * stride - begin;
    for (let place = 0; place < taps; place += 1) within[place] = offsetIn(axes, corner, offsets[place] ?? []);
    // Channel by channel: what a window sees of one lies together.
    for (let channel = 0, to = row * columns; channel < channels; channel += 1) {
      const from = sample + channel * channelStep;
      for (let place = 0; place < taps; place += 1, to += 1) {
        const offset = within[place] ?? PADDING;
        if (offset !== PADDING) patches.data[to] = data[from + offset] ?? 0;
      }
    }
  }
  return patches;
}

/** Where a position of a window is within a channel. */
function offsetIn(axes: readonly WindowAxis[], corner: readonly number[], tap: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < corner.length; axis += 1) {
    const { size = 0, step = 0 } = axes[axis] ?? {};
    const at = (corner[axis] ?? 0) + (tap[axis] ?? 0);
    if (at < 0 || at >= size) return PADDING;
    offset += at * step;
  }
  return offset;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

/** All positions in a kernel, row-major. */
function offsetsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (before, size) => before.flatMap((prefix) => Array.from({ length: size }, (_, at) => [...prefix, at])),
    [[]],
  );
}
