import * as vscode from "vscode";
import type { HostContract, PageCommand, PageContract, Reveal } from "../../webview/protocol.ts";
import { Rpc, type Message } from "../../webview/rpc.ts";
import { log } from "../log.ts";
import { EDITING_REQUESTS, EDITING_START } from "./page-requests.ts";
import { onDidChangeBudgets, readBudgets, writeBudget } from "./budgets.ts";
import type { ModelDocument } from "./model-document.ts";

/** One page's view of a document: answers the page from it, tells it what changes, and knows what is selected there. */
export class PageConnection implements vscode.Disposable {
  readonly #page: Rpc<HostContract, PageContract>;
  readonly #connections: vscode.Disposable;
  readonly #selections = new vscode.EventEmitter<readonly number[]>();
  #selection: readonly number[] = [];

  readonly onDidSelect = this.#selections.event;

  constructor(document: ModelDocument, post: (message: Message) => unknown) {
    const { session } = document;
    this.#page = new Rpc<HostContract, PageContract>(
      post,
      {
        start: () => ({
          snapshot: session.snapshot,
          activity: session.activity,
          budgets: readBudgets(document.uri),
          preferences: document.preferences.get(),
          editing: EDITING_START,
          ...(vscode.l10n.bundle !== undefined && { translations: vscode.l10n.bundle }),
        }),
        ...EDITING_REQUESTS,
        rows: ({ revision, chunk }) => session.rows(revision, chunk),
        structure: ({ revision }) => session.structure(revision),
        layerDetails: ({ revision, layer }) => session.layerDetails(revision, layer),
        weightStatistics: ({ revision, layer, input }) => session.weightStatistics(revision, layer, input),
        remember: async ({ preferences }) => {
          await document.preferences.set(preferences);
          return null;
        },
        bind: async ({ bindings }) => {
          await session.bind(bindings);
          return null;
        },
        setBudget: async ({ id, text }) => {
          await writeBudget(document.uri, id, text);
          return null;
        },
        run: async ({ command }) => {
          await COMMANDS[command](document);
          return null;
        },
      },
      {
        select: ({ layers }) => {
          this.#selection = layers;
          this.#selections.fire(layers);
        },
      },
    );
    this.#connections = vscode.Disposable.from(
      document.onDidChangeSnapshot((snapshot) => this.#page.send("snapshot", snapshot)),
      document.onDidChangeActivity((activity) => this.#page.send("activity", activity)),
      onDidChangeBudgets(document.uri, (budgets) => this.#page.send("budgets", budgets)),
      this.#selections,
    );
  }

  /** Indices of the selected layers, the one chosen last at the end. */
  get selection(): readonly number[] {
    return this.#selection;
  }

  receive(message: unknown): void {
    this.#page.receive(message);
  }

  reveal(reveal: Reveal): void {
    this.#page.send("reveal", reveal);
  }

  dispose(): void {
    this.#page.dispose();
    this.#connections.dispose();
  }
}

const COMMANDS: Readonly<Record<PageCommand, (document: ModelDocument) => unknown>> = {
  retry: (document) => document.reload(),
  cancel: (document) => document.session.cancel(),
  "reopen-with": () => vscode.commands.executeCommand("workbench.action.reopenWithEditor"),
  "show-log": () => log().show(true),
  "choose-hardware": () => vscode.commands.executeCommand("edgewise.chooseHardware"),
  "open-hardware-settings": () => vscode.commands.executeCommand("workbench.action.openSettings", "edgewise.hardware"),
  undo: () => vscode.commands.executeCommand("undo"),
  redo: () => vscode.commands.executeCommand("redo"),
  save: () => vscode.commands.executeCommand("workbench.action.files.save"),
  "save-as": () => vscode.commands.executeCommand("workbench.action.files.saveAs"),
  revert: () => vscode.commands.executeCommand("workbench.action.files.revert"),
  "choose-calibration": () => vscode.commands.executeCommand("edgewise.chooseCalibration"),
  "export-edits": () => vscode.commands.executeCommand("edgewise.exportEdits"),
  "import-edits": () => vscode.commands.executeCommand("edgewise.importEdits"),
  export: ({ uri }) => vscode.commands.executeCommand("edgewise.export", uri),
  compare: ({ uri }) => vscode.commands.executeCommand("edgewise.compare", uri),
};
