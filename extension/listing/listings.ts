import * as vscode from "vscode";
import type { ModelAccess } from "../commands/model-access.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { ListedModel } from "./listed-model.ts";
import { isListing, listingOf, modelOf } from "./listing-uri.ts";

interface Entry {
  readonly model: ListedModel;
  readonly listeners: vscode.Disposable;
  /** A document of the listing's own, because no page is open on the model: to be disposed of with the listing. */
  readonly own: ModelDocument | undefined;
}

/** Listings of all open models, and of those whose listing alone is open. */
export class Listings implements vscode.Disposable {
  readonly access: ModelAccess;
  readonly #entries = new Map<string, Entry>();
  readonly #changes = new vscode.EventEmitter<ListedModel>();
  readonly #diagnosed = new vscode.EventEmitter<ListedModel>();
  readonly #closings = new vscode.EventEmitter<vscode.Uri>();
  readonly #listeners: vscode.Disposable;

  readonly onDidChange = this.#changes.event;
  readonly onDidDiagnose = this.#diagnosed.event;
  /** The model whose listing is gone. */
  readonly onDidClose = this.#closings.event;

  constructor(access: ModelAccess) {
    this.access = access;
    const { models } = access;
    this.#listeners = vscode.Disposable.from(
      models.onDidOpen((document) => this.#add(document, undefined)),
      models.onDidClose(({ uri }) => this.#closeModel(uri)),
      vscode.workspace.onDidCloseTextDocument((text) => {
        if (isListing(text)) this.#dropOwn(modelOf(text.uri));
      }),
    );
  }

  find(model: vscode.Uri): ListedModel | undefined {
    return this.#entries.get(model.toString())?.model;
  }

  /** Of a text document; nothing for one that is no listing. */
  of(text: vscode.TextDocument): ListedModel | undefined {
    return isListing(text) ? this.find(modelOf(text.uri)) : undefined;
  }

  /** The listing of a model, which need not be open. */
  open(model: vscode.Uri): ListedModel {
    const known = this.find(model);
    if (known) return known;
    const document = this.access.open(model);
    return this.#add(document, document);
  }

  dispose(): void {
    this.#listeners.dispose();
    for (const key of [...this.#entries.keys()]) this.#remove(key);
    for (const emitter of [this.#changes, this.#diagnosed, this.#closings]) emitter.dispose();
  }

  #add(document: ModelDocument, own: ModelDocument | undefined): ListedModel {
    const key = document.uri.toString();
    this.#remove(key);
    const model = new ListedModel(document);
    const listeners = vscode.Disposable.from(
      model.onDidChange(() => this.#changes.fire(model)),
      model.onDidDiagnose(() => this.#diagnosed.fire(model)),
    );
    this.#entries.set(key, { model, listeners, own });
    return model;
  }

  /** An open listing goes on with a document of its own. */
  #closeModel(uri: vscode.Uri): void {
    this.#remove(uri.toString());
    if (isShown(listingOf(uri))) this.open(uri);
    else this.#closings.fire(uri);
  }

  #dropOwn(model: vscode.Uri): void {
    if (this.#entries.get(model.toString())?.own === undefined) return;
    this.#remove(model.toString());
    this.#closings.fire(model);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    entry?.listeners.dispose();
    entry?.model.dispose();
    entry?.own?.dispose();
  }
}

function isShown(listing: vscode.Uri): boolean {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === listing.toString());
}
