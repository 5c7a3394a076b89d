import type { ProfileStep, Structure } from "../../profiler/profile.ts";
import type { DownloadReport } from "../../profiler/views/download-report.ts";
import type { LayerDetails } from "../../profiler/views/layer-details.ts";
import type { WeightStatistics } from "../../profiler/views/weight-statistics.ts";
import type { PackedLayers } from "./packed-layers.ts";
import type { ProfileHeader } from "./packed-profile.ts";
import type { EditingCommand, EditingContract, EditingPart, EditingStart } from "./editing.ts";
import type { RunningContract, RunsState } from "./running.ts";
import type { Contract, Failure, None } from "./rpc.ts";

/**
 * What the page and the extension host say to each other. The page asks for a snapshot first; rows beyond the first chunk come when it
 * asks for them. Every later change arrives as an event with a snapshot of its own.
 */

export type Snapshot =
  | { readonly kind: "loading"; readonly file: string }
  | {
      readonly kind: "ready";
      readonly file: string;
      /** Names this profile in `rows` requests: rows of an older one are refused. */
      readonly revision: number;
      readonly header: ProfileHeader;
      readonly firstRows: PackedLayers;
      readonly chunkCount: number;
      /** Costs are those of the edited model to the last parameter, but new weights have no numbers yet: another snapshot brings them. */
      readonly isPrediction: boolean;
    }
  | { readonly kind: "failed"; readonly file: string; readonly failure: Failure };

/** What the host is doing while the page still shows the last snapshot. */
export type Activity = "idle" | "starting" | ProfileStep;

export type PageCommand =
  | "retry"
  | "cancel"
  | "reopen-with"
  | "show-log"
  | "choose-hardware"
  | "add-hardware"
  | "open-hardware-settings"
  | "export"
  | "export-graph"
  | "compare"
  | EditingCommand;

export interface HostContract extends Contract {
  readonly requests: EditingContract["requests"] &
    RunningContract["requests"] & {
      readonly start: { readonly params: null; readonly result: StartReply };
      /** One chunk of the rows of a revision; fails with "stale" when there is a newer one. */
      readonly rows: {
        readonly params: { readonly revision: number; readonly chunk: number };
        readonly result: PackedLayers;
      };
      /** Fails with "stale" as `rows` does. */
      readonly structure: { readonly params: { readonly revision: number }; readonly result: Structure };
      /** What the file says of one layer; fails with "stale" as `rows` does. */
      readonly layerDetails: {
        readonly params: { readonly revision: number; readonly layer: number };
        readonly result: LayerDetails;
      };
      /** How the elements of a constant input are spread; null where nobody can tell. The elements stay with the host. */
      readonly weightStatistics: {
        readonly params: { readonly revision: number; readonly layer: number; readonly input: number };
        readonly result: WeightStatistics | null;
      };
      /** What the model takes as it is downloaded: reads all weights, and tells of `progress`. Fails with "stale" as `rows` does. */
      readonly download: { readonly params: { readonly revision: number }; readonly result: DownloadReport };
      /** Saves a constant input or output of a layer as `.npy`; the user is asked where to. */
      readonly saveTensor: { readonly params: { readonly revision: number } & TensorPlace; readonly result: null };
      /** Keeps how the user likes the page, for every model. */
      readonly remember: { readonly params: { readonly preferences: unknown }; readonly result: null };
      /** Profiles again with these values of dynamic dimensions; fails with "option" when one does not fit. */
      readonly bind: {
        readonly params: { readonly bindings: Readonly<Record<string, number>> };
        readonly result: null;
      };
      /**
       * Shows another model of a bundle or another entry; what is left out is as it is, or the first of another model. Fails with "refused" while
       * there are edits of another model, and with "option" when there is none of that name.
       */
      readonly choosePart: {
        readonly params: { readonly model?: string; readonly entry?: string };
        readonly result: null;
      };
      /** Writes the setting `edgewise.budgets.ID`; an empty text is no budget. */
      readonly setBudget: { readonly params: { readonly id: string; readonly text: string }; readonly result: null };
      /** Asks where to, and writes a picture of the graph there. */
      readonly savePicture: { readonly params: SavedPicture; readonly result: null };
      readonly run: { readonly params: { readonly command: PageCommand }; readonly result: null };
    };
  readonly events: EditingContract["events"] &
    RunningContract["events"] & {
      readonly snapshot: Snapshot;
      readonly activity: Activity;
      readonly budgets: BudgetSettings;
      /** What another page's `remember` was given. */
      readonly preferences: unknown;
      readonly order: NumberedOrder;
    };
}

