import type { CalibrationSpec } from "../calibration/spec.ts";
import { TRAININGS } from "../restructure/registry.ts";
import type { Edit } from "./edit.ts";

interface FittedEdit {
  readonly edit: Edit;
  /** Samples that its weights are fitted to; null: none. */
  readonly calibration: CalibrationSpec | null;
}

export function isTraining({ restructuring }: Edit): boolean {
  return TRAININGS.some(({ id }) => id === restructuring);
}

/**
 * A list of edits in which nothing before a training is fitted to the samples that the training is judged by: weights that were know them
 * by heart (a network of 1/64 of its MACs: 14 dB on them, 2 dB on others), and nothing that is trained seems to better them.
 */
export function holdingOut<E extends FittedEdit>(list: readonly E[]): readonly E[] {
  const last = list.findLastIndex(({ edit }) => isTraining(edit));
  return list.map((each, index) => {
    const { edit, calibration } = each;
    if (index >= last || isTraining(edit) || calibration === null || calibration.part !== undefined) return each;
    return { ...each, calibration: { ...calibration, part: "to-train" } };
  });
}
