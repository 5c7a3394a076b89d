/** How a window moves over the spatial axes, outermost first. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/** Positions of the window along each axis. @param ceils the last one may begin where only a part of it is inside */
export function positionsOf(window: Window, sizes: readonly number[], ceils = false): readonly number[] {
  return sizes.map((size, axis) => {
    const [begin, end] = [window.padsBegin[axis] ?? 0, window.padsEnd[axis] ?? 0];
    const stride = window.strides[axis] ?? 1;
    const steps = (size + begin + end - spanOf(window, axis)) / stride;
    if (!ceils) return Math.floor(steps) + 1;
    const count = Math.ceil(steps) + 1;
    // A window that begins behind the padded end is left out.
    return (count - 1) * stride >= size + begin ? count - 1 : count;
  });
}

/** Elements from the first to the last that a window reads. */
export function spanOf({ kernel, dilations }: Window, axis: number): number {
  return ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
}

/** Attributes of a ConvTranspose that gives back a map of `sizes` from one of `positions`: the way a gradient goes. */
export function wayBack(
  window: Window,
  sizes: readonly number[],
  positions: readonly number[],
): Readonly<Record<string, readonly number[]>> {
  const surplus = sizes.map((size, axis) => {
    const reached = ((positions[axis] ?? 1) - 1) * (window.strides[axis] ?? 1) + spanOf(window, axis);
    return reached - (window.padsBegin[axis] ?? 0) - size;
  });
  return {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.padsBegin, ...surplus.map((elements) => Math.max(0, elements))],
    output_padding: surplus.map((elements) => Math.max(0, -elements)),
  };
}
