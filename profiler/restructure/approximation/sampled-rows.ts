import { matrix, type Matrix } from "../../numeric/matrix.ts";
import { Random } from "../../numeric/random.ts";
import type { ConvForm, ConvTransposeForm, LinearForm } from "../../neutral/forms.ts";
import type { NeutralGraph } from "../../neutral/neutral-graph.ts";
import { OUTSIDE, type RowPlaces } from "../../neutral/gather-rows.js";
import type { SampleValues } from "../../neutral/activations.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import { transposedOutput } from "../../shapes/window.ts";

/**
 * What a layer's weights are multiplied with: input rows of a dense layer, what a convolution's kernel sees at positions of its input, what
 * a transposed one's lays on positions of its output, in the order of a filter's weights (channels, then kernel). Padding counts as the zeros
 * it is. The same seed takes the same rows of activations of the same shape.
 * @param shape of what the layer is given
 * @param most rows that are taken; all where there are no more, else as many of each sample at random
 */
export function rowPlaces(
  shape: readonly number[],
  form: LinearForm,
  layout: NeutralGraph["layout"],
  most: number,
  seed: number,
): RowPlaces {
  return form.kind === "dense" ? densePlaces(shape, most, seed) : windowPlaces(shape, form, layout, most, seed);
}

/** @returns rows × (channels · kernel…) */
export async function rowsAt(values: SampleValues, places: RowPlaces): Promise<Matrix> {
  return matrix(places.samples.length, places.channels * places.taps, await values.rows(places));
}

function windowPlaces(
  shape: readonly number[],
  form: ConvForm | ConvTransposeForm,
  layout: NeutralGraph["layout"],
  most: number,
  seed: number,
): RowPlaces {
  const samples = shape[0] ?? 1;
  const isFirst = layout === "channels-first";
  const channels = (isFirst ? shape[1] : shape.at(-1)) ?? 1;
  const spatial = isFirst ? shape.slice(2) : shape.slice(1, -1);
  const area = product(spatial);
  const kernel = form.weight.shape.slice(2);
  const windows = form.kind === "conv" ? slidingWindows(form, spatial) : transposedWindows(form, spatial);
  const outputs = windows.map((window) => window.outputs);
  const positions = chosenPositions(samples, product(outputs), most, seed);
  const taps = product(kernel);
  const axes = spatial.map((size, axis): TapAxis => ({
    size,
    step: (isFirst ? 1 : channels) * product(spatial.slice(axis + 1)),
    outputs: outputs[axis] ?? 1,
    outputStep: product(outputs.slice(axis + 1)),
    kernel: kernel[axis] ?? 1,
    kernelStep: product(kernel.slice(axis + 1)),
    placeOf: windows[axis]?.placeOf ?? ((output: number) => output),
  }));
  return {
    samples: Int32Array.from(positions, ({ sample }) => sample),
    offsets: tapOffsets(positions, taps, axes),
    ...{ taps, channels, channelStep: isFirst ? area : 1, sampleLength: area * channels, isByChannel: isFirst },
  };
}

interface TapAxis {
  readonly size: number;
  /** Elements from one place along it to the next. */
  readonly step: number;
  readonly outputs: number;
  readonly outputStep: number;
  readonly kernel: number;
  readonly kernelStep: number;
  readonly placeOf: AxisWindow["placeOf"];
}

/** Where a channel of a sample has what each tap sees at each position: positions × taps, in elements. */
function tapOffsets(positions: readonly Position[], taps: number, axes: readonly TapAxis[]): Int32Array {
  const offsets = new Int32Array(positions.length * taps);
  for (const [row, { position }] of positions.entries()) {
    for (let tap = 0; tap < taps; tap += 1) {
      let offset = 0;
      for (const axis of axes) {
        const output = Math.floor(position / axis.outputStep) % axis.outputs;
        const at = axis.placeOf(output, Math.floor(tap / axis.kernelStep) % axis.kernel);
        const isInside = at >= 0 && at < axis.size && Number.isInteger(at) && offset !== OUTSIDE;
        offset = isInside ? offset + at * axis.step : OUTSIDE;
      }
      offsets[row * taps + tap] = offset;
    }
  }
  return offsets;
}

/** How a window moves along one axis. */
interface AxisWindow {
  readonly outputs: number;
  /** Which element of the input a tap multiplies for an element of the output: none where it is no whole number, or outside. */
  readonly placeOf: (output: number, tap: number) => number;
}

function slidingWindows(form: ConvForm, spatial: readonly number[]): readonly AxisWindow[] {
  const kernel = form.weight.shape.slice(2);
  // Sizes of a run are known.
  const { padsBegin, padsEnd } = padsAt(form, kernel, spatial) ?? form;
  return spatial.map((size, axis) => {
    const [stride, dilation, begin] = [form.strides[axis] ?? 1, form.dilations[axis] ?? 1, padsBegin[axis] ?? 0];
    const reach = ((kernel[axis] ?? 1) - 1) * dilation + 1;
    const padded = size + begin + (padsEnd[axis] ?? 0);
    return {
      outputs: Math.max(1, Math.floor((padded - reach) / stride) + 1),
      placeOf: (output, tap) => output * stride - begin + tap * dilation,
    };
  });
}

function transposedWindows({ window, weight }: ConvTransposeForm, spatial: readonly number[]): readonly AxisWindow[] {
  const kernel = weight.shape.slice(2);
  return spatial.map((size, axis) => {
    const [stride, dilation] = [window?.strides[axis] ?? 1, window?.dilations[axis] ?? 1];
    const [begin, end] = [window?.padsBegin[axis] ?? 0, window?.padsEnd[axis] ?? 0];
    const outputs = transposedOutput(size, {
      ...{ kernel: kernel[axis] ?? 1, stride, dilation, padding: { kind: "explicit", begin, end } },
      outputPadding: window?.outputPadding[axis] ?? 0,
    });
    return { outputs: Number(outputs), placeOf: (output, tap) => (output + begin - tap * dilation) / stride };
  });
}

/** Columns of one group of a grouped layer; the matrix itself where there is one group. */
export function groupColumns(rows: Matrix, group: number, groups: number): Matrix {
  if (groups === 1) return rows;
  const columns = rows.columns / groups;
  const result = matrix(rows.rows, columns);
  for (let row = 0; row < rows.rows; row += 1) {
    const from = row * rows.columns + group * columns;
    result.data.set(rows.data.subarray(from, from + columns), row * columns);
  }
  return result;
}

/** Each row counts as a sample whose channels are its elements. */
function densePlaces(shape: readonly number[], most: number, seed: number): RowPlaces {
  const columns = shape.at(-1) ?? 1;
  const rows = product(shape) / columns;
  const random = new Random(seed);
  const samples = Int32Array.from({ length: Math.min(rows, most) }, (_, row) =>
    rows <= most ? row : Math.floor(random.uniform() * rows),
  );
  const offsets = new Int32Array(samples.length);
  return { samples, offsets, taps: 1, channels: columns, channelStep: 1, sampleLength: columns, isByChannel: false };
}

interface Position {
  readonly sample: number;
  readonly position: number;
}

function chosenPositions(samples: number, positions: number, most: number, seed: number): readonly Position[] {
  const each = Math.max(1, Math.ceil(most / samples));
  if (positions <= each) {
    return Array.from({ length: samples * positions }, (_, at) => ({
      sample: Math.floor(at / positions),
      position: at % positions,
    }));
  }
  const random = new Random(seed);
  return Array.from({ length: samples * each }, (_, at) => ({
    sample: Math.floor(at / each),
    position: Math.floor(random.uniform() * positions),
  }));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
