import type { WindowMotion } from "../../../neutral/forms.ts";
import { padsAt } from "../../../neutral/window-forms.ts";

/** What the padding option has to be for the pads of a window; undefined where neither of the two says them. */
export function paddingOption(
  motion: WindowMotion,
  kernel: readonly number[],
  sizes: readonly (number | undefined)[],
): "SAME" | "VALID" | undefined {
  if (motion.autoPad !== undefined) return motion.autoPad === "same-upper" ? "SAME" : undefined;
  const pads = [...motion.padsBegin, ...motion.padsEnd];
  if (pads.every((pad) => pad === 0)) return "VALID";
  const same = padsAt({ ...motion, autoPad: "same-upper" }, kernel, sizes);
  return same && [...same.padsBegin, ...same.padsEnd].join() === pads.join() ? "SAME" : undefined;
}
