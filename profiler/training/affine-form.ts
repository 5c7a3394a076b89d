import { permuted, permutedWeights } from "../neutral/stored-weights.ts";
import type { Weights } from "../neutral/weights.ts";
import type { AffineCoding, AffineNumbers } from "../neutral/weight-coding.ts";
import { sizeOf, type GraphTensor } from "./onnx-graph.ts";
import { arithmetic } from "./rules/elementwise.ts";
import { reshape, transpose } from "./rules/layout.ts";
import { mean } from "./rules/reduction.ts";
import { unary } from "./rules/unary.ts";
import type { StoredForm } from "./stored-form.ts";
import type { Tape, Value } from "./tape.ts";

/** Scale of numbers that are all zero. */
const LEAST_SCALE = 1e-12;

/**
 * Weights of few bits as the layer computes with them: scale · (level − zero point). What is trained are numbers between the levels; the
 * gradient goes through the rounding as if it were not there, where a level is near (straight-through estimator: Bengio et al., 2013).
 * Scales follow the mean magnitude of what shares them, and have its gradient (as Esser et al., Learned Step Size Quantization, ICLR 2020);
 * of one bit that is the scale that errs least (Rastegari et al., XNOR-Net, ECCV 2016).
 */
export async function affineForm(weights: Weights, coding: AffineCoding): Promise<StoredForm> {
  const { rowAxis = 0 } = coding;
  if (rowAxis > 0) return turnedForm(weights, rowAxis);
  const { shape } = weights;
  const [numbers, start] = [await coding.numbers(), await weights.read()];
  const scales = numbers.scales.length;
  const size = sizeOf(shape) / Math.max(1, scales);
  const factors = factorsOf(start, numbers, size);
  const zeros = coding.hasZeroPoints ? numbers.zeroPoints : new Float32Array(scales).fill(coding.zeroPoint);
  const levels = Float64Array.from(start, (value, at) => levelOf(value, Math.floor(at / size), numbers.scales, zeros));
  const reach = reachOf(levels, coding, size);
  return {
    through: (tape, trained) => {
      const rows = reshape(tape, trained, [scales, size]);
      const magnitude = mean(tape, unary(tape, rows, "absolute"), [1], true);
      const scaled = arithmetic(tape, "multiply", magnitude, tape.constant([scales, 1], factors));
      const scale = arithmetic(tape, "add", scaled, tape.constant([scales, 1], factors.map(leastOf)));
      const zero = tape.constant([scales, 1], zeros);
      const level = rounded(tape, arithmetic(tape, "add", arithmetic(tape, "divide", rows, scale), zero), reach);
      return reshape(tape, arithmetic(tape, "multiply", arithmetic(tape, "subtract", level, zero), scale), shape);
    },
    stored: (elements) => {
      const now = scalesOf(elements, factors, size);
      const levels = Uint8Array.from(elements, (value, at) => {
        const row = Math.floor(at / size);
        return Math.min(reach.most[row] ?? 0, Math.max(reach.least[row] ?? 0, levelOf(value, row, now, zeros)));
      });
      const decoded = Float32Array.from(levels, (level, at) => {
        const row = Math.floor(at / size);
        return (level - (zeros[row] ?? 0)) * (now[row] ?? 0);
      });
      const kept: AffineNumbers = { levels, scales: now, zeroPoints: numbers.zeroPoints };
      return {
        shape,
        dataType: weights.dataType,
        coding: { ...coding, numbers: () => Promise.resolve(kept) },
        read: () => Promise.resolve(decoded),
      };
    },
  };
}

/** Weights whose outputs are another axis than the first, as those of a transposed convolution: with that axis first. */
async function turnedForm(weights: Weights, rowAxis: number): Promise<StoredForm> {
  const axes = [...weights.shape.keys()];
  const turn = [rowAxis, ...axes.filter((axis) => axis !== rowAxis)];
  const back = axes.map((axis) => turn.indexOf(axis));
  const rows = permutedWeights(weights, turn);
  if (rows.coding?.kind !== "affine") throw new RangeError("rows are coded as they were");
  const form = await affineForm(rows, rows.coding);
  return {
    through: (tape, trained) => transpose(tape, form.through(tape, transpose(tape, trained, turn)), back),
    stored: (elements) => permutedWeights(form.stored(permuted(elements, weights.shape, turn)), back),
  };
}

/** Each scale over the mean magnitude of what shares it. */
function factorsOf(start: Float32Array, { scales }: AffineNumbers, size: number): Float32Array {
  const magnitudes = magnitudesOf(start, scales.length, size);
  return scales.map((scale, row) => ((magnitudes[row] ?? 0) > 0 ? scale / (magnitudes[row] ?? 1) : 0));
}

function leastOf(factor: number): number {
  return factor === 0 ? LEAST_SCALE : 0;
}

function scalesOf(elements: Float32Array, factors: Float32Array, size: number): Float32Array {
  const magnitudes = magnitudesOf(elements, factors.length, size);
  return factors.map((factor, row) => factor * (magnitudes[row] ?? 0) + leastOf(factor));
}

function magnitudesOf(elements: Float32Array, rows: number, size: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let at = row * size; at < (row + 1) * size; at += 1) sum += Math.abs(elements[at] ?? 0);
    return sum / Math.max(1, size);
  });
}

function levelOf(value: number, row: number, scales: Float32Array, zeros: Float32Array): number {
  const scale = scales[row] ?? 1;
  return Math.round(value / (scale === 0 ? 1 : scale) + (zeros[row] ?? 0));
}

/** Least and greatest level of each row. */
interface Reach {
  readonly least: Float32Array;
  readonly most: Float32Array;
}

/** Integers of 4 bits also hold weights of fewer, on whose rows the level more is on either side: they keep to these. */
const WIDEST = 4;

function reachOf(levels: Float64Array, { bits, hasZeroPoints, zeroPoint }: AffineCoding, size: number): Reach {
  const rows = levels.length / Math.max(1, size);
  if (bits !== WIDEST || hasZeroPoints)
    return { least: new Float32Array(rows), most: new Float32Array(rows).fill(2 ** bits - 1) };
  const furthest = levels.reduce((most, level) => Math.max(most, Math.abs(level - zeroPoint)), 1);
  const half = 2 ** Math.min(WIDEST - 1, Math.ceil(Math.log2(furthest)));
  const least = Float32Array.from({ length: rows }, (_, row) => {
    const isTurned = levels.subarray(row * size, (row + 1) * size).includes(zeroPoint + half);
    return zeroPoint - half + (isTurned ? 1 : 0);
  });
  return { least, most: least.map((level) => level + 2 * half - 1) };
}

/** The nearest level that there is; no gradient for what lies further off than half a step. */
function rounded(tape: Tape, x: Value, { least, most }: Reach): Value {
  const { graph } = tape;
  const op = (name: string, inputs: readonly GraphTensor[]): GraphTensor => graph.node(name, inputs, x.shape);
  const bound = (levels: Float32Array, by = 0): GraphTensor =>
    graph.constant(
      [levels.length, 1],
      levels.map((level) => level + by),
    );
  const level = op("Min", [op("Max", [op("Round", [x]), bound(least)]), bound(most)]);
  return tape.record(level, [x], (gradient) => {
    const inside = op("And", [op("Greater", [x, bound(least, -0.5)]), op("Less", [x, bound(most, 0.5)])]);
    return [op("Where", [inside, gradient, graph.scalar(0)])];
  });
}
