import { matrix, type Matrix } from "../../numeric/matrix.ts";
import { Random } from "../../numeric/random.ts";
import type { ConvForm, ConvTransposeForm, LinearForm } from "../../neutral/forms.ts";
import type { NeutralGraph } from "../../neutral/neutral-graph.ts";
import type { Activations } from "../../neutral/activations.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import { transposedOutput } from "../../shapes/window.ts";

/**
 * What a layer's weights are multiplied with: input rows of a dense layer, what a convolution's kernel sees at positions of its input, what
 * a transposed one's lays on positions of its output, in the order of a filter's weights (channels, then kernel). Padding counts as the zeros it is. The same seed takes the same rows of
 * activations of the same shape.
 * @param most rows that are taken; all where there are no more, else as many of each sample at random
 * @returns rows × (channels · kernel…)
 */
export function sampledRows(
  { shape, data }: Activations,
  form: LinearForm,
  layout: NeutralGraph["layout"],
  most: number,
  seed: number,
): Matrix {
  if (form.kind === "dense") return denseRows(shape, data, most, seed);
  const samples = shape[0] ?? 1;
  const isFirst = layout === "channels-first";
  const channels = (isFirst ? shape[1] : shape.at(-1)) ?? 1;
  const spatial = isFirst ? shape.slice(2) : shape.slice(1, -1);
  const area = spatial.reduce((product, size) => product * size, 1);
  const channelStep = isFirst ? area : 1;
  const kernel = form.weight.shape.slice(2);
  const windows = form.kind === "conv" ? slidingWindows(form, spatial) : transposedWindows(form, spatial);
  const outputs = windows.map((window) => window.outputs);
  const positions = chosenPositions(samples, product(outputs), most, seed);
  const taps = product(kernel);
  const columns = channels * taps;
  const rows = matrix(positions.length, columns);
  const axes = spatial.map((size, axis): TapAxis => ({
    size,
    step: (isFirst ? 1 : channels) * product(spatial.slice(axis + 1)),
    outputs: outputs[axis] ?? 1,
    outputStep: product(outputs.slice(axis + 1)),
    kernel: kernel[axis] ?? 1,
    kernelStep: product(kernel.slice(axis + 1)),
    placeOf: windows[axis]?.placeOf ?? ((output: number) => output),
  }));
  const offsets = tapOffsets(positions, taps, axes);
  // What is read one after the other lies near together: a channel of a sample, or a window with all of its channels.
  for (let from = 0; from < positions.length;) {
    const sample = positions[from]?.sample ?? 0;
    let to = from + 1;
    while (isFirst && positions[to]?.sample === sample) to += 1;
    for (let channel = 0; channel < channels; channel += 1) {
      const start = sample * area * channels + channel * channelStep;
      for (let row = from; row < to; row += 1) {
        const own = row * columns + channel * taps;
        for (let tap = 0; tap < taps; tap += 1) {
          const offset = offsets[row * taps + tap] ?? OUTSIDE;
          if (offset !== OUTSIDE) rows.data[own + tap] = data[start + offset] ?? 0;
        }
      }
    }
    from = to;
  }
  return rows;
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

/** In the padding, or between the elements of a transposed convolution's input. */
const OUTSIDE = -1;

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

function denseRows(shape: readonly number[], data: Float32Array, most: number, seed: number): Matrix {
  const columns = shape.at(-1) ?? 1;
  const all = matrix(data.length / columns, columns, data);
  if (all.rows <= most) return all;
  const random = new Random(seed);
  const result = matrix(most, columns);
  for (let row = 0; row < most; row += 1) {
    const from = Math.floor(random.uniform() * all.rows) * columns;
    result.data.set(data.subarray(from, from + columns), row * columns);
  }
  return result;
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
