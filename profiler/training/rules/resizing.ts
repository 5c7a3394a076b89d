import type { CubicSampling, ResizeForm, Sampling } from "../../neutral/forms.ts";
import type { Tape, Value } from "../tape.ts";
import { linear } from "./dense.ts";
import { transpose } from "./layout.ts";
import { NoGradient, onlyInput, type GradientRules } from "./rule.ts";

/**
 * Each axis by a matrix of outputs × inputs: resizing is linear, and the gradient goes back by the same matrix.
 * @param factor as the file says it; else the sizes' own
 */
function resizedAxis(tape: Tape, x: Value, axis: number, size: number, factor: number, sampling: Sampling): Value {
  const before = x.shape[axis] ?? 1;
  if (before === size && factor === 1) return x;
  const last = x.shape.length - 1;
  const swap = [...x.shape.keys()].map((each) => (each === axis ? last : each === last ? axis : each));
  const matrix = tape.constant([size, before], samplingMatrix(before, size, factor, sampling));
  return transpose(tape, linear(tape, transpose(tape, x, swap), matrix, undefined), swap);
}

/** outputs × inputs, each row with the shares of the elements that an output is made of; beyond the border the border goes on. */
function samplingMatrix(inputs: number, outputs: number, factor: number, sampling: Sampling): Float32Array {
  const matrix = new Float32Array(outputs * inputs);
  const inside = (place: number): number => Math.min(inputs - 1, Math.max(0, place));
  for (let output = 0; output < outputs; output += 1) {
    const place = PLACES[sampling.coordinates](output, factor, inputs, outputs);
    if (sampling.mode === "nearest") {
      matrix[output * inputs + inside(ROUNDINGS[sampling.rounding](place))] = 1;
      continue;
    }
    if (sampling.mode === "cubic") {
      for (const [at, share] of cubicShares(place, inputs, sampling))
        matrix[output * inputs + at] = (matrix[output * inputs + at] ?? 0) + share;
      continue;
    }
    const [low, share] = [Math.floor(inside(place)), inside(place) - Math.floor(inside(place))];
    const first = output * inputs + low;
    matrix[first] = 1 - share;
    if (share > 0) matrix[first + 1] = share;
  }
  return matrix;
}

/** The four elements around a place, and their shares. Source: Keys, "Cubic Convolution Interpolation", 1981; ONNX, Resize. */
function cubicShares(
  place: number,
  inputs: number,
  { coefficient: a, excludesOutside }: CubicSampling,
): readonly (readonly [number, number])[] {
  const low = Math.floor(place);
  const shares = [-1, 0, 1, 2].map((step): readonly [number, number] => {
    const distance = Math.abs(place - low - step);
    const share =
      distance <= 1
        ? ((a + 2) * distance - (a + 3)) * distance ** 2 + 1
        : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
    return [low + step, share];
  });
  const isInside = ([at]: readonly [number, number]): boolean => at >= 0 && at < inputs;
  const counted = excludesOutside ? shares.filter(isInside) : shares;
  const sum = excludesOutside ? counted.reduce((all, [, share]) => all + share, 0) : 1;
  return counted.map(([at, share]) => [Math.min(inputs - 1, Math.max(0, at)), share / sum]);
}

type Place = (output: number, factor: number, inputs: number, outputs: number) => number;

/** Where an element of the output lies in the input. Source: ONNX, Resize. */
const PLACES: Readonly<Record<Sampling["coordinates"], Place>> = {
  asymmetric: (output, factor) => output / factor,
  "half-pixel": (output, factor) => (output + 0.5) / factor - 0.5,
  "pytorch-half-pixel": (output, factor, _, outputs) => (outputs > 1 ? (output + 0.5) / factor - 0.5 : 0),
  "align-corners": (output, _, inputs, outputs) => (outputs > 1 ? (output * (inputs - 1)) / (outputs - 1) : 0),
};

const ROUNDINGS: Readonly<Record<Sampling["rounding"], (place: number) => number>> = {
  "half-down": (place) => Math.ceil(place - 0.5),
  "half-up": (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

export const RESIZING_RULES: GradientRules = {
  resize: ({ to, sampling }: ResizeForm, inputs, { tape }) => {
    if (to === undefined) throw new NoGradient("how large its output is only the run can tell");
    if (sampling === undefined)
      throw new NoGradient("it samples neither the nearest element, nor linearly, nor by cubics");
    let x = onlyInput(inputs);
    for (const [place, before] of x.shape.slice(2).entries()) {
      const size = "sizes" in to ? (to.sizes[place] ?? before) : Math.floor(before * (to.factors[place] ?? 1));
      const factor = "sizes" in to ? size / before : (to.factors[place] ?? 1);
      x = resizedAxis(tape, x, place + 2, size, factor, sampling);
    }
    return [x];
  },
};
