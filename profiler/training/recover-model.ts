import type { Model } from "../model/model.ts";
import { trainableGraphOf } from "../translation/known-graph.ts";
import { lowerRewrite } from "../translation/lower-model.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import { encodeLearned, learnedRewrite, type LearnedWeights } from "./learned-weights.ts";
import { recoverWeights, type RecoverOptions, type Recovery } from "./recover.ts";

export interface RecoveredModel {
  /** undefined when training did not better the model: then it stays as it was. */
  readonly model: Model | undefined;
  readonly learned: LearnedWeights | undefined;
  readonly recovery: Recovery;
}

/** `recoverWeights`, and the model with what came of it. @throws as that does */
export async function recoverModel(
  student: Model,
  teacher: Model,
  calibration: CalibrationSpec,
  options: RecoverOptions = {},
): Promise<RecoveredModel> {
  const recovery = await recoverWeights(student, teacher, calibration, options);
  if (recovery.best === 0) return { model: undefined, learned: undefined, recovery };
  const graph = trainableGraphOf(student);
  const learned = encodeLearned(recovery.parameters, recovery.start, recovery.weights);
  const rewrite = await learnedRewrite(graph, learned.bytes);
  return { model: await lowerRewrite(student, graph, rewrite, { readsWeights: true }), learned, recovery };
}
