import type { Dimension } from "../../../model/shape.ts";
import { dilatedKernel } from "../../../shapes/window.ts";
import { windowsOf, type WindowStep } from "../operators/spatial.ts";
import { fixed, type NativeLayer } from "../../../neutral/native-layer.ts";

export interface ExplicitMotion {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/**
 * How a convolution's or a pool's window moves, its padding in numbers.
 * @throws {NotLiftable} when "same" padding depends on a size that only the run can tell
 */
export function explicitPads(layer: NativeLayer, kernel: readonly number[]): ExplicitMotion {
  const windows = windowsOf(layer.view, kernel.length);
  const sizes = layer.shape().slice(2);
  const pads = windows.map((window, axis) => padsOf(window, kernel[axis] ?? 1, sizes[axis]));
  return {
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    padsBegin: pads.map(([begin]) => begin),
    padsEnd: pads.map(([, end]) => end),
  };
}

function padsOf(
  { padding, stride, dilation }: WindowStep,
  kernel: number,
  size: Dimension | undefined,
): readonly [number, number] {
  if (padding === "valid") return [0, 0];
  if (typeof padding === "object") return [padding.begin, padding.end];
  const span = fixed(dilatedKernel(kernel, dilation), "its kernel");
  const total = stride === 1 ? span - 1 : sameTotal(fixed(size, "the size of its input"), span, stride);
  const half = Math.floor(total / 2);
  return padding === "same-upper" ? [half, total - half] : [total - half, half];
}

function sameTotal(size: number, span: number, stride: number): number {
  return Math.max(0, (Math.ceil(size / stride) - 1) * stride + span - size);
}
