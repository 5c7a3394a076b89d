import type { Totals } from "../../profiler/profile.ts";
import type { Edit } from "../../profiler/editing/edit.ts";
import type {
  LayerSensitivity,
  SensitivityPoint,
  TechniqueId,
} from "../../profiler/editing/sensitivity/sensitivity-points.ts";
import type { OptionSpec } from "../../profiler/restructure/options.ts";
import type { FitBudget as AskedBudget, FitPoint } from "../../profiler/editing/fit/fit-point.ts";
import type { Absence } from "../../profiler/editing/absences.ts";
import type { Measuring } from "../../profiler/editing/measure-suggestions.ts";
import type { SavedTotal, Suggestion } from "../../profiler/editing/suggestion.ts";
import type { CalibrationSpec } from "../../profiler/calibration/spec.ts";
import type { Difference } from "../../profiler/runtime/difference.ts";
import type { TrainingPoint } from "../../profiler/training/loop.ts";
import type { PackedProfile } from "./packed-profile.ts";
import type { Picture } from "./picture.ts";
import type { Contract, Failure } from "./rpc.ts";

/**
 * What the page and the extension host say to each other about editing. A document is its base file and a list of edits; the page shows
 * the profile of the base file with those that are on. All of it is plain data that JSON can carry: an Infinity would arrive as null.
 */

export type { TrainingPoint };

/** One edit of a document. */
export interface DocumentEdit {
  /** Stays with the edit when the list around it changes, or its own options do. */
  readonly id: number;
  readonly edit: Edit;
  /** "Low rank fc6 (rank=128)" */
  readonly label: string;
  readonly isOn: boolean;
  /** What can be set of it, for changing it in place. */
  readonly options: readonly OptionSpec[];
  /** What trying it measured, alone and on the model that it was then applied to; undefined where it was not tried. */
  readonly tried?: Check;
}

/** An edit as the page wants it in a list: the host makes its label, and an id for a new one. */
export interface ListedEdit {
  readonly id?: number;
  readonly edit: Edit;
  readonly isOn: boolean;
}

/** The editing state of a document. */
export interface DocumentState {
  /** In the order in which they apply; the model shown is the base file with those that are on. */
  readonly edits: readonly DocumentEdit[];
  readonly isDirty: boolean;
  /** Why this model cannot be edited; null when it can. */
  readonly refusal: string | null;
  /** A new list is being computed; its prediction is shown as soon as there is one. */
  readonly computing: Computing | null;
  /** Why the last change was given up, until the next one; the list is as it was before. */
  readonly failure: Failure | null;
}

export interface Computing {
  /** The list as it will be. */
  readonly edits: readonly DocumentEdit[];
  /** What the change is called: "Low rank fc6 (rank=128)". */
  readonly label: string;
  /** 0 to 1. */
  readonly done: number;
  readonly what: string;
  /** Errors so far, while a model is trained. */
  readonly training?: readonly TrainingPoint[];
}

/** A suggestion with what the page needs to show it and to change it. */
export interface ListedSuggestion extends Suggestion {
  /** As it would stand in the list of edits. */
  readonly label: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly literature: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Rows of the shown profile that it changes or takes out. */
  readonly rows: readonly number[];
}

export interface Suggestions {
  /** The revision of the profile that these are for. */
  readonly revision: number;
  /** Totals of the shown model: what savings are parts of. */
  readonly before: Totals;
  /** The most worthwhile first; `conflicts` are positions in this list. */
  readonly list: readonly ListedSuggestion[];
  /** What they are ranked by; left out: sizes alone. */
  readonly measuring?: Measuring;
  /** What holds for every edit of the model. */
  readonly notes?: readonly string[];
  /** Why what a user could expect is not in the list; left out while it is looked for. */
  readonly absences?: readonly ListedAbsence[];
}

/** Layers at which an edit is not offered, all for one reason. */
export interface ListedAbsence extends Absence {
  /** Of the restructuring, in English; null: no edit reaches the layers. */
  readonly title: string | null;
  /** Rows of the shown profile that the layers are; empty where the whole model is meant. */
  readonly rows: readonly number[];
}

/** What has been found since the last time, unranked, while the rest is still looked for. */
export interface FoundSuggestions extends Suggestions {
  /** Conflicts are not known yet. */
  readonly list: readonly ListedSuggestion[];
}

/** Part of each total that a change saves; negative where it costs, null where a total is unknown. */
export type Savings = Readonly<Record<SavedTotal, number | null>>;

/** What a model would cost with a change. */
export interface Prediction {
  readonly after: Totals;
  readonly saves: Savings;
  /** Rows of the shown profile that it changes or takes out. */
  readonly rows: readonly number[];
}

