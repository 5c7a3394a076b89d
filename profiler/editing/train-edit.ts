import type { CalibrationSpec } from "../calibration/spec.ts";
import type { Model } from "../model/model.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import type { Training } from "../restructure/restructuring.ts";
import { learnedRewrite, encodeLearned, type LearnedWeights } from "../training/learned-weights.ts";
import type { TrainingPoint } from "../training/loop.ts";
import { recoverWeights, type Recovery } from "../training/recover.ts";
import { TrainingError } from "../training/training-error.ts";
import type { Edit } from "./edit.ts";

/** What edits that train need beside the model. */
export interface TrainingContext {
  /** The model that the list of edits starts from: what is learned is to answer as it does. */
  readonly teacher: Model;
  /**
   * Samples of the user's own, to whose "to-judge" part no edit before was fitted: see `holdingOut`. undefined without any: then only what
   * was learned before can be applied.
   */
  readonly calibration: CalibrationSpec | undefined;
  /** What was learned by an edit of a list, by its hash; undefined when it is gone: then it is learned again. */
  readonly learned?: (hash: string) => Promise<Uint8Array | undefined>;
  /** Ends training early, and keeps the best that was found. */
  readonly stop?: AbortSignal;
  /** Errors, each time that they are measured. */
  readonly onPoint?: (point: TrainingPoint, done: number) => void;
}

/** What came of an edit that trains. */
export interface Learned extends LearnedWeights {
  /** undefined when it was learned before. */
  readonly recovery?: Recovery;
}

interface TrainedEdit {
  /** undefined where nothing can be trained. */
  readonly training: Training | undefined;
  /** What was learned, once `training` was called. */
  readonly learned: () => Learned | undefined;
}

/** Lets one edit train, or takes what it learned before. */
export function trainingOf(
  model: Model,
  graph: NeutralGraph,
  edit: Edit,
  context: TrainingContext | undefined,
  running: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, what: string) => void },
): TrainedEdit {
  let learned: Learned | undefined;
  if (context === undefined) return { training: undefined, learned: () => undefined };
  const { teacher, calibration, stop, onPoint } = context;
  const training: Training = async (options) => {
    const stored = edit.learned === undefined ? undefined : await context.learned?.(edit.learned);
    if (stored !== undefined && edit.learned !== undefined) learned = { hash: edit.learned, bytes: stored };
    else if (calibration === undefined)
      throw new TrainingError(`${model.file}: there are no samples to train on`, {
        hint: "Give samples of your own: calibration data is what it trains on.",
      });
    else {
      const recovery = await recoverWeights(model, teacher, calibration, {
        ...options,
        isUnseen: true,
        ...running,
        ...(stop && { stop }),
        ...(onPoint && { onPoint }),
      });
      if (recovery.best === 0)
        throw new TrainingError(
          `${model.file}: training did not bring it nearer to the original on samples held out, or turned its answers`,
          { hint: "Train for more steps, or give more samples." },
        );
      learned = { ...encodeLearned(recovery.parameters, recovery.start, recovery.weights), recovery };
    }
    return learnedRewrite(graph, learned.bytes);
  };
  return { training, learned: () => learned };
}
