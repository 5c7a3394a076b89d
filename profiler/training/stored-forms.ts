import type { Quantization } from "../model/model.ts";
import { quantized } from "../neutral/quantize.ts";
import { dequantized } from "../neutral/stored-weights.ts";
import type { IntegerCoding } from "../neutral/weight-coding.ts";
import type { Weights } from "../neutral/weights.ts";
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
      if (weights.dataType === "int32") return wideForm(weights);
      return roundedForm(weights, await sharedIntegersOf(weights), await furthestLevels(weights));
  }
}

/** Integers so fine that nothing is lost by them; their scales follow from what is written beside them. */
function wideForm({ shape, dataType }: Weights): StoredForm {
  return {
    through: (_, trained) => trained,
    stored: (elements) => ({ shape, dataType, read: () => Promise.resolve(elements) }),
  };
}

/**
 * @param few values that the weights share, and go on sharing
 * @param furthest of each scale, the level of the largest magnitude
 */
function roundedForm(weights: Weights, few: SharedIntegers | undefined, furthest: Float32Array): StoredForm {
  return {
    through: (tape, trained) =>
      throughRounding(tape, few ? throughTable(tape, trained, few) : trained, weights, furthest),
    stored: (elements) => storedLike(weights, few ? byTable(elements, few) : elements, furthest),
  };
}

/** Largest integer of weights stored as int8. */
const LARGEST_INT8 = 127;

/**
 * Of each scale of integer weights the level furthest from zero: int8 also holds weights of fewer bits, which they keep to, and of 7, which
 * no sum of two saturates on x86 processors.
 */
async function furthestLevels(weights: Weights): Promise<Float32Array> {
  const { quantization, coding } = weights;
  if (quantization === undefined) return new Float32Array();
  const most = coding?.kind === "integers" ? 2 ** (coding.bits - 1) : LARGEST_INT8;
  const largest = largestOf(weights, await weights.read());
  return Float32Array.from(largest, (magnitude, channel) => {
    const level = Math.round(magnitude / (quantization.scales[channel] ?? 1));
    return level === 0 ? most : Math.min(most, level);
  });
}

/** Scale of numbers that are all zero. */
const LEAST_MAGNITUDE = 1e-12;

/**
 * Integer weights as the layer computes with them: rounded to the integers that they will be stored as, the scale following the largest
 * of each channel, which keeps its level. The gradient goes through the rounding as if it were not there (straight-through estimator: Bengio et al., 2013).
 * Weights of floats come back as they are.
 */
function throughRounding(
  tape: Tape,
  trained: Value,
  { quantization, shape, coding }: Weights,
  furthest: Float32Array,
): Value {
  if (quantization === undefined) return trained;
  const { graph } = tape;
  const axes = [...shape.keys()].filter((axis) => quantization.granularity !== "channel" || axis !== quantization.axis);
  const scaleShape = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const op = (name: string, inputs: readonly GraphTensor[], of = shape): GraphTensor => graph.node(name, inputs, of);
  const magnitude = op("Abs", [trained]);
  const largest = graph.node("ReduceMax", [magnitude, graph.setting(axes)], scaleShape, { keepdims: 1 });
  const kept = op("Max", [largest, graph.scalar(LEAST_MAGNITUDE)], scaleShape);
  const shares = graph.constant(
    furthest.length === 1 ? scaleShape.map(() => 1) : scaleShape,
    furthest.map((level) => 1 / level),
  );
  const scale = op("Mul", [kept, shares], scaleShape);
  const level = op("Round", [op("Div", [trained, scale])]);
  const most = coding?.kind === "integers" ? highestOf(coding) : undefined;
  const rounded = op("Mul", [most === undefined ? level : op("Min", [level, graph.scalar(most)]), scale]);
  return tape.record(rounded, [trained], (gradient) => [gradient]);
}

/** Integers by a scheme of the same kind that fits the numbers. */
function storedLike(before: Weights, elements: Float32Array, furthest: Float32Array): Weights {
  const { shape, dataType, quantization, coding } = before;
  const read = (): Promise<Float32Array> => Promise.resolve(elements);
  if (quantization === undefined) return { shape, dataType, read, ...(coding && { coding }) };
  const largest = largestOf(before, elements);
  const scales = Array.from(largest, (value, channel) =>
    value === 0 ? 1 : Math.fround(value / (furthest[channel] ?? LARGEST_INT8)),
  );
  const scheme = { ...quantization, scales, zeroPoints: scales.map(() => 0) };
  return coding?.kind === "integers"
    ? packedLike(before, elements, scheme, coding)
    : { shape, dataType, quantization: scheme, read };
}

/** Integers of as few bits as before, in as many bytes. */
function packedLike(
  { shape, dataType }: Weights,
  elements: Float32Array,
  quantization: Quantization,
  coding: IntegerCoding,
): Weights {
  const half = 2 ** (coding.bits - 1);
  const integers = Float32Array.from(quantized(elements, shape, "int8", quantization), (integer) =>
    Math.max(-half, Math.min(highestOf(coding), integer)),
  );
  return {
    shape,
    dataType,
    quantization,
    coding: { ...coding, levels: () => Promise.resolve(Uint8Array.from(integers, (integer) => integer + half)) },
    read: () => Promise.resolve(dequantized(integers, shape, quantization)),
  };
}

/** Zero has one level more below it than above. */
function highestOf({ bits }: IntegerCoding): number {
  return 2 ** (bits - 1) - 1;
}

/** Largest magnitude of what shares each scale. */
function largestOf({ quantization, shape }: Weights, elements: Float32Array): Float64Array {
  const { granularity = "tensor", axis = 0 } = quantization ?? {};
  const channels = granularity === "channel" ? (shape[axis] ?? 1) : 1;
  const stride = sizeOf(shape.slice(axis + 1));
  const largest = new Float64Array(channels);
  elements.forEach((value, index) => {
    const channel = channels === 1 ? 0 : Math.floor(index / stride) % channels;
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(value));
  });
  return largest;
}
