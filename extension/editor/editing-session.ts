import type { CalibrationSpec, Edit } from "../../profiler/editing/index.ts";
import type { Check, Computing, DocumentState, ListedEdit, TrainingPoint } from "../../webview/protocol/editing.ts";
import { toFailure, type Failure } from "../../webview/protocol/rpc.ts";
import type { EditDescription } from "../worker/protocol.ts";
import { changeBetween, inForce, listOf, type Change, type EditList, type WantedEdit } from "./edit-list.ts";

/** What a document holds: a version of its file, and edits. Each is an object of its own, by which undoing and saving tell it. */
export interface Content<Base = unknown> {
  readonly base: Base;
  readonly edits: EditList;
}

export interface EditingHost<Base> {
  /** @throws {RpcError} "option" for an edit that is none */
  describe(edits: readonly Edit[]): Promise<readonly EditDescription[]>;
  /** The samples chosen now; null for random ones, which nothing is fitted to. */
  calibration(): CalibrationSpec | null;
  /** Shows what a content costs. @throws {RpcError} when it cannot be profiled, or there is no prediction */
  show(content: Content<Base>, isPrediction: boolean): Promise<void>;
  /** @throws {RpcError} when an edit does not fit, or the signal aborts */
  compute(content: Content<Base>, signal: AbortSignal): Promise<void>;
  textOf(change: Change): string;
  /** Why what is shown cannot be edited; null where it can. */
  refusal(): string | null;
  /** A change that can be undone. */
  onChanged(label: string, undo: () => void, redo: () => void): void;
  onState(state: DocumentState): void;
}

/** An edit that is computed in less time than this replaces the table at once, without its prediction before it. */
const PREDICTION_DELAY_MILLISECONDS = 150;

/** Progress that nobody could see is not told. */
const SMALLEST_PROGRESS = 0.01;

/**
 * The edits of a document: which are in force, which are being computed, whether they are saved. A change is one step for VS Code's undo
 * as soon as it is computed; one that fails or is cancelled leaves everything as it was. Knows neither VS Code nor the page.
 */
