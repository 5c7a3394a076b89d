import * as vscode from "vscode";
import type { Diagnosis, WeightDiagnoses } from "../../profiler/diagnostics/index.ts";
import type { LayerDetails, Profile } from "../../profiler/index.ts";
import { ListingIndex } from "../../profiler/presentation.ts";
import type { Edit } from "../../profiler/editing/index.ts";
import type { Prediction, Suggestions } from "../../webview/protocol/editing.ts";
import { RpcError, toFailure } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { log } from "../log.ts";

/** One revision of a model as text, with everything that is known of it. */
export interface ListedRevision {
  readonly revision: number;
  readonly profile: Profile;
  readonly index: ListingIndex;
}

interface AskedSuggestions {
  readonly revision: number;
  readonly list: Promise<Suggestions>;
  readonly run: AbortController;
  /** Whether the list is there. */
  readonly isKnown: boolean;
}

/** The listing of one document: follows its revisions, and asks the engine about the one that is shown. */
export class ListedModel implements vscode.Disposable {
  readonly document: ModelDocument;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly #diagnosed = new vscode.EventEmitter<void>();
  readonly #listeners: vscode.Disposable;
  #shown: ListedRevision | undefined;
  #failure: string | undefined;
  #diagnoses: readonly Diagnosis[] = [];
  #weights: { readonly profile: Profile; readonly found: WeightDiagnoses } | undefined;
  #suggestions: AskedSuggestions | undefined;
  /** Questions about single layers come one after the other: a cursor moves faster than they are answered. */
  #few: Promise<unknown> = Promise.resolve();

  /** There is another text. */
  readonly onDidChange = this.#changes.event;
  /** There are other diagnoses. */
  readonly onDidDiagnose = this.#diagnosed.event;

  constructor(document: ModelDocument) {
    this.document = document;
    this.#listeners = vscode.Disposable.from(
      document.onDidChangeSnapshot(() => void this.#follow()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("edgewise.diagnostics", document.uri)) void this.#diagnose();
      }),
    );
    void this.#follow();
  }

  /** What is shown; nothing before the first listing, and while the model cannot be read. */
  get shown(): ListedRevision | undefined {
    return this.#shown;
  }

  /** The whole text; says why there is no listing where there is none. */
  get text(): string {
    if (this.#shown) return this.#shown.index.listing.text;
    return this.#failure === undefined ? "" : `// ${this.#failure.replaceAll("\n", "\n// ")}\n`;
  }

  /** Diagnoses of the shown revision, those of the weights among them once they were asked for. */
  get diagnoses(): readonly Diagnosis[] {
    const weights = this.#weights?.profile === this.#shown?.profile ? (this.#weights?.found.diagnoses ?? []) : [];
    return [...this.#diagnoses, ...weights];
  }

  /** Waits until there is a text. */
  async whenListed(): Promise<string> {
    while (this.#shown === undefined && this.#failure === undefined) await next(this.onDidChange);
    return this.text;
  }

  /** @throws {RpcError} "stale" when another revision is shown by then */
  layerDetails({ revision }: ListedRevision, layer: number): Promise<LayerDetails> {
    return this.document.session.layerDetails(revision, layer);
  }

  /** What could be done to the shown model; asked for once a revision. @throws {RpcError} */
  suggestions(): Promise<Suggestions> {
    const revision = this.#shown?.revision ?? -1;
    if (this.#suggestions?.revision !== revision) {
      this.#suggestions?.run.abort();
      const run = new AbortController();
      const asked = { revision, run, list: this.document.suggest(revision, run.signal), isKnown: false };
      asked.list.then(
        () => (asked.isKnown = true),
        () => {
          if (this.#suggestions === asked) this.#suggestions = undefined;
        },
      );
      this.#suggestions = asked;
    }
    return this.#suggestions.list;
  }

  /** What could be done to some layers: known sooner than what could be done to all, which is looked for meanwhile. @throws {RpcError} */
  suggestionsFor(layers: readonly number[], token: vscode.CancellationToken): Promise<Suggestions> {
    const all = this.suggestions();
    const asked = this.#suggestions;
    if (!asked || asked.isKnown) return all;
    const few = this.#few.then(() =>
      token.isCancellationRequested || asked.isKnown
        ? all
        : this.document.suggest(asked.revision, asked.run.signal, { rows: layers }),
    );
    this.#few = few.catch(() => undefined);
    return Promise.race([all, few]);
  }

  /** What the shown model would cost with one more edit; null when only computing it can tell. @throws {RpcError} */
  predict(edit: Edit, signal: AbortSignal): Promise<Prediction | null> {
    return this.document.predict(this.#shown?.revision ?? -1, edit, signal);
  }

  /** Reads the weights and looks at their numbers. @throws {RpcError} */
  async inspectWeights(signal: AbortSignal): Promise<WeightDiagnoses | undefined> {
    const { document } = this;
    const shown = this.#shown;
    if (shown === undefined) return undefined;
    const request = { ...document.session.requestOf(shown.revision), isPrediction: false };
    const found = await document.engines.compute("diagnoseWeights", { request, settings: this.#settings() }, signal);
    if (this.#shown !== shown) return undefined;
    this.#weights = { profile: shown.profile, found };
    this.#diagnosed.fire();
    return found;
  }

  dispose(): void {
    this.#suggestions?.run.abort();
    this.#listeners.dispose();
    this.#changes.dispose();
    this.#diagnosed.dispose();
  }

  async #follow(): Promise<void> {
    const { snapshot } = this.document.session;
    if (snapshot.kind === "loading") return;
    if (snapshot.kind === "failed") {
      this.#show(undefined, snapshot.failure.message);
      return;
    }
    const { revision } = snapshot;
    const { profile } = this.document;
    try {
      const listing = await this.document.engines.listing(this.document.session.requestOf(revision));
      if (profile === undefined || !this.#isCurrent(revision)) return;
      this.#show({ revision, profile, index: new ListingIndex(listing) });
      await this.#diagnose();
    } catch (error) {
      if (this.#isCurrent(revision)) this.#show(undefined, toFailure(error).message);
    }
  }

  async #diagnose(): Promise<void> {
    const shown = this.#shown;
    if (shown === undefined) return;
    try {
      const request = this.document.session.requestOf(shown.revision);
      const diagnoses = await this.document.engines.diagnose({ request, settings: this.#settings() });
      if (this.#shown !== shown) return;
      this.#diagnoses = diagnoses;
      this.#diagnosed.fire();
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (this.#shown === shown) log().warn(`${this.document.uri.toString(true)}: ${error.failure.message}`);
    }
  }

  #isCurrent(revision: number): boolean {
    const { snapshot } = this.document.session;
    return snapshot.kind === "ready" && snapshot.revision === revision;
  }

  #show(shown: ListedRevision | undefined, failure?: string): void {
    this.#shown = shown;
    this.#failure = failure;
    this.#diagnoses = [];
    this.#changes.fire();
    if (shown === undefined) this.#diagnosed.fire();
  }

  #settings(): unknown {
    // What VS Code hands out is a proxy, which no thread can be sent.
    const settings = vscode.workspace.getConfiguration("edgewise", this.document.uri).get<object>("diagnostics", {});
    return JSON.parse(JSON.stringify(settings)) as unknown;
  }
}

function next(event: vscode.Event<void>): Promise<void> {
  return new Promise((resolve) => {
    const listener = event(() => {
      listener.dispose();
      resolve();
    });
  });
}
