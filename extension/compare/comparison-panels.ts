import * as path from "node:path";
import * as v from "valibot";
import * as vscode from "vscode";
import { fields, fitting } from "../../profiler/outside-data.ts";
import type { PairHostContract, PairPageContract, Side } from "../../webview/compare/protocol.ts";
import { SIDES } from "../../webview/compare/protocol.ts";
import { Rpc } from "../../webview/protocol/rpc.ts";
import type { ModelAccess } from "../commands/model-access.ts";
import { MODEL_EDITOR } from "../editor/model-editor.ts";
import { PageConnection } from "../editor/page-connection.ts";
import { pageHtml } from "../editor/page-html.ts";
import { OutputComparison } from "./output-comparison.ts";
import { gitVersionOf, refText, versionText } from "../source-control/git-version.ts";

const COMPARISON = "edgewise.compare";

export type Pair = Readonly<Record<Side, vscode.Uri>>;

interface ChangesPanel {
  readonly panel: vscode.WebviewPanel;
  pair: Pair;
  readonly show: (pair: Pair) => void;
}

/** Panels that show two models side by side: they follow changes of both files, and come back after a restart. */
export class ComparisonPanels implements vscode.WebviewPanelSerializer {
  readonly #access: ModelAccess;
  readonly #dist: vscode.Uri;
  /** Shows what was last clicked in source control, as a preview editor does; one for each column. */
  readonly #changes = new Map<vscode.ViewColumn, ChangesPanel>();

  constructor(access: ModelAccess, dist: vscode.Uri) {
    this.#access = access;
    this.#dist = dist;
  }

  register(): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(COMPARISON, this);
  }

  open(pair: Pair): void {
    this.#connect(vscode.window.createWebviewPanel(COMPARISON, titleOf(pair), vscode.ViewColumn.Active), pair);
  }

  /** Compares two versions in a column, in the panel that shows the last ones there; what has the focus keeps it. */
  openChanges(pair: Pair, viewColumn: vscode.ViewColumn): void {
    const shown = this.#changes.get(viewColumn);
    if (shown) {
      shown.panel.reveal(viewColumn, true);
      if (isSamePair(shown.pair, pair)) return;
      shown.pair = pair;
      shown.show(pair);
      return;
    }
    const panel = vscode.window.createWebviewPanel(COMPARISON, titleOf(pair), { viewColumn, preserveFocus: true });
    this.#changes.set(viewColumn, { panel, pair, show: this.#connect(panel, pair) });
    // Another panel may show what is clicked by then.
    const giveUp = (): void => {
      if (this.#changes.get(viewColumn)?.panel === panel) this.#changes.delete(viewColumn);
    };
    panel.onDidDispose(giveUp);
    panel.onDidChangeViewState(() => {
      // Moved to another column, it is the user's own.
      if (panel.viewColumn !== viewColumn) giveUp();
    });
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const pair = pairOf(state);
    if (pair) this.#connect(panel, pair);
    else panel.dispose();
    return Promise.resolve();
  }

  /** @returns shows another pair in the panel */
  #connect(panel: vscode.WebviewPanel, pair: Pair): (pair: Pair) => void {
    let connection = vscode.Disposable.from();
    const show = (shown: Pair): void => {
      connection.dispose();
      connection = this.#show(panel, shown, () => show({ before: shown.after, after: shown.before }));
    };
    show(pair);
    panel.onDidDispose(() => {
      connection.dispose();
    });
    return show;
  }

  #show(panel: vscode.WebviewPanel, pair: Pair, swap: () => void): vscode.Disposable {
    const { webview } = panel;
    const documents = { before: this.#access.open(pair.before), after: this.#access.open(pair.after) };
    const pages = SIDES.map((side) => ({
      side,
      page: new PageConnection(documents[side], (message) => webview.postMessage({ side, message })),
    }));
    const own = new Rpc<PairHostContract, PairPageContract>(
      (message) => webview.postMessage({ side: "pair", message }),
      {
        start: () => ({
          uris: { before: pair.before.toString(), after: pair.after.toString() },
          paths: { before: versionText(pair.before), after: versionText(pair.after) },
          outputs: outputs.state,
          ...(vscode.l10n.bundle !== undefined && { translations: vscode.l10n.bundle }),
        }),
        open: async ({ side }) => {
          await vscode.commands.executeCommand("vscode.openWith", pair[side], MODEL_EDITOR);
          return null;
        },
        swap: () => {
          swap();
          return null;
        },
        compareOutputs: () => {
          void outputs.start();
          return null;
        },
        cancelOutputs: () => {
          outputs.cancel();
          return null;
        },
        chooseData: async () => {
          await outputs.chooseData();
          return null;
        },
      },
    );
    const outputs = new OutputComparison(this.#access, documents, (state) => own.send("outputs", state));
    const messages = webview.onDidReceiveMessage(
      (received: { readonly side?: unknown; readonly message?: unknown }) => {
        if (received.side === "pair") own.receive(received.message);
        else pages.find(({ side }) => side === received.side)?.page.receive(received.message);
      },
    );
    panel.title = titleOf(pair);
    webview.options = { enableScripts: true, localResourceRoots: [this.#dist] };
    webview.html = pageHtml(webview, this.#dist, "compare");
    return vscode.Disposable.from(
      messages,
      outputs,
      { dispose: () => own.dispose() },
      ...pages.map(({ page }) => page),
      ...SIDES.map((side) => documents[side]),
    );
  }
}

/** "before.onnx ↔ after.onnx"; "model.onnx (HEAD ↔ Working Tree)" for versions of one file. */
function titleOf({ before, after }: Pair): string {
  const [old, now] = [path.posix.basename(before.path), path.posix.basename(after.path)];
  if (before.path !== after.path || before.toString() === after.toString()) return `${old} ↔ ${now}`;
  const versions = [before, after].map((uri) => refText(gitVersionOf(uri)?.ref));
  return `${now} (${versions.join(" ↔ ")})`;
}

function isSamePair(a: Pair, b: Pair): boolean {
  return SIDES.every((side) => a[side].toString() === b[side].toString());
}

const KEPT = fields({ before: v.string(), after: v.string() });

/** What an older version kept is dropped rather than trusted. */
function pairOf(state: unknown): Pair | undefined {
  const kept = fitting(KEPT, state);
  return kept && { before: vscode.Uri.parse(kept.before), after: vscode.Uri.parse(kept.after) };
}
