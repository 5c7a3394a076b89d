import type { Dimension } from "../model/shape.ts";
import { add, multiply, subtract, UNKNOWN_SIZE } from "../shapes/dimension.ts";
import { dilatedKernel, samePads, type Padding } from "../shapes/window.ts";
import type { Activation, ConvGeometry, PoolGeometry, WindowGeometry } from "../operators/operation.ts";
import type { ConvForm, PoolForm, SlidingWindow, TransposedWindow } from "./forms.ts";
import type { Weights } from "./weights.ts";
import { fixed, NotLiftable } from "./native-layer.ts";

/**
 * The editable form of a convolution.
 * @param weights as `ConvForm` has them
 * @throws {NotLiftable} when groups depend on a size that only the run can tell
 */
export function convForm(
  geometry: ConvGeometry,
  weights: { readonly weight: Weights; readonly bias: Weights | undefined },
  activation?: Activation,
): ConvForm {
  const groups = fixed(geometry.groups, "the number of its input channels");
  const kernel = weights.weight.shape.slice(2);
  return { kind: "conv", ...weights, groups, ...slidingWindow(geometry, kernel, geometry.inSpatial), activation };
}

/**
 * The editable form of a pool.
 * @param inSpatial sizes of the input's spatial axes
 * @throws {NotLiftable} when it is no window that slides
 */
export function poolForm(
  { mode, sliding }: PoolGeometry,
  inSpatial: readonly Dimension[],
  activation?: Activation,
): PoolForm {
  if (mode === "lp") throw new NotLiftable("it takes a norm of its window");
  if (sliding === undefined) throw new NotLiftable("it has no kernel");
  const { kernel, countsPadding, ceils } = sliding;
  const window = slidingWindow(sliding, kernel, inSpatial);
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
export function transposedWindow(
  { strides, dilations, padding, inSpatial, outSpatial }: ConvGeometry,
  kernel: readonly number[],
  asked: readonly number[] = [],
): TransposedWindow | undefined {
  const pads = kernel.map((extent, axis) => {
    const [input = UNKNOWN_SIZE, output = UNKNOWN_SIZE] = [inSpatial[axis], outSpatial[axis]];
    const span = dilatedKernel(extent, dilations[axis] ?? 1);
    const full = add(multiply(subtract(input, 1), strides[axis] ?? 1), span);
    const excess = subtract(full, output);
    return typeof excess === "number" ? transposedPads(padding[axis] ?? "valid", excess, asked[axis] ?? 0) : undefined;
  });
  const known = pads.flatMap((each) => each ?? []);
  if (known.length < pads.length) return undefined;
  const [padsBegin, padsEnd] = [known.map(({ begin }) => begin), known.map(({ end }) => end)];
  return { strides, dilations, padsBegin, padsEnd, outputPadding: known.map(({ rest }) => rest) };
}

/** @param excess elements that all windows together reach and the output does not have: often the same at every size */
function transposedPads(
  padding: Padding,
  excess: number,
  rest: number,
): { readonly begin: number; readonly end: number; readonly rest: number } {
  const cut = excess + rest;
  if (typeof padding === "object" && cut === padding.begin + padding.end)
    return { begin: padding.begin, end: padding.end, rest };
  if (cut <= 0) return { begin: 0, end: 0, rest: rest - cut };
  const half = Math.floor(cut / 2);
  return padding === "same-upper" ? { begin: half, end: cut - half, rest } : { begin: cut - half, end: half, rest };
}

/**
 * The pads of a window on maps of these sizes.
 * @param kernel sizes of the window
 * @param sizes of the map's spatial axes; undefined for one that only the run can tell
 * @returns undefined where they depend on such a size
 */
export function padsAt(
  { strides, dilations, padsBegin, padsEnd, autoPad }: SlidingWindow,
  kernel: readonly number[],
  sizes: readonly (number | undefined)[],
): { readonly padsBegin: readonly number[]; readonly padsEnd: readonly number[] } | undefined {
  if (autoPad === undefined) return { padsBegin, padsEnd };
  const pads = kernel.map((extent, axis) => {
    const window = { kernel: extent, stride: strides[axis] ?? 1, dilation: dilations[axis] ?? 1 };
    return paddedAt(autoPad, window, sizes[axis]);
  });
  return bothEnds(pads);
}

function slidingWindow(
  { strides, dilations, padding }: WindowGeometry,
  kernel: readonly number[],
  sizes: readonly Dimension[],
): SlidingWindow {
  const pads = kernel.map((extent, axis) => {
    const window = { kernel: extent, stride: strides[axis] ?? 1, dilation: dilations[axis] ?? 1 };
    return paddedAt(padding[axis] ?? "valid", window, sizes[axis]);
  });
  const known = bothEnds(pads);
  if (known) return { strides, dilations, ...known };
  const [autoPad, ...others] = new Set(padding);
  if (others.length > 0 || (autoPad !== "same-upper" && autoPad !== "same-lower"))
    throw new NotLiftable(
      "its padding differs from axis to axis, and the size of its input is only known when the model runs",
    );
  return { strides, dilations, padsBegin: [], padsEnd: [], autoPad };
}

interface Ends {
  readonly begin: number;
  readonly end: number;
}

function bothEnds(
  pads: readonly (Ends | undefined)[],
): { readonly padsBegin: readonly number[]; readonly padsEnd: readonly number[] } | undefined {
  const known = pads.filter((each) => each !== undefined);
  if (known.length < pads.length) return undefined;
  return { padsBegin: known.map(({ begin }) => begin), padsEnd: known.map(({ end }) => end) };
}

/** undefined where "same" padding depends on a size that only the run can tell. */
function paddedAt(
  padding: Padding,
  window: { readonly kernel: number; readonly stride: number; readonly dilation: number },
  size: Dimension | undefined,
): Ends | undefined {
  if (padding === "valid") return { begin: 0, end: 0 };
  if (typeof padding === "object") return padding;
  const known = window.stride === 1 ? 1 : size;
  if (typeof known !== "number") return undefined;
  const { begin, end } = samePads(known, window);
  return padding === "same-upper" ? { begin, end } : { begin: end, end: begin };
}
