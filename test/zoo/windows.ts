import type { Pads, Pair, Window } from "./network.ts";

export type Padding = number | Pair | Pads | "same";

export interface WindowOptions {
  readonly kernel: number | Pair;
  readonly stride?: number;
  readonly pad?: Padding;
  readonly dilation?: number;
}

/** A window over an image of `size`; "same" becomes TensorFlow's pads, the larger half behind. */
export function makeWindow(size: Pair, { kernel, stride = 1, pad = 0, dilation = 1 }: WindowOptions): Window {
  const base = { kernel: pair(kernel), stride: pair(stride), dilation: pair(dilation) };
  return { ...base, pads: pad === "same" ? samePads(size, base) : explicitPads(pad) };
}

export function samePads(size: Pair, window: Omit<Window, "pads">): Pads {
  const total = ([0, 1] as const).map((axis) => {
    const out = Math.ceil(size[axis] / window.stride[axis]);
    return Math.max((out - 1) * window.stride[axis] + extent(window, axis) - size[axis], 0);
  });
  const [rows = 0, columns = 0] = total;
  return [Math.floor(rows / 2), Math.floor(columns / 2), Math.ceil(rows / 2), Math.ceil(columns / 2)];
}

export function outputSize(size: Pair, window: Window, isCeil = false): Pair {
  const along = (axis: 0 | 1): number => {
    const steps =
      (size[axis] + window.pads[axis] + window.pads[(axis + 2) as 2 | 3] - extent(window, axis)) / window.stride[axis];
    if (!isCeil) return Math.floor(steps) + 1;
    const out = Math.ceil(steps) + 1;
    // A last window that would start in the padding behind is not taken (Caffe's rule, and ONNX's).
    return (out - 1) * window.stride[axis] >= size[axis] + window.pads[axis] ? out - 1 : out;
  };
  return [along(0), along(1)];
}

function extent(window: Omit<Window, "pads">, axis: 0 | 1): number {
  return (window.kernel[axis] - 1) * window.dilation[axis] + 1;
}

function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}

function explicitPads(pad: number | Pair | Pads): Pads {
  if (typeof pad === "number") return [pad, pad, pad, pad];
  return pad.length === 2 ? [pad[0], pad[1], pad[0], pad[1]] : pad;
}
