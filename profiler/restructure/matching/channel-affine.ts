import type { BatchNormForm, ElementwiseForm } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import { isKind, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";
import { isFloat } from "../../model/data-type.ts";

/** A layer that scales and shifts each channel by constants. */
export type AffineLayer = NeutralLayer<BatchNormForm | ElementwiseForm>;

/** One number for each channel, or one for all. */
export interface Affine {
  readonly factor: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
}

/** Whether its offsets are zero whatever its constants are. */
export function isScaleAlone({ form }: AffineLayer): boolean {
  return form.kind === "elementwise" && (form.fn === "multiply" || form.fn === "divide");
}

/**
 * Whether a layer scales and shifts each channel by constants: a batch normalisation, or an addition, subtraction, multiplication or
 * division with a constant that has one number for each channel, or one for all.
 * @param channelAxis of its input, along which the channels are
 */
export function affineLayer(
  graph: NeutralGraph,
  layer: NeutralLayer,
  channelAxis: number | undefined,
): AffineLayer | string {
  if (isKind(layer, "batch-norm")) return layer;
  if (!isKind(layer, "elementwise")) return "it does not scale and shift each channel";
  const { fn, constant, isConstantFirst } = layer.form;
  if (constant === undefined) return "both its operands are computed while the model runs";
  if (!FUNCTIONS.has(fn) || (fn === "divide" && isConstantFirst)) return "it does not scale and shift each channel";
  if (constant.quantization || !isFloat(constant.dataType))
    return "it computes in integers, whose rounding would change";
  const { shape } = graph.tensor(layer.inputs[0] ?? -1);
  if (shape === undefined || channelAxis === undefined) return "the rank of its input is unknown";
  if (constant.shape.length > shape.length) return "its constant has more axes than its input";
  const missing = shape.length - constant.shape.length;
  const isOfChannels = constant.shape.every(
    (size, axis) => size === 1 || (axis + missing === channelAxis && size === shape[channelAxis]),
  );
  return isOfChannels ? layer : "its constant differs along other axes than the channels";
}

const FUNCTIONS: ReadonlySet<ElementwiseForm["fn"]> = new Set(["add", "subtract", "multiply", "divide"]);

/** What layers do one after the other, read once. */
export class Affines {
  #read: Promise<Affine> | undefined;

  constructor(
    private readonly layers: readonly AffineLayer[],
    private readonly channels: number,
  ) {}

  read(): Promise<Affine> {
    this.#read ??= this.#compute();
    return this.#read;
  }

  async #compute(): Promise<Affine> {
    const [factor, offset] = [new Float64Array(this.channels).fill(1), new Float64Array(this.channels)];
    for (const { form } of this.layers) {
      const next = form.kind === "batch-norm" ? await normalisation(form) : await operation(form);
      for (let channel = 0; channel < this.channels; channel += 1) {
        const scale = at(next.factor, channel);
        factor[channel] = (factor[channel] ?? 1) * scale;
        offset[channel] = (offset[channel] ?? 0) * scale + at(next.offset, channel);
      }
    }
    return { factor, offset };
  }
}

async function normalisation({ scale, shift, mean, variance, epsilon }: BatchNormForm): Promise<Affine> {
  const [scales, shifts, means, variances] = await Promise.all([
    scale.read(),
    shift.read(),
    mean.read(),
    variance.read(),
  ]);
  const factor = Float64Array.from(scales, (value, channel) => value / Math.sqrt((variances[channel] ?? 0) + epsilon));
  return { factor, offset: Float64Array.from(shifts, (value, c) => value - (factor[c] ?? 0) * (means[c] ?? 0)) };
}

async function operation({ fn, constant, isConstantFirst }: ElementwiseForm): Promise<Affine> {
  const numbers = await numbersOf(constant);
  if (fn === "multiply") return { factor: numbers, offset: [0] };
  if (fn === "divide") return { factor: Float64Array.from(numbers, (number) => 1 / number), offset: [0] };
  if (fn === "add") return { factor: [1], offset: numbers };
  return isConstantFirst
    ? { factor: [-1], offset: numbers }
    : { factor: [1], offset: Float64Array.from(numbers, (number) => -number) };
}

async function numbersOf(constant: Weights | undefined): Promise<Float32Array> {
  return (await constant?.read()) ?? new Float32Array(0);
}

function at(numbers: ArrayLike<number>, channel: number): number {
  return numbers[numbers.length === 1 ? 0 : channel] ?? 0;
}