export class EditingSession<Base> {
  readonly #host: EditingHost<Base>;
  #content: Content<Base>;
  #saved: Content<Base>;
  #computing: Computing | null = null;
  #failure: Failure | null = null;
  #toldRefusal: string | null = null;
  #run: AbortController | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: EditingHost<Base>, content: Content<Base>) {
    this.#host = host;
    this.#content = content;
    this.#saved = content;
  }

  get content(): Content<Base> {
    return this.#content;
  }

  get isDirty(): boolean {
    return this.#content !== this.#saved;
  }

  get state(): DocumentState {
    return {
      edits: this.#content.edits,
      isDirty: this.isDirty,
      refusal: this.#host.refusal(),
      computing: this.#computing,
      failure: this.#failure,
    };
  }

  /**
   * Appends edits.
   * @param triedOf what trying an edit alone on a content measured
   * @throws {RpcError} with the reason when one fails
   */
  apply(edits: readonly Edit[], triedOf?: (edit: Edit, before: Content<Base>) => Check | undefined): Promise<void> {
    return this.#inTurn((content) => {
      const alone = edits.length === 1 ? triedOf : undefined;
      return [...content.edits, ...edits.map((edit) => ({ edit, isOn: true, tried: alone?.(edit, content) }))];
    });
  }

  /** The whole list anew. @throws {RpcError} with the reason when it cannot be computed */
  change(edits: readonly ListedEdit[]): Promise<void> {
    return this.#inTurn(() => edits);
  }

  /** Puts the edits onto another version of the file. @throws {RpcError} when they do not fit it */
  rebase(base: Base): Promise<void> {
    return this.#queued(() => this.#change({ base, edits: this.#content.edits }, { kind: "reapply" }));
  }

  /** Goes to a content at once, as undoing does; its weights follow where they are not known. */
  restore(content: Content<Base>): void {
    this.#content = content;
    this.#failure = null;
    const run = this.#begin(null);
    const label = "";
    const late = setTimeout(() => {
      if (this.#run === run && inForce(content.edits).length > 0)
        this.#tellComputing({ edits: content.edits, label, done: 0, what: "" });
    }, PREDICTION_DELAY_MILLISECONDS);
    void this.#bring(content, run.signal)
      .catch((error: unknown) => this.#fail(run, error))
      .finally(() => {
        clearTimeout(late);
        this.#end(run);
      });
  }

  /** Another version of the file, or another document, without a step of undo: what is there now is what is saved. */
  reset(content: Content<Base>): void {
    this.#run?.abort();
    [this.#content, this.#saved, this.#computing, this.#failure] = [content, content, null, null];
    this.#tell();
  }

  /** Goes back to what is on the disk. */
  revert(): void {
    this.restore(this.#saved);
  }

  markSaved(content: Content<Base>): void {
    this.#saved = content;
    this.#tell();
  }

  /** Makes what was restored a step that can be undone, for VS Code, which does not know of it. */
  announce(label: string): void {
    const [before, next] = [this.#saved, this.#content];
    if (before === next) return;
    this.#host.onChanged(
      label,
      () => this.restore(before),
      () => this.restore(next),
    );
  }

  /** Gives up what is being computed. */
  cancel(): void {
    this.#run?.abort();
  }

  onProgress(done: number, what: string): void {
    const computing = this.#computing;
    if (computing === null) return;
    if (what === computing.what && Math.abs(done - computing.done) < SMALLEST_PROGRESS) return;
    this.#tellComputing({ ...computing, done, what });
  }

  /** What edits of the document are called, and what can be set of them. */
  describe(edits: readonly Edit[]): Promise<readonly EditDescription[]> {
    return this.#host.describe(edits);
  }

  /** Errors of a training that is under way. */
  onTraining(training: readonly TrainingPoint[]): void {
    if (this.#computing !== null) this.#tellComputing({ ...this.#computing, training });
  }

  dispose(): void {
    this.#run?.abort();
  }

  #inTurn(wanted: (before: Content<Base>) => readonly WantedEdit[]): Promise<void> {
    return this.#queued(async () => {
      const { base, edits } = this.#content;
      const list = wanted(this.#content);
      const described = await this.#host.describe(list.map(({ edit }) => edit));
      const after = listOf(list, edits, described, this.#host.calibration());
      const change = changeBetween(edits, after);
      if (change) await this.#change({ base, edits: after }, change);
    });
  }

  /** Changes come one after the other: each starts from what the one before left. */
  #queued(work: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(work);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #change(next: Content<Base>, change: Change): Promise<void> {
    const before = this.#content;
    const label = this.#host.textOf(change);
    this.#failure = null;
    const run = this.#begin({ edits: next.edits, label, done: 0, what: "" });
    try {
      await this.#bring(next, run.signal);
      this.#content = next;
      this.#end(run);
      this.#host.onChanged(
        label,
        () => this.restore(before),
        () => this.restore(next),
      );
    } catch (error) {
      this.#fail(run, error);
      // Undoing has moved on meanwhile, and shows what it went to.
      if (this.#run === run) await this.#host.show(before, false).catch(() => undefined);
      throw error;
    } finally {
      this.#end(run);
    }
  }

  /** Shows a content: its prediction where computing takes a while, and what was computed. */
  async #bring(content: Content<Base>, signal: AbortSignal): Promise<void> {
    if (inForce(content.edits).length > 0) {
      const computed = this.#host.compute(content, signal);
      const isLate = await Promise.race([computed.then(() => false), delay(PREDICTION_DELAY_MILLISECONDS)]);
      if (isLate) await Promise.all([computed, this.#host.show(content, true).catch(() => undefined)]);
    }
    signal.throwIfAborted();
    await this.#host.show(content, false);
    signal.throwIfAborted();
  }

  #begin(computing: Computing | null): AbortController {
    this.#run?.abort();
    const run = (this.#run = new AbortController());
    this.#tellComputing(computing);
    return run;
  }

  #end(run: AbortController): void {
    if (this.#run === run && this.#computing !== null) this.#tellComputing(null);
  }

  #fail(run: AbortController, error: unknown): void {
    if (this.#run !== run || run.signal.aborted) return;
    const { stack: _stack, ...failure } = toFailure(error);
    this.#failure = failure;
    this.#tell();
  }

  #tellComputing(computing: Computing | null): void {
    this.#computing = computing;
    this.#tell();
  }

  /** Another graph may be shown now, which is edited or not. */
  tellRefusal(): void {
    if (this.#host.refusal() !== this.#toldRefusal) this.#tell();
  }

  #tell(): void {
    const { state } = this;
    this.#toldRefusal = state.refusal;
    this.#host.onState(state);
  }
}

function delay(milliseconds: number): Promise<true> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, true));
}
