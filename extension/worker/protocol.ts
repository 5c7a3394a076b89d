import type { Diagnosis, WeightDiagnoses } from "../../profiler/diagnostics/index.ts";
import type {
  DownloadReport,
  ExportFormat,
  LayerDetails,
  ModelListing,
  ProfileStep,
  WeightStatistics,
} from "../../profiler/index.ts";
import type { DeviceFacts, RunOptions, RunResult, TargetProgress } from "../../profiler/device/index.ts";
import type {
  CalibrationSpec,
  Edit,
  Guarantee,
  LearnedWeights,
  OptionSpec,
  RunProgress,
  TrainingPoint,
} from "../../profiler/editing/index.ts";
import type { TensorContent } from "../../profiler/exports/npy/index.ts";
import type { TensorPlace } from "../../webview/protocol/page.ts";
import type { PackedProfile } from "../../webview/protocol/packed-profile.ts";
import type {
  CalibrationPreview,
  Check,
  FitBudget,
  FitState,
  SensitivityState,
  SearchWay,
  FoundSuggestions,
  Prediction,
  SampleNote,
  Suggestions,
  Trial,
} from "../../webview/protocol/editing.ts";
import type { Contract, None } from "../../webview/protocol/rpc.ts";
import type {
  ConnectedDevices,
  DeviceAddress,
  KeptObservation,
  LearnedReply,
  MeasuredReply,
} from "./measuring-types.ts";

/** What the extension host and a worker thread that runs the engine say to each other. */

/**
 * A file that Node can open, or one behind a file system of VS Code, whose bytes the host hands over when they are read. A file that
 * changed is another version: what is known of the old one is not used for it.
 */
export type ModelLocation = {
  readonly version: number;
  /** Which of a bundle of models; left out: its first, or the file is none. */
  readonly model?: string;
} & (
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "remote"; readonly uri: string; readonly name: string; readonly size: number }
);

/** An edit, and the samples that its weights are fitted to; null: weights alone are looked at. */
export interface PlannedEdit {
  readonly edit: Edit;
  readonly calibration: CalibrationSpec | null;
}

/** A model as it is to be looked at: a file with edits. */
export interface ModelRequest {
  readonly location: ModelLocation;
  /** The entry that is looked at; left out: the file's first. */
  readonly entry?: string;
  /** Each is of the entry that it names, or of the file's first. */
  readonly edits: readonly PlannedEdit[];
  /** The edited model without numbers for its new weights: at once, and enough for what it costs. */
  readonly isPrediction: boolean;
  readonly bindings: Readonly<Record<string, number>>;
  /** Name of a hardware profile, built in or own. */
  readonly hardware: string;
  /** The user's own hardware profiles as they stand in the settings: checked by the engine. */
  readonly ownHardware: readonly unknown[];
}

/** A file, and what messages call it. */
export interface ComparedModel {
  readonly location: ModelLocation;
  readonly entry?: string;
  readonly name: string;
}

export interface ComparisonRequest {
  /** What the other one is measured against, and the samples are made for. */
  readonly before: ComparedModel;
  readonly after: ComparedModel;
  readonly calibration: CalibrationSpec;
}

export interface ProfileReply {
  readonly profile: PackedProfile;
  /** Data files that the model refers to, as it spells them: a change of one is a change of the model. */
  readonly dataFiles: readonly string[];
}

export interface ExportRequest {
  readonly profile: PackedProfile;
  /** What the export calls the model: whoever reads it has nothing of a path on this machine. */
  readonly file: string;
  readonly format: ExportFormat;
  /** The measured run that is shown beside the estimates; null: none. */
  readonly run: RunResult | null;
  /** As the user wrote them. */
  readonly budgets: Readonly<Record<string, string>>;
}

/** A question about one layer of the model that a request names. */
export interface LayerQuery {
  readonly request: ModelRequest;
  /** Index of the layer. */
  readonly layer: number;
}

export interface WeightsQuery extends LayerQuery {
  /** Position among the layer's inputs. */
  readonly input: number;
}

/** A tensor of known numbers that is to be a file. */
export interface TensorRequest extends TensorPlace {
  readonly request: ModelRequest;
  readonly content: TensorContent;
  readonly path: string;
}

export interface DiagnosisRequest {
  readonly request: ModelRequest;
  /** What the user set below `edgewise.diagnostics`: checked by the engine. */
  readonly settings: unknown;
}

