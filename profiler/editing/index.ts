/**
 * The public face of restructuring: what the extension's restructuring worker, the CLI and other programs may use beside `profiler/index.ts`.
 * It stands apart because it can run models: a program that only shows what they cost need not carry it. No runtime is loaded
 * before a model runs.
 */
export { costModel, type AnalysedModel } from "../profile-model.ts";
export { withEntry } from "../model/choose-entry.ts";
export type { Model } from "../model/model.ts";

export { liftModel } from "../translation/lift-model.ts";
export type { NeutralGraph, NeutralLayer } from "../neutral/neutral-graph.ts";
export { optionsFor } from "./offered-options.ts";
export { formatIn } from "../formats/format-types.ts";
export type { Edit } from "./edit.ts";
export type { Choice, EditOptions, OptionSpec, OptionValue } from "../restructure/options.ts";
export { parseEditList, type EditList } from "./edit-list.ts";
export { holdingOut, isTraining } from "./held-out-edits.ts";
export { restructuringOf } from "../restructure/registry.ts";
export { sharedWeights } from "../model/shared-weights.ts";
export { type Guarantee, type Restructuring } from "../restructure/restructuring.ts";

export type { Absence } from "./absences.ts";
export { savings, suggest, type SuggestOptions } from "./suggest.ts";
export type { Measuring } from "./measure-suggestions.ts";
export { type SavedTotal, type Suggestion } from "./suggestion.ts";
export { type EditContext, type EditedModel, type Step } from "./apply.ts";
export type { EarlierEdits } from "./edit-order.ts";
export { type CheckOptions } from "./check-edit.ts";
export { type FitOptions, type Fitted } from "./fit/fit.ts";
export { clockOn } from "./fit/device/target-clock.ts";
export { formatDeviceSearch, keptSearch, type DeviceSearch } from "./fit/device/device-search.ts";
export {
  inOrder,
  type BudgetedTotal,
  type CurvePoint,
  type FitBudget,
  type FitError,
  type FitPoint,
  type FitResult,
  type FitSamples,
} from "./fit/fit-point.ts";
export { writeModel, type WriteOptions } from "../formats/formats.ts";

export { compareRuns } from "../runtime/compare-runs.ts";
export type { ComparedTensor, CompareOptions, RunComparison, TensorPair } from "../runtime/compare-runs.ts";
export { atSizes } from "../translation/fixed-sizes.ts";
export { openSession } from "../runtime/open-session.ts";
export type { Difference, Top1 } from "../runtime/difference.ts";
export type { RunProgress } from "../runtime/batches.ts";
export { DEFAULT_RUNTIME_LIMITS, limitRuntimes } from "../runtime/process/limits.ts";
export { inputPorts } from "../runtime/model-ports.ts";
export type { Port } from "../tensors/port.ts";
export { type SampleSet } from "../calibration/sample-set.ts";
export { channelAxis } from "../calibration/input-layout.ts";
export { classesText } from "../calibration/describe-folders.ts";
export { previewSamples } from "../calibration/preview-samples.ts";
export type { PreviewedInput, PreviewedSample, SamplePreview } from "../calibration/preview-samples.ts";
export type { NumericTensor } from "../tensors/numeric-tensor.ts";
export { isRandom } from "../calibration/spec.ts";
export type {
  ArraySpec,
  CalibrationSpec,
  ImageFolderSpec,
  InputSpec,
  LabelSpec,
  Scaling,
} from "../calibration/spec.ts";

export type { TrainingContext } from "./train-edit.ts";
export type { TrainingPoint } from "../training/loop.ts";
export { hashOf } from "../training/learned-file.ts";
export type { LearnedWeights } from "../training/learned-weights.ts";
export { mixedFurthest } from "./sensitivity/mixed-edit.ts";
export { furthestSafe, TECHNIQUES } from "./sensitivity/sensitivity-points.ts";
export type { LayerSensitivity, Sensitivity, SensitivityPoint, TechniqueId } from "./sensitivity/sensitivity-points.ts";
export { EditSession, type ApplyOptions, type EditSettings, type Prediction } from "./edit-session.ts";