/** What a change did when it was computed and run beside the shown model. */
export interface Trial extends Prediction {
  /** "exact" when all edits guarantee it. */
  readonly guarantee: Suggestion["guarantee"];
  readonly check: Check;
  /** Weights of some edit would have been fitted to samples, and there were none. */
  readonly isUnfitted: boolean;
}

/** How far a changed model's answers are from those of the model before the change. */
export interface Check {
  readonly samples: SampleNote;
  readonly outputs: readonly CheckedOutput[];
  /** Outputs that could not be compared: the other model has no partner for them. */
  readonly unmatched: readonly string[];
  /** Why the answers may be others on another machine. */
  readonly doubts: readonly string[];
}

/** Which samples a measured number came from. */
export interface SampleNote {
  readonly count: number;
  /** "digits.npy", "seeded random (seed 0)" */
  readonly description: string;
  /** Synthetic, for want of samples of the user's own: errors measured on them say little. */
  readonly isRandom: boolean;
  readonly hasLabels: boolean;
}

export interface CheckedOutput {
  readonly name: string;
  /** null where nothing could be compared; then `reason` says why. */
  readonly difference: Difference | null;
  readonly reason: string | null;
}

/** What a model may cost at most, and how right it must stay, as the page asks for it. */
export type FitBudget = Omit<AskedBudget, "lowestSnr">;

/** What a search changes: the layers, or nothing but how their weights are stored. */
export type SearchWay = "layers" | "weights";

/** What a search is asked for. */
export interface FitStart {
  readonly budget: FitBudget;
  readonly way: SearchWay;
  /** Whether what it finds is trained to answer as the model does. */
  readonly recovers: boolean;
  /** That measures latencies; null: they are estimated. */
  readonly device: string | null;
  /** An earlier search on the device is not gone on with. */
  readonly isAnew: boolean;
}

/** One model on the way to the budget, its edits on top of those that were on when the search began. The first one is the model that it started from. */
export interface LabelledFitPoint extends FitPoint {
  /** Of its edits. */
  readonly labels: readonly string[];
}

export interface FitState {
  readonly isRunning: boolean;
  readonly budget: FitBudget;
  readonly way: SearchWay;
  /** What it finds is trained to answer as the model does. */
  readonly recovers: boolean;
  /** Why what was found stays as it was, where training did not better it. */
  readonly notRecovered: string | null;
  /** The device that measures its latencies, by id; null: they are estimates. */
  readonly device: string | null;
  /** What it calls itself, once it measured: "Google Pixel 8, 4 threads". */
  readonly measuredOn: string | null;
  /** It goes on with an earlier search on that device. */
  readonly isContinued: boolean;
  readonly samples: SampleNote | null;
  /** In the order in which they were found. */
  readonly points: readonly LabelledFitPoint[];
  /** Position of the point that comes nearest to the budget, or meets it at the least error. */
  readonly best: number | null;
  /** 0 to 1. */
  readonly done: number;
  readonly what: string;
  /** "cancelled" keeps the points found. */
  readonly failure: Failure | null;
}

/** The shown model with the weights of one layer alone stored in another way. */
export interface LabelledSensitivityPoint extends SensitivityPoint {
  /** Of its edit. */
  readonly label: string;
}

export interface ListedSensitivity extends LayerSensitivity {
  readonly points: readonly LabelledSensitivityPoint[];
  /** Positions of the furthest points at which the answers stay as they are, one at most for each technique. */
  readonly furthest: readonly number[];
}

/** What each layer's weights bear. */
export interface SensitivityState {
  readonly isRunning: boolean;
  readonly layers: readonly ListedSensitivity[];
  /** Of the model that they were measured on; null until that is known. */
  readonly fileBytes: number | null;
  readonly samples: SampleNote | null;
  /** Edits that store each layer at its furthest point, with their labels. */
  readonly mixed: readonly { readonly technique: TechniqueId; readonly edit: Edit; readonly label: string }[];
  /** 0 to 1. */
  readonly done: number;
  readonly what: string;
  /** "cancelled" keeps what was found. */
  readonly failure: Failure | null;
}

/** Which samples edits are computed and checked with. */
export interface Calibration {
  readonly spec: CalibrationSpec;
  /** "digits, 512 images", "16 seeded random samples (seed 0)" */
  readonly description: string;
  readonly isRandom: boolean;
  readonly hasLabels: boolean;
}

/** What the model will see of its samples. */
export interface CalibrationPreview {
  readonly samples: SampleNote;
  /** Which class each folder of pictures is taken for: "0 = cat (12), 1 = dog (9)"; null where no folders tell the classes. */
  readonly classes: string | null;
  readonly inputs: readonly PreviewInput[];
}

