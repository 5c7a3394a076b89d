import type { SlidingWindow } from "../../../neutral/forms.ts";
import { padsAt } from "../../../neutral/window-forms.ts";

/** What the padding option has to be for the pads of a window; undefined where neither of the two says them. */
export function paddingOption(
  window: SlidingWindow,
  kernel: readonly number[],
  sizes: readonly (number | undefined)[],
): "SAME" | "VALID" | undefined {
  if (window.autoPad !== undefined) return window.autoPad === "same-upper" ? "SAME" : undefined;
  const pads = [...window.padsBegin, ...window.padsEnd];
  if (pads.every((pad) => pad === 0)) return "VALID";
  const same = padsAt({ ...window, autoPad: "same-upper" }, kernel, sizes);
  return same && [...same.padsBegin, ...same.padsEnd].join() === pads.join() ? "SAME" : undefined;
}
