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
 * @returns undefined without calibration samples
 */
export function inputPatches(
  graph: NeutralGraph,
  layer: NeutralLayer<ConvForm | DenseForm>,
  context: Pick<RewriteContext, "activations" | "seed">,
): AsyncIterable<Matrix> | undefined {
  const patches = patchesOfLayers(graph, [layer], context);
  if (patches === undefined || layer.inputs[0] === undefined) return undefined;
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

/** Sizes and steps of one activation tensor in its layout. */
interface Geometry {
  readonly channels: number;
  readonly spatial: readonly number[];
  readonly sampleStep: number;
  readonly channelStep: number;
  readonly spatialSteps: readonly number[];
}

function geometryOf(shape: readonly number[], layout: NeutralGraph["layout"]): Geometry {
  const [, ...rest] = shape;
  const isFirst = layout === "channels-first";
  const channels = (isFirst ? rest[0] : rest.at(-1)) ?? 1;
  const spatial = isFirst ? rest.slice(1) : rest.slice(0, -1);
  const area = spatial.reduce((product, size) => product * size, 1);
  const innermost = isFirst ? 1 : channels;
  const spatialSteps = spatial.map(
    (_, axis) => innermost * spatial.slice(axis + 1).reduce((product, size) => product * size, 1),
  );
  return { channels, spatial, sampleStep: area * channels, channelStep: isFirst ? area : 1, spatialSteps };
}

function windows({ shape, data }: Activations, form: ConvForm, layout: NeutralGraph["layout"], random: Random): Matrix {
  const geometry = geometryOf(shape, layout);
  const kernel = form.weight.shape.slice(2);
  const { padsBegin, padsEnd } = padsAt(form, kernel, geometry.spatial) ?? form;
  const taps = offsetsOf(kernel);
  const columns = geometry.channels * taps.length;
  const samples = shape[0] ?? 1;
  const patches = matrix(samples * POSITIONS_PER_SAMPLE, columns);
  for (let row = 0; row < patches.rows; row++) {
    const sample = Math.floor(row / POSITIONS_PER_SAMPLE);
    const corner = geometry.spatial.map((size, axis) => {
      const begin = padsBegin[axis] ?? 0;
      const reach = ((kernel[axis] ?? 1) - 1) * (form.dilations[axis] ?? 1) + 1;
      const stride = form.strides[axis] ?? 1;
      const positions = Math.floor((size + begin + (padsEnd[axis] ?? 0) - reach) / stride) + 1;
      return Math.floor(random.uniform() * positions) * stride - begin;
    });
    taps.forEach((tap, place) => {
      const offset = offsetIn(
        geometry,
        corner.map((start, axis) => start + (tap[axis] ?? 0) * (form.dilations[axis] ?? 1)),
      );
      if (offset === undefined) return;
      for (let channel = 0; channel < geometry.channels; channel++) {
        const value = data[sample * geometry.sampleStep + channel * geometry.channelStep + offset] ?? 0;
        patches.data[row * columns + channel * taps.length + place] = value;
      }
    });
  }
  return patches;
}

/** Where a position is within a channel; undefined in the padding. */
function offsetIn({ spatial, spatialSteps }: Geometry, position: readonly number[]): number | undefined {
  let offset = 0;
  for (const [axis, at] of position.entries()) {
    if (at < 0 || at >= (spatial[axis] ?? 0)) return undefined;
    offset += at * (spatialSteps[axis] ?? 0);
  }
  return offset;
}

/** All positions in a kernel, row-major. */
function offsetsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (before, size) => before.flatMap((prefix) => Array.from({ length: size }, (_, at) => [...prefix, at])),
    [[]],
  );
}