export type PictureFormat = "svg" | "png";

export interface SavedPicture {
  readonly format: PictureFormat;
  readonly bytes: Uint8Array;
}

/** What a command wants of the graph: a picture of what is in sight or of all of it; or a box, or all that hold the same, opened or closed. */
export type GraphOrder =
  | { readonly kind: "save"; readonly format: PictureFormat; readonly part: "view" | "whole" }
  | { readonly kind: "toggle"; readonly box: string };

/** A tensor by the layer that has it. */
export interface TensorPlace {
  /** Index of the layer. */
  readonly layer: number;
  readonly side: "input" | "output";
  /** Among the node's inputs or outputs. */
  readonly position: number;
}

/** What a command wants of the page: a row selected and in sight, something of the graph, a part of the suggestions view in sight. */
export type PageOrder =
  | { readonly kind: "reveal"; readonly reveal: Reveal }
  | { readonly kind: "graph"; readonly graph: GraphOrder }
  | { readonly kind: "part"; readonly part: EditingPart };

/** Sent at once, and again to a page that starts before any has told that it took it. Ids grow. */
export interface NumberedOrder {
  readonly id: number;
  readonly order: PageOrder;
}

export interface Reveal {
  /** Index of the layer. */
  readonly layer: number;
  /** "here": in whichever view is open. */
  readonly where: "table" | "graph" | "here";
}

/** The settings `edgewise.budgets.*` as the user wrote them, by the last part of their names. */
export type BudgetSettings = Readonly<Record<string, string>>;

export interface StartReply {
  readonly snapshot: Snapshot;
  readonly activity: Activity;
  readonly budgets: BudgetSettings;
  /** What `remember` was given last, by whichever version of the page. */
  readonly preferences: unknown;
  readonly editing: EditingStart;
  readonly runs: RunsState;
  /** Those that no page has taken yet, the oldest first. */
  readonly orders: readonly NumberedOrder[];
  /** Of the snapshot, where it was computed before. */
  readonly download: DownloadReport | null;
  /** Translations of the page's strings; absent in English. */
  readonly translations?: Readonly<Record<string, string>>;
}

export interface PageContract extends Contract {
  readonly requests: None;
  readonly events: {
    /** Indices of the layers that are selected now, the one chosen last at the end. */
    readonly select: { readonly layers: readonly number[] };
    /** An order has arrived. */
    readonly taken: { readonly id: number };
    /** Something in the page went wrong that it did not expect: for the log, and for a message to the user. */
    readonly fault: Fault;
  };
}

export interface Fault {
  readonly message: string;
  readonly stack: string;
}

/** What a `data-vscode-context` of the page says of the module under the pointer, to the commands of its context menu. */
export interface ModuleContext {
  readonly webviewSection: "module";
  readonly box: string;
  readonly isOpen: boolean;
  /** Whether there are others that hold the same. */
  readonly isAlike: boolean;
  readonly preventDefaultContextMenuItems: true;
}

/** What a `data-vscode-context` of the page says of the row under the pointer, to the commands of its context menu. */
export interface RowContext {
  readonly webviewSection: "row";
  readonly layer: number;
  readonly preventDefaultContextMenuItems: true;
}
