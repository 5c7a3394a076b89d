import type { RunProgress } from "../../profiler/runtime/batches.ts";
import type { Check } from "../protocol/editing.ts";
import type { Contract, Failure, Message, None } from "../protocol/rpc.ts";

/** What the page that compares two models and the extension host say to each other. */

/** Which of the two models. */
export type Side = "before" | "after";

export const SIDES: readonly Side[] = ["before", "after"];

/** Each model talks to the page as it does to a page of its own; what belongs to neither of them is of the pair. */
export interface SidedMessage {
  readonly side: Side | "pair";
  readonly message: Message;
}

/** What VS Code keeps of a comparison, and hands back after a restart: the models' URIs and how the page shows them. */
export interface KeptComparison {
  readonly before: string;
  readonly after: string;
  readonly view: unknown;
}

export interface PairHostContract extends Contract {
  readonly requests: {
    readonly start: { readonly params: null; readonly result: PairStart };
    /** Opens a model in an editor of its own. */
    readonly open: { readonly params: { readonly side: Side }; readonly result: null };
    /** What was before is after. */
    readonly swap: { readonly params: null; readonly result: null };
    /** Runs both models on the same samples; how far that is, and what it tells, comes as events `outputs`. */
    readonly compareOutputs: { readonly params: null; readonly result: null };
    readonly cancelOutputs: { readonly params: null; readonly result: null };
    /** Asks the user for calibration data, and compares the outputs on them. */
    readonly chooseData: { readonly params: null; readonly result: null };
  };
  readonly events: { readonly outputs: OutputsState };
}

/** How far the outputs of both models are apart on the same samples. */
export interface OutputsState {
  readonly isRunning: boolean;
  /** Compared so far; null while the models are opened. */
  readonly samples: RunProgress | null;
  /** What was measured; null where nothing was yet. */
  readonly check: Check | null;
  /** Why a model could not be run, or the two not be compared. */
  readonly failure: Failure | null;
}

export const NOT_COMPARED: OutputsState = { isRunning: false, samples: null, check: null, failure: null };

export interface PairStart {
  readonly uris: Readonly<Record<Side, string>>;
  /** The models' paths as the user knows them. */
  readonly paths: Readonly<Record<Side, string>>;
  readonly outputs: OutputsState;
  readonly translations?: Readonly<Record<string, string>>;
}

export interface PairPageContract extends Contract {
  readonly requests: None;
  readonly events: None;
}
