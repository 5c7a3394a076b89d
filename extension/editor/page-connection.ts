import * as vscode from "vscode";
import type {
  Fault,
  GraphOrder,
  HostContract,
  PageCommand,
  PageContract,
  Reveal,
  StartReply,
} from "../../webview/protocol/page.ts";
import type { EditingPart } from "../../webview/protocol/editing.ts";
import { Rpc, type Message } from "../../webview/protocol/rpc.ts";
import { showError } from "../dialogs/messages.ts";
import { log } from "../log.ts";
import { savePicture } from "./save-picture.ts";
import { saveTensor } from "./save-tensor.ts";
import { runningRequests } from "../running/running-requests.ts";
import { editingRequests, editingStart } from "./page-requests.ts";
import { onDidChangeBudgets, readBudgets, writeBudget } from "./budgets.ts";
import { choosePart } from "./choose-part.ts";
import { Downloads } from "./downloads.ts";
import type { ModelDocument } from "./model-document.ts";
import { PageOrders } from "./page-orders.ts";

/** One page's view of a document: answers the page from it, tells it what changes, and knows what is selected there. */
export class PageConnection implements vscode.Disposable {
  readonly #page: Rpc<HostContract, PageContract>;
  readonly #connections: vscode.Disposable;
  readonly #downloads: Downloads;
  readonly #orders: PageOrders;
  readonly #selections = new vscode.EventEmitter<readonly number[]>();
  #selection: readonly number[] = [];
  #isFaulty = false;

  readonly onDidSelect = this.#selections.event;

  constructor(document: ModelDocument, post: (message: Message) => unknown) {
    const { session } = document;
    this.#downloads = new Downloads(document);
    this.#page = new Rpc<HostContract, PageContract>(
      post,
      {
        start: () => this.#start(document),
        ...editingRequests(document),
        ...runningRequests(document),
        rows: ({ revision, chunk }) => session.rows(revision, chunk),
        structure: ({ revision }) => session.structure(revision),
        layerDetails: ({ revision, layer }) => session.layerDetails(revision, layer),
        weightStatistics: ({ revision, layer, input }) => session.weightStatistics(revision, layer, input),
        download: ({ revision }, signal) => this.#downloads.compute(revision, signal),
        saveTensor: async ({ revision, ...place }) => {
          await saveTensor(document, revision, place);
          return null;
        },
        remember: async ({ preferences }) => {
          await document.preferences.set(preferences, this);
          return null;
        },
        bind: async ({ bindings }) => {
          await session.bind(bindings);
          return null;
        },
        choosePart: async (part) => {
          await choosePart(document, part);
          return null;
        },
        setBudget: async ({ id, text }) => {
          await writeBudget(document.uri, id, text);
          return null;
        },
        savePicture: async (picture) => {
          await savePicture(document.uri, picture);
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
        taken: ({ id }) => this.#orders.taken(id),
        fault: (fault) => this.#tellOf(fault),
      },
    );
    this.#orders = new PageOrders((order) => this.#page.send("order", order));
    this.#connections = vscode.Disposable.from(
      document.onDidChangeSnapshot((snapshot) => this.#page.send("snapshot", snapshot)),
      document.onDidChangeActivity((activity) => this.#page.send("activity", activity)),
      document.events.state.event((state) => this.#page.send("document", state)),
      document.events.calibration.event((calibration) => this.#page.send("calibration", calibration)),
      document.events.fit.event((state) => this.#page.send("fit", state)),
      document.events.sensitivity.event((state) => this.#page.send("sensitivity", state)),
      document.events.runs.event((state) => this.#page.send("runs", state)),
      document.events.running.event((running) => this.#page.send("running", running)),
      document.events.progress.event((progress) => this.#page.send("progress", progress)),
      document.events.found.event((found) => this.#page.send("found", found)),
      document.preferences.onDidChange(({ preferences, by }) => {
        if (by !== this) this.#page.send("preferences", preferences);
      }),
      onDidChangeBudgets(document.uri, (budgets) => this.#page.send("budgets", budgets)),
      this.#selections,
    );
  }

  /** To the log always, to the user once: a fault that is drawn again and again is one. */
  #tellOf({ message, stack }: Fault): void {
    log().error(`The page: ${message}`, stack);
    if (this.#isFaulty) return;
    this.#isFaulty = true;
    const showLog = vscode.l10n.t("Show Log");
    const said = vscode.l10n.t("Something went wrong in the page of a model. The log says what.");
    void showError(said, showLog).then((chosen) => {
      if (chosen === showLog) log().show(true);
    });
  }

  /** Indices of the selected layers, the one chosen last at the end. */
  get selection(): readonly number[] {
    return this.#selection;
  }

  receive(message: unknown): void {
    this.#page.receive(message);
  }

  reveal(reveal: Reveal): void {
    this.#orders.give({ kind: "reveal", reveal });
  }

  graph(graph: GraphOrder): void {
    this.#orders.give({ kind: "graph", graph });
  }

  /** Brings a part of the suggestions view into sight. */
  showPart(part: EditingPart): void {
    this.#orders.give({ kind: "part", part });
  }

  /** Marks rows that something outside the page points at. */
  highlight(layers: readonly number[]): void {
    this.#page.send("highlight", { layers });
  }

  dispose(): void {
    this.#page.dispose();
    this.#connections.dispose();
  }

  #start(document: ModelDocument): StartReply {
    void document.runs.load();
    return {
      snapshot: document.session.snapshot,
      activity: document.session.activity,
      budgets: readBudgets(document.uri),
      preferences: document.preferences.get(),
      editing: editingStart(document),
      runs: document.runs.state,
      orders: this.#orders.untaken,
      download: this.#downloads.known,
      ...(vscode.l10n.bundle !== undefined && { translations: vscode.l10n.bundle }),
    };
  }
}

const COMMANDS: Readonly<Record<PageCommand, (document: ModelDocument) => unknown>> = {
  retry: (document) => document.reload(),
  cancel: (document) => document.session.cancel(),
  "reopen-with": () => vscode.commands.executeCommand("workbench.action.reopenWithEditor"),
  "show-log": () => log().show(true),
  "choose-hardware": () => vscode.commands.executeCommand("edgewise.chooseHardware"),
  "add-hardware": () => vscode.commands.executeCommand("edgewise.addHardware"),
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
  "export-graph": () => vscode.commands.executeCommand("edgewise.exportGraph"),
  compare: ({ uri }) => vscode.commands.executeCommand("edgewise.compare", uri),
};
