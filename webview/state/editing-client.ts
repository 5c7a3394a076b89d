import type { Edit } from "../../profiler/editing/edit.ts";
import type { CalibrationSpec } from "../../profiler/calibration/spec.ts";
import { textsOf, type FitTexts } from "../editing/fit-points.ts";
import { INITIAL_SUGGESTION_VIEW, withFound, type SuggestionView } from "../editing/suggestion-list.ts";
import type { HostContract, PageContract } from "../protocol/page.ts";
import type {
  BaseProfile,
  Calibration,
  CalibrationPreview,
  DocumentState,
  EditingContract,
  EditingPart,
  EditingStart,
  FitStart,
  FitState,
  FoundSuggestions,
  ListedEdit,
  Prediction,
  RequestProgress,
  SensitivityState,
  Suggestions,
  Trial,
} from "../protocol/editing.ts";
import type { Listeners, Rpc } from "../protocol/rpc.ts";
import { Store } from "./store.ts";

export type HostRpc = Rpc<PageContract, HostContract>;

const UNEDITED: DocumentState = { edits: [], isDirty: false, refusal: null, computing: null, failure: null };
const RANDOM: Calibration = { spec: {}, description: "", isRandom: true, hasLabels: false };

/** The page's end of editing: what the host says of the document, and what can be asked of it. */
export class EditingClient {
  readonly document = new Store<DocumentState>(UNEDITED);
  readonly calibration = new Store<Calibration>(RANDOM);
  /** The last search, under way or done; null before the first. */
  readonly fit = new Store<FitState | null>(null);
  /** What each layer bears, being measured or done; null before the first time. */
  readonly sensitivity = new Store<SensitivityState | null>(null);
  /** What the user types of the next one, while other parts are in sight too. */
  readonly budget = new Store<FitTexts>({});
  /** What a search is to be asked for, where another part of the page says so. Each asking is an object of its own. */
  readonly askedFit = new Store<FitTexts | null>(null);
  /** Of the request that last told of any. */
  readonly progress = new Store<RequestProgress | null>(null);
  /** Suggestions that are there while others are still looked for; null before the first. */
  readonly found = new Store<FoundSuggestions | null>(null);
  /** Of which model, and on which samples, the errors of suggestions are to be measured; null: of none. */
  readonly measures = new Store<{ readonly revision: number; readonly calibration: Calibration } | null>(null);
  /** How the user looks at the suggestions, while other parts are in sight too. */
  readonly suggestionView = new Store<SuggestionView>(INITIAL_SUGGESTION_VIEW);
  /** The part that the host asked for last. Each asking is an object of its own. */
  readonly shownPart = new Store<{ readonly part: EditingPart } | null>(null);
  /** Rows that something outside the page points at. */
  readonly highlighted = new Store<readonly number[]>([]);
  readonly #host: () => HostRpc;

  readonly listeners: Omit<Listeners<EditingContract>, "progress"> = {
    document: (state) => this.document.set(state),
    calibration: (calibration) => this.calibration.set(calibration),
    fit: (state) => this.fit.set(state),
    sensitivity: (state) => this.sensitivity.set(state),
    found: (found) => this.found.set(withFound(this.found.value, found)),
    highlight: ({ layers }) => this.highlighted.set(layers),
  };

  constructor(host: () => HostRpc) {
    this.#host = host;
  }

  /** Fills the fields of the search in. */
  askFit(texts: FitTexts): void {
    this.budget.set(texts);
    this.askedFit.set({ ...texts });
  }

  /** Brings a part of the suggestions view into sight. */
  showPart(part: EditingPart): void {
    this.shownPart.set({ part });
  }

  start({ document, calibration, fit, sensitivity }: EditingStart): void {
    this.document.set(document);
    this.calibration.set(calibration);
    this.fit.set(fit);
    this.sensitivity.set(sensitivity);
    if (fit) this.budget.set(textsOf(fit.budget));
  }

  /** Ranked by errors that are measured on the calibration data. @throws {RpcError} as `suggest` does, and "calibration" */
  suggestMeasured(revision: number, signal?: AbortSignal): Promise<Suggestions> {
    this.#startsLooking();
    return this.#host().request("suggest", { revision, measures: true }, signal);
  }

  /** @throws {RpcError} "stale" when a newer revision is shown */
  suggest(revision: number, signal?: AbortSignal): Promise<Suggestions> {
    this.found.set(null);
    this.#startsLooking();
    return this.#host().request("suggest", { revision }, signal);
  }

  /** How far the last look came is not how far this one is. */
  #startsLooking(): void {
    if (this.progress.value?.task === "suggest") this.progress.set(null);
  }

  /** Edits of the whole model alone, without telling of them one by one. @throws {RpcError} as `suggest` does */
  suggestForWhole(revision: number, signal?: AbortSignal): Promise<Suggestions> {
    return this.#host().request("suggest", { revision, isWholeModel: true }, signal);
  }

  /**
   * What one more edit would make of the totals; null when only computing it can tell.
   * @throws {RpcError} "not-applicable" or "option" when it does not fit
   */
  predict(revision: number, edit: Edit, signal?: AbortSignal): Promise<Prediction | null> {
    return this.#host().request("predict", { revision, edit }, signal);
  }

  /** Computes and measures edits, and changes nothing. */
  tryEdits(revision: number, edits: readonly Edit[], signal?: AbortSignal): Promise<Trial> {
    return this.#host().request("tryEdits", { revision, edits }, signal);
  }

  /** @throws {RpcError} with the reason when an edit fails: then the list is as it was */
  async applyEdits(edits: readonly Edit[]): Promise<void> {
    await this.#host().request("applyEdits", { edits });
  }

  /** @returns how many edits there were */
  async applyAllExact(signal?: AbortSignal): Promise<number> {
    return (await this.#host().request("applyAllExact", null, signal)).applied;
  }

  /** @throws {RpcError} as `applyEdits` does */
  async changeEdits(edits: readonly ListedEdit[]): Promise<void> {
    await this.#host().request("changeEdits", { edits });
  }

  async cancelComputing(): Promise<void> {
    await this.#host().request("cancelComputing", null);
  }

  /** Keeps the best that training found. */
  async stopTraining(): Promise<void> {
    await this.#host().request("stopTraining", null);
  }

  async startFit(start: FitStart): Promise<void> {
    await this.#host().request("startFit", start);
  }

  async cancelFit(): Promise<void> {
    await this.#host().request("cancelFit", null);
  }

  async startSensitivity(): Promise<void> {
    await this.#host().request("startSensitivity", null);
  }

  async cancelSensitivity(): Promise<void> {
    await this.#host().request("cancelSensitivity", null);
  }

  /** null: seeded random samples. */
  async setCalibration(spec: CalibrationSpec | null): Promise<void> {
    await this.#host().request("setCalibration", { spec });
  }

  calibrationPreview(count: number, signal?: AbortSignal): Promise<CalibrationPreview> {
    return this.#host().request("calibrationPreview", { count }, signal);
  }

  /** The file without edits, for differences from the profile of `revision`. */
  baseProfile(revision: number): Promise<BaseProfile> {
    return this.#host().request("baseProfile", { revision });
  }
}
