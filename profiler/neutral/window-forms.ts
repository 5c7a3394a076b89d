import type { Dimension } from "../model/shape.ts";
import type { ConvGeometry, PoolGeometry, WindowGeometry } from "../operators/operation.ts";
import { dilatedKernel, samePads, type Padding } from "../shapes/window.ts";
import type { Activation, ConvForm, PoolForm, TransposedMotion, Weights } from "./forms.ts";
import { fixed, NotLiftable } from "./native-layer.ts";

interface FixedWindow {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/**
 * The editable form of a convolution.
 * @param weights as `ConvForm` has them
 * @throws {NotLiftable} when groups or "same" padding depend on a size that only the run can tell
 */
export function convForm(
  geometry: ConvGeometry,
  weights: { readonly weight: Weights; readonly bias: Weights | undefined },
  activation?: Activation,
): ConvForm {
  const groups = fixed(geometry.groups, "the number of its input channels");
  const kernel = weights.weight.shape.slice(2);
  return { kind: "conv", ...weights, groups, ...fixedWindow(geometry, kernel, geometry.inSpatial), activation };
}

/**
 * The editable form of a pool.
 * @param inSpatial sizes of the input's spatial axes
 * @throws {NotLiftable} when it is no window that slides, or "same" padding depends on a size that only the run can tell
 */
export function poolForm(
  { mode, sliding }: PoolGeometry,
  inSpatial: readonly Dimension[],
  activation?: Activation,
): PoolForm {
  if (mode === "lp") throw new NotLiftable("it takes a norm of its window");
  if (sliding === undefined) throw new NotLiftable("it has no kernel");
  const { kernel, countsPadding, ceils } = sliding;
  const window = fixedWindow(sliding, kernel, inSpatial);
  return { kind: "pool", mode, isGlobal: false, kernel, ...window, countsPadding, ceils, activation };
}

/** A pool over all of each channel. */
export function globalPoolForm(mode: PoolForm["mode"]): PoolForm {
  return {
    kind: "pool",
    mode,
    isGlobal: true,
    kernel: [],
    strides: [],
    dilations: [],
    padsBegin: [],
    padsEnd: [],
    countsPadding: false,
    ceils: false,
    activation: undefined,
  };
}

/**
 * How the window of a transposed convolution moves: its pads follow from the size of its output, where the file says that instead.
 * @param kernel sizes of the window
 * @param asked elements at the end that no window is to reach, axis by axis
 * @returns undefined when it depends on a size that only the run can tell
 * Source: ONNX, ConvTranspose.
 */
export function transposedMotion(
  { strides, dilations, padding, inSpatial, outSpatial }: ConvGeometry,
  kernel: readonly number[],
  asked: readonly number[] = [],
): TransposedMotion | undefined {
  const pads = kernel.map((extent, axis) => {
    const [input, output] = [inSpatial[axis], outSpatial[axis]];
    const span = dilatedKernel(extent, dilations[axis] ?? 1);
    if (typeof input !== "number" || typeof output !== "number" || typeof span !== "number") return undefined;
    const full = (input - 1) * (strides[axis] ?? 1) + span;
    return transposedPads(padding[axis] ?? "valid", full, output, asked[axis] ?? 0);
  });
  const known = pads.flatMap((each) => each ?? []);
  if (known.length < pads.length) return undefined;
  const [padsBegin, padsEnd] = [known.map(({ begin }) => begin), known.map(({ end }) => end)];
  return { strides, dilations, padsBegin, padsEnd, outputPadding: known.map(({ rest }) => rest) };
}

/** @param full elements that all windows together reach */
function transposedPads(
  padding: Padding,
  full: number,
  output: number,
  rest: number,
): { readonly begin: number; readonly end: number; readonly rest: number } {
  if (typeof padding === "object" && full + rest - padding.begin - padding.end === output)
    return { begin: padding.begin, end: padding.end, rest };
  const cut = full + rest - output;
  if (cut <= 0) return { begin: 0, end: 0, rest: rest - cut };
  const half = Math.floor(cut / 2);
  return padding === "same-upper" ? { begin: half, end: cut - half, rest } : { begin: cut - half, end: half, rest };
}

/** @throws {NotLiftable} when "same" padding depends on a size that only the run can tell */
function fixedWindow(
  { strides, dilations, padding }: WindowGeometry,
  kernel: readonly number[],
  sizes: readonly Dimension[],
): FixedWindow {
  const pads = kernel.map((extent, axis) =>
    fixedPads(
      padding[axis] ?? "valid",
      { kernel: extent, stride: strides[axis] ?? 1, dilation: dilations[axis] ?? 1 },
      sizes[axis],
    ),
  );
  return { strides, dilations, padsBegin: pads.map(({ begin }) => begin), padsEnd: pads.map(({ end }) => end) };
}

function fixedPads(
  padding: Padding,
  window: { readonly kernel: number; readonly stride: number; readonly dilation: number },
  size: Dimension | undefined,
): { readonly begin: number; readonly end: number } {
  if (padding === "valid") return { begin: 0, end: 0 };
  if (typeof padding === "object") return padding;
  const { begin, end } = samePads(window.stride === 1 ? 1 : fixed(size, "the size of its input"), window);
  return padding === "same-upper" ? { begin, end } : { begin: end, end: begin };
}