/** What an edit is called in lists, and what can be set of it. */
export interface EditDescription {
  readonly label: string;
  /** Of its restructuring, in English. */
  readonly title: string;
  readonly options: readonly OptionSpec[];
}

/** Which suggestions are looked for: the fewer, the sooner they are there. */
export interface SuggestionScope {
  /** Rows of the profile, of which they change one; left out: all rows. */
  readonly rows?: readonly number[];
  readonly guarantee?: Guarantee;
  /** Edits of the whole model only: a look that costs little, which nobody is told the progress of. */
  readonly isWholeModel?: boolean;
  /** Meanwhile events `found` tell those that there are for the profile of this revision; left out: nobody is told. */
  readonly tells?: number;
  /** Samples that errors are measured on, which they are ranked by then; left out: sizes alone. Needs weights. */
  readonly calibration?: CalibrationSpec;
}

/** A prediction would need the numbers of weights: only the computed model can tell. */
export const NEEDS_NUMBERS = "needs-numbers";

/** What a model may take when it is run on this machine; what is left out is as the engine has it. */
export interface RunLimits {
  readonly seconds?: number;
  readonly memoryBytes?: number;
}

export interface WorkerContract extends Contract {
  readonly requests: {
    /** Answered as soon as the thread listens. */
    readonly ping: { readonly params: null; readonly result: null };
    /** NEEDS_NUMBERS when a prediction is asked for that there is none of; so do `suggest` and `predict`. */
    readonly profile: { readonly params: ModelRequest; readonly result: ProfileReply };
    /** The text of a file. */
    readonly export: { readonly params: ExportRequest; readonly result: string };
    readonly layerDetails: { readonly params: LayerQuery; readonly result: LayerDetails };
    /** null where the file holds no elements that statistics can be made of. */
    readonly weightStatistics: { readonly params: WeightsQuery; readonly result: WeightStatistics | null };

    /** Writes a `.npy`, whole or not at all. "option" when the tensor is none of known numbers. */
    readonly saveTensor: { readonly params: TensorRequest; readonly result: null };
    /** Reads and compresses all weights. */
    readonly download: { readonly params: ModelRequest; readonly result: DownloadReport };
    readonly listing: { readonly params: ModelRequest; readonly result: ModelListing };
    /** What sizes and costs tell. */
    readonly diagnose: { readonly params: DiagnosisRequest; readonly result: readonly Diagnosis[] };
    /** What the weights' numbers tell, which are read for it. */
    readonly diagnoseWeights: { readonly params: DiagnosisRequest; readonly result: WeightDiagnoses };

    /** "option" for an edit that is none. */
    readonly describe: {
      readonly params: { readonly edits: readonly Edit[]; readonly file: string };
      readonly result: readonly EditDescription[];
    };
    readonly suggest: {
      readonly params: { readonly request: ModelRequest; readonly scope: SuggestionScope };
      readonly result: Omit<Suggestions, "revision">;
    };
    readonly predict: {
      readonly params: { readonly request: ModelRequest; readonly edit: Edit };
      readonly result: Prediction | null;
    };
    /** Copies a model with its data files into a folder. */
    readonly copy: {
      readonly params: { readonly location: ModelLocation; readonly path: string };
      readonly result: null;
    };
    /** Ends the training that is under way: it keeps the best that it found. */
    readonly stopTraining: { readonly params: null; readonly result: null };
    /** Of all models that run from now on. */
    readonly limit: { readonly params: RunLimits; readonly result: null };
    /** What each edit learned; null for those that learned nothing. */
    readonly learned: { readonly params: ModelRequest; readonly result: readonly (LearnedWeights | null)[] };
    /** Keeps what edits of an imported list learned elsewhere. */
    readonly keepLearned: { readonly params: { readonly learned: readonly LearnedWeights[] }; readonly result: null };
    /** Computes the edits of a request, and keeps what came of each. */
    readonly compute: { readonly params: ModelRequest; readonly result: null };
    readonly tryEdits: {
      readonly params: {
        readonly request: ModelRequest;
        readonly edits: readonly PlannedEdit[];
        readonly calibration: CalibrationSpec;
      };
      readonly result: Trial;
    };
    /** Runs two models on the same samples. Tells by events `compared` how far it is. */
    readonly compareOutputs: { readonly params: ComparisonRequest; readonly result: Check };
    readonly fit: {
      readonly params: {
        readonly request: ModelRequest;
        readonly budget: FitBudget;
        readonly way: SearchWay;
        readonly recovers: boolean;
        readonly calibration: CalibrationSpec;
        /** What measures latencies; null: they are estimated. */
        readonly device: FitDevice | null;
      };
      readonly result: null;
    };
    /** Tells by events what each layer's weights bear. */
    readonly sensitivity: {
      readonly params: { readonly request: ModelRequest; readonly calibration: CalibrationSpec };
      readonly result: null;
    };
    /** Writes the edited model; the file there changes whole or not at all. Answers with what the user is to know of the written file. */
    readonly save: {
      readonly params: { readonly request: ModelRequest; readonly path: string };
      readonly result: readonly string[];
    };
    /** Which samples a specification gives a model. "calibration" when they do not fit it. */
    readonly samples: {
      readonly params: { readonly request: ModelRequest; readonly calibration: CalibrationSpec };
      readonly result: SampleNote;
    };
    readonly preview: {
      readonly params: {
        readonly request: ModelRequest;
        readonly calibration: CalibrationSpec;
        readonly count: number;
      };
      readonly result: CalibrationPreview;
    };
    /** Runs a model on a device. "device" or "run" when it cannot be measured. */
    readonly measure: {
      readonly params: {
        readonly request: ModelRequest;
        readonly address: DeviceAddress;
        readonly options: RunOptions;
      };
      readonly result: MeasuredReply;
    };
    /** A hardware profile of a device's own speed. "no-runs" when none was on the roofline of the request's hardware. */
    readonly learn: {
      readonly params: {
        readonly request: ModelRequest;
        readonly device: string;
        readonly observations: readonly KeptObservation[];
      };
      readonly result: LearnedReply;
    };
    /** Tells by events what is connected, until it is cancelled. */
    readonly watchDevices: { readonly params: { readonly adbPath: string }; readonly result: null };
    readonly describeDevice: { readonly params: DeviceAddress; readonly result: DeviceFacts };
    readonly connectDevice: {
      readonly params: { readonly adbPath: string; readonly address: string };
      readonly result: null;
    };
    readonly cleanUpDevice: { readonly params: DeviceAddress; readonly result: null };
    /** Names and data types of the inputs that samples are for. */
    readonly inputs: { readonly params: ModelRequest; readonly result: readonly ModelInput[] };
  };
  readonly events: {
    readonly step: ProfileStep;
    readonly progress: WorkerProgress;
    readonly found: FoundSuggestions;
    readonly fit: FitUpdate;
    readonly sensitivity: SensitivityUpdate;
    /** A search on a device, whenever it came further. */
    readonly fitSearch: { readonly subject: string; readonly text: string };
    /** Errors of the training that is under way. */
    readonly training: { readonly points: readonly TrainingPoint[] };
    /** Samples that both models were run on. */
    readonly compared: RunProgress;
    readonly measuring: TargetProgress;
    readonly devices: ConnectedDevices;
  };
}