export interface PreviewInput {
  readonly name: string;
  readonly dataType: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly samples: readonly PreviewSample[];
}

export interface PreviewSample {
  /** Class; null without labels. */
  readonly label: number | null;
  readonly smallest: number;
  readonly largest: number;
  readonly mean: number;
  /** The first elements. */
  readonly values: readonly number[];
  /** Set where the input has the shape of a picture: its elements stretched from smallest to largest onto 0 to 255. */
  readonly picture: Picture | null;
}

/** Progress of a request that the page waits for. */
export interface RequestProgress {
  readonly task: "suggest" | "try" | "preview" | "download";
  /** 0 to 1. */
  readonly done: number;
  readonly what: string;
}

/** A part of the suggestions view. */
export type EditingPart = "suggestions" | "fit" | "calibration" | "history";

/** Base file's profile, for differences: as `PackedProfile`, without its structure. */
export type BaseProfile = Omit<PackedProfile, "structure">;

export interface EditingContract extends Contract {
  /** What has a revision fails with "stale" when that is not the shown one; all fail with "cancelled" when the caller aborts. */
  readonly requests: {
    /**
     * What could be done to the shown model.
     * @param isWholeModel edits of the whole model only, for the answer above the table: cheap, and without events on the way
     * @param measures ranked by errors that are measured on the calibration data, without events `found`
     */
    readonly suggest: {
      readonly params: { readonly revision: number; readonly isWholeModel?: boolean; readonly measures?: boolean };
      readonly result: Suggestions;
    };
    /** What the shown model would cost with one more edit; null when that depends on the weights' numbers. "not-applicable", "option". */
    readonly predict: {
      readonly params: { readonly revision: number; readonly edit: Edit };
      readonly result: Prediction | null;
    };
    /** Computes edits on top of the shown model and measures what they do to its answers. Changes nothing. */
    readonly tryEdits: {
      readonly params: { readonly revision: number; readonly edits: readonly Edit[] };
      readonly result: Trial;
    };
    /** Appends edits as one undoable step; settled when they are computed. */
    readonly applyEdits: { readonly params: { readonly edits: readonly Edit[] }; readonly result: null };
    /** Every exact suggestion that saves something, one after the other, as one undoable step. Tells how many there were. */
    readonly applyAllExact: { readonly params: null; readonly result: { readonly applied: number } };
    /** The whole list anew as one undoable step: switched off or on, moved, taken out, options changed. */
    readonly changeEdits: { readonly params: { readonly edits: readonly ListedEdit[] }; readonly result: null };
    /** Gives up the list that is being computed. */
    readonly cancelComputing: { readonly params: null; readonly result: null };
    /** Ends the training that is under way, and keeps the best that it found. */
    readonly stopTraining: { readonly params: null; readonly result: null };
    /** Starts a search over the shown model; what it finds comes as events `fit`. A search under way is ended. One on a device goes on with the last there, unless it is to begin anew. */
    readonly startFit: { readonly params: FitStart; readonly result: null };
    /** Ends the search and keeps what it found. */
    readonly cancelFit: { readonly params: null; readonly result: null };
    /** Measures what each layer of the shown model bears; it comes as events `sensitivity`. A measuring under way is ended. */
    readonly startSensitivity: { readonly params: null; readonly result: null };
    /** Ends the measuring and keeps what it found. */
    readonly cancelSensitivity: { readonly params: null; readonly result: null };
    /** null takes the choice back: seeded random samples. */
    readonly setCalibration: { readonly params: { readonly spec: CalibrationSpec | null }; readonly result: null };
    /** "calibration" when the samples do not fit the model. */
    readonly calibrationPreview: { readonly params: { readonly count: number }; readonly result: CalibrationPreview };
    /** The profile of the file without edits. */
    readonly baseProfile: { readonly params: { readonly revision: number }; readonly result: BaseProfile };
  };
  readonly events: {
    readonly document: DocumentState;
    readonly calibration: Calibration;
    readonly fit: FitState;
    readonly sensitivity: SensitivityState;
    readonly progress: RequestProgress;
    /** On the way to the answer of `suggest`. */
    readonly found: FoundSuggestions;
    /** Rows that something outside the page points at, or none any more. */
    readonly highlight: { readonly layers: readonly number[] };
  };
}

/** The editing part of what the page starts with. */
export interface EditingStart {
  readonly document: DocumentState;
  readonly calibration: Calibration;
  readonly fit: FitState | null;
  readonly sensitivity: SensitivityState | null;
}

/** What the page may ask VS Code to do about a document, through `run`. */
export type EditingCommand =
  | "undo"
  | "redo"
  | "save"
  | "save-as"
  | "revert"
  | "choose-calibration"
  | "export-edits"
  | "import-edits";
