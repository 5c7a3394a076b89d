import { ownEntry } from "../own-entry.ts";
import { OptionError } from "../errors.ts";
import { BINARIZE_WEIGHTS } from "./restructurings/compress-weights/binarize-weights.ts";
import { MIXED_PRECISION } from "./restructurings/compress-weights/mixed-precision.ts";
import { PRUNE_WEIGHTS } from "./restructurings/compress-weights/prune-weights.ts";
import { QUANTIZE_WEIGHTS } from "./restructurings/compress-weights/quantize-weights.ts";
import { SHARE_WEIGHTS } from "./restructurings/compress-weights/share-weights.ts";
import { WEIGHTS_FLOAT16 } from "./restructurings/compress-weights/weights-float16.ts";
import { DENSE_LOW_RANK } from "./restructurings/dense-low-rank.ts";
import { DENSE_TO_CONV } from "./restructurings/dense-to-conv.ts";
import { DENSE_TO_POOLED_CONV } from "./restructurings/dense-to-pooled-conv.ts";
import { DOWNSAMPLE_EARLIER } from "./restructurings/downsample-earlier.ts";
import { EQUALIZE_CHANNELS } from "./restructurings/equalize-channels/equalize-channels.ts";
import { FOLD_BATCH_NORM } from "./restructurings/fold-batch-norm.ts";
import { GROUP_AND_SHUFFLE } from "./restructurings/group-and-shuffle.ts";
import { QUANTIZE_MODEL } from "./restructurings/quantize-model/quantize-model.ts";
import { RECOVER } from "./restructurings/recover.ts";
import { REDUCE_CHANNELS } from "./restructurings/reduce-channels/reduce-channels.ts";
import { REDUCE_RESOLUTION } from "./restructurings/reduce-resolution.ts";
import { REMOVE_NO_OPS } from "./restructurings/remove-no-ops.ts";
import type { Restructuring } from "./restructuring.ts";
import { SEPARABLE } from "./restructurings/separable.ts";
import { SHRINK_KERNEL } from "./restructurings/shrink-kernel.ts";
import { SPLIT_CHANNELS } from "./restructurings/split-channels.ts";
import { SPLIT_SPATIAL } from "./restructurings/split-spatial.ts";
import { STACK_SMALL_KERNELS } from "./restructurings/stack-small-kernels.ts";

/** All restructurings, exact ones first. Suggestions, the command line and documentation are made from this list. */
export const RESTRUCTURINGS: readonly Restructuring[] = [
  FOLD_BATCH_NORM,
  REMOVE_NO_OPS,
  DENSE_TO_CONV,
  EQUALIZE_CHANNELS,
  DENSE_LOW_RANK,
  SPLIT_SPATIAL,
  SPLIT_CHANNELS,
  SEPARABLE,
  STACK_SMALL_KERNELS,
  REDUCE_CHANNELS,
  SHRINK_KERNEL,
  GROUP_AND_SHUFFLE,
  DENSE_TO_POOLED_CONV,
  REDUCE_RESOLUTION,
  DOWNSAMPLE_EARLIER,
  WEIGHTS_FLOAT16,
  QUANTIZE_WEIGHTS,
  MIXED_PRECISION,
  QUANTIZE_MODEL,
  SHARE_WEIGHTS,
  PRUNE_WEIGHTS,
  BINARIZE_WEIGHTS,
];

/** Edits that change no layer, but train: they stand in lists like any other, and are never suggested. */
export const TRAININGS: readonly Restructuring[] = [RECOVER];

/** What answers a diagnostic, the best first. */
export function answersTo(code: string): readonly Restructuring[] {
  const placeOf = ({ answers }: Restructuring): number => ownEntry(answers, code) ?? Infinity;
  return RESTRUCTURINGS.filter(({ answers }) => Object.hasOwn(answers, code)).sort((a, b) => placeOf(a) - placeOf(b));
}

/** @throws {OptionError} for an id that is not in the list */
export function restructuringOf(id: string): Restructuring {
  const all = [...RESTRUCTURINGS, ...TRAININGS];
  const found = all.find((restructuring) => restructuring.id === id);
  if (found) return found;
  throw new OptionError(`restructuring "${id}" is not known`, {
    hint: `There are ${all.map((restructuring) => restructuring.id).join(", ")}.`,
  });
}