export interface ModelInput {
  readonly name: string;
  readonly dataType: string;
  /** "1×3×224×224" */
  readonly shape: string;
  /** Whether pictures can be stretched to it. */
  readonly isPicture: boolean;
}

export type WorkerTask = "compute" | "suggest" | "try" | "preview" | "copy" | "save" | "weights" | "download";

export interface WorkerProgress {
  readonly task: WorkerTask;
  /** 0 to 1. */
  readonly done: number;
  readonly what: string;
}

export type SensitivityUpdate = Omit<SensitivityState, "isRunning" | "failure">;

export interface FitDevice {
  readonly address: DeviceAddress;
  /** What the search is of, as events `fitSearch` name it. */
  readonly subject: string;
  /** A search there before, as `formatDeviceSearch` writes it: gone on with where it is of the same model and samples. */
  readonly kept: string | null;
}

export type FitUpdate = Pick<
  FitState,
  "measuredOn" | "isContinued" | "samples" | "points" | "best" | "notRecovered" | "done" | "what"
>;

export interface RemoteFile {
  /** URI of the model. */
  readonly model: string;
  /** Of a data file beside it; "" is the model itself. */
  readonly relativePath: string;
}

export interface WorkerHostContract extends Contract {
  readonly requests: {
    /** Bytes of a remote model or of a data file beside it: the thread's own from then on. */
    readonly readRemote: { readonly params: RemoteFile; readonly result: Uint8Array };
    readonly sizeOfRemote: { readonly params: RemoteFile; readonly result: number };
  };
  readonly events: None;
}
