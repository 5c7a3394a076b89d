import type { Dimension } from "../model/shape.ts";
import { add, ceilDivide, floorDivide, multiply, subtract, UNKNOWN_SIZE } from "./dimension.ts";
import { ShapeError } from "./shape-error.ts";

/**
 * What is added around one spatial axis. Same: as much as makes one output per stride, the odd element at the end (upper) or at
 * the begin (lower). Valid: nothing.
 */
export type Padding =
  | { readonly kind: "explicit"; readonly begin: number; readonly end: number }
  | "same-upper"
  | "same-lower"
  | "valid";

/** How a convolution's or a pool's window moves along one spatial axis. */
export interface Window {
  readonly kernel: Dimension;
  readonly stride: number;
  readonly dilation: number;
}

export interface SlidingWindow extends Window {
  readonly padding: Padding;
  /** Rounds up: a last window that starts inside the input or its begin padding counts, even where it hangs over the end. */
  readonly ceilMode?: boolean;
}

export interface TransposedWindow extends Window {
  readonly padding: Padding;
  /** Elements added at the end, to choose among the sizes that a convolution would have made this input of. */
  readonly outputPadding?: number;
}

/** Elements that a window spans, holes of its dilation included. */
export function dilatedKernel(kernel: Dimension, dilation: number): Dimension {
  return add(multiply(subtract(kernel, 1), dilation), 1);
}

/**
 * Output size of a convolution or a pool along one spatial axis.
 * @throws ShapeError when the window is larger than the padded input
 */
export function windowOutput(size: Dimension, window: SlidingWindow): Dimension {
  checkSteps(window);
  const { padding, stride } = window;
  if (padding === "same-upper" || padding === "same-lower") return ceilDivide(size, stride);
  const begin = padding === "valid" ? 0 : padding.begin;
  const end = padding === "valid" ? 0 : padding.end;
  const span = dilatedKernel(window.kernel, window.dilation);
  const room = subtract(add(size, begin + end), span);
  const output =
    window.ceilMode === true
      ? roundedUp(size, room, { begin, end, span, stride })
      : roundedDown(room, size, begin + end, span, stride);
  if (typeof output === "number" && output < 0) {
    throw new ShapeError(
      `a window of ${String(span)} does not fit in ${String(size)} padded by ${String(begin + end)}`,
    );
  }
  return output;
}

/**
 * Output size of a transposed convolution along one spatial axis: the input size whose convolution makes `size`. Same padding makes
 * size × stride, or less where the window is too short to reach that.
 * Source: ONNX, ConvTranspose.
 */
export function transposedOutput(size: Dimension, window: TransposedWindow): Dimension {
  checkSteps(window);
  const { padding, stride } = window;
  const tail = add(dilatedKernel(window.kernel, window.dilation), (window.outputPadding ?? 0) - stride);
  const full = add(multiply(size, stride), tail);
  if (padding === "valid") return full;
  if (padding === "same-upper" || padding === "same-lower") {
    if (typeof tail !== "number") return UNKNOWN_SIZE;
    return tail < 0 ? full : multiply(size, stride);
  }
  const pads = padding.begin + padding.end;
  const output = typeof tail === "number" ? add(multiply(size, stride), tail - pads) : add(full, -pads);
  if (typeof output === "number" && output < 0) {
    throw new ShapeError(`padding of ${String(pads)} leaves nothing of a transposed convolution's ${String(full)}`);
  }
  return output;
}

/**
 * What "same" padding adds on both sides of an axis, the odd element at the end. With a stride of 1 the size does not matter.
 * Source: TensorFlow, tf.nn (padding "SAME").
 */
export function samePads(
  size: number,
  { kernel, stride, dilation }: { readonly kernel: number; readonly stride: number; readonly dilation: number },
): { readonly begin: number; readonly end: number } {
  const span = (kernel - 1) * dilation + 1;
  const total = stride === 1 ? span - 1 : Math.max(0, (Math.ceil(size / stride) - 1) * stride + span - size);
  const begin = Math.floor(total / 2);
  return { begin, end: total - begin };
}

function roundedDown(room: Dimension, size: Dimension, pads: number, span: Dimension, stride: number): Dimension {
  // One division of the whole keeps a symbolic size readable: floor((w+1)/2), not floor((w-1)/2)+1.
  return typeof span === "number"
    ? floorDivide(add(size, pads - span + stride), stride)
    : add(floorDivide(room, stride), 1);
}

function roundedUp(
  size: Dimension,
  room: Dimension,
  { begin, end, span, stride }: { begin: number; end: number; span: Dimension; stride: number },
): Dimension {
  const starts =
    typeof span === "number"
      ? ceilDivide(add(size, begin + end - span + stride), stride)
      : add(ceilDivide(room, stride), 1);
  if (typeof starts === "number" && typeof size === "number") {
    return (starts - 1) * stride >= size + begin ? starts - 1 : starts;
  }
  // Only where the begin of the last window stays inside whatever the size is can a symbolic size be told.
  return typeof span === "number" && end + stride <= span ? starts : UNKNOWN_SIZE;
}

function checkSteps({ kernel, stride, dilation }: Window): void {
  if (!(stride > 0)) throw new ShapeError(`a stride must be positive, not ${String(stride)}`);
  if (!(dilation > 0)) throw new ShapeError(`a dilation must be positive, not ${String(dilation)}`);
  if (typeof kernel === "number" && kernel < 0) throw new ShapeError(`a kernel cannot have ${String(kernel)} elements`);
}
