import type { Weights } from "../neutral/forms.ts";
import { affineForm } from "./affine-form.ts";
import { sizeOf, type GraphTensor } from "./onnx-graph.ts";
import { byTable, paletteForm, sparseForm, throughTable } from "./shared-form.ts";
import { sharedIntegersOf, type SharedIntegers } from "./shared-integers.ts";
import type { StoredForm } from "./stored-form.ts";
import type { Tape, Value } from "./tape.ts";

/** Reads what the form consists of: levels, places, a table. */
export async function storedFormOf(weights: Weights): Promise<StoredForm> {
  const { coding } = weights;
  switch (coding?.kind) {
    case "affine":
      return affineForm(weights, coding);
    case "palette":
      return paletteForm(weights, coding);
    case "sparse":
      return sparseForm(weights, coding);
    default:
      return roundedForm(weights, await sharedIntegersOf(weights));
  }
}

/** @param few values that the weights share, and go on sharing */
function roundedForm(weights: Weights, few: SharedIntegers | undefined): StoredForm {
  return {
    through: (tape, trained) => throughRounding(tape, few ? throughTable(tape, trained, few) : trained, weights),
    stored: (elements) => storedLike(weights, few ? byTable(elements, few) : elements),
  };
}

/** Largest integer of weights stored as int8. */
const LARGEST_INT8 = 127;

/** Scale of numbers that are all zero. */
const LEAST_MAGNITUDE = 1e-12;

/**
 * Integer weights as the layer computes with them: rounded to the integers that they will be stored as, the scale following the largest
 * of each channel. The gradient goes through the rounding as if it were not there (straight-through estimator: Bengio et al., 2013).
 * Weights of floats come back as they are.
 */
function throughRounding(tape: Tape, trained: Value, { quantization, shape }: Weights): Value {
  if (quantization === undefined) return trained;
  const { graph } = tape;
  const axes = [...shape.keys()].filter((axis) => quantization.granularity !== "channel" || axis !== quantization.axis);
  const scaleShape = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const op = (name: string, inputs: readonly GraphTensor[], of = shape): GraphTensor => graph.node(name, inputs, of);
  const magnitude = op("Abs", [trained]);
  const largest = graph.node("ReduceMax", [magnitude, graph.setting(axes)], scaleShape, { keepdims: 1 });
  const kept = op("Max", [largest, graph.scalar(LEAST_MAGNITUDE)], scaleShape);
  const scale = op("Mul", [kept, graph.scalar(1 / LARGEST_INT8)], scaleShape);
  const rounded = op("Mul", [op("Round", [op("Div", [trained, scale])]), scale]);
  return tape.record(rounded, [trained], (gradient) => [gradient]);
}

/** Integers by a scheme of the same kind that fits the numbers. */
function storedLike(before: Weights, elements: Float32Array): Weights {
  const { shape, dataType, quantization, coding } = before;
  const read = (): Promise<Float32Array> => Promise.resolve(elements);
  if (quantization === undefined) return { shape, dataType, read, ...(coding && { coding }) };
  const { granularity, axis = 0 } = quantization;
  const channels = granularity === "channel" ? (shape[axis] ?? 1) : 1;
  const stride = sizeOf(shape.slice(axis + 1));
  const largest = new Float64Array(channels);
  elements.forEach((value, index) => {
    const channel = channels === 1 ? 0 : Math.floor(index / stride) % channels;
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(value));
  });
  const scales = Array.from(largest, (value) => (value === 0 ? 1 : Math.fround(value / LARGEST_INT8)));
  return { shape, dataType, quantization: { ...quantization, scales, zeroPoints: scales.map(() => 0) }, read };
}
