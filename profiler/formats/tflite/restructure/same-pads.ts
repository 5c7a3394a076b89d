import { samePads } from "../../../shapes/window.ts";

/** How a window moves along height and width. */
export interface WindowStep {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

export interface Pads {
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
}

/** What the padding option has to be for these pads; undefined where neither of the two says them. */
export function paddingOption(
  { padsBegin, padsEnd }: Pads,
  kernel: readonly number[],
  { strides, dilations }: WindowStep,
  sizes: readonly (number | undefined)[],
): "SAME" | "VALID" | undefined {
  if ([...padsBegin, ...padsEnd].every((pad) => pad === 0)) return "VALID";
  const isSame = kernel.every((extent, axis) => {
    const window = { kernel: extent, stride: strides[axis] ?? 1, dilation: dilations[axis] ?? 1 };
    const size = window.stride === 1 ? 1 : sizes[axis];
    if (size === undefined) return false;
    const { begin, end } = samePads(size, window);
    return begin === padsBegin[axis] && end === padsEnd[axis];
  });
  return isSame ? "SAME" : undefined;
}
