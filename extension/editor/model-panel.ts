import * as vscode from "vscode";
import type { HostContract, PageCommand, PageContract } from "../../webview/protocol.ts";
import { Rpc } from "../../webview/rpc.ts";
import { log } from "../log.ts";
import { onDidChangeBudgets, readBudgets, writeBudget } from "./budgets.ts";
import type { ModelDocument } from "./model-document.ts";
import { pageHtml } from "./page-html.ts";

/** One editor on a model: answers its page from the document, and tells it what changes. */
export function connectPanel(panel: vscode.WebviewPanel, document: ModelDocument, dist: vscode.Uri): void {
  const { webview } = panel;
  const { session } = document;
  const page = new Rpc<HostContract, PageContract>((message) => webview.postMessage(message), {
    start: () => ({
      snapshot: session.snapshot,
      activity: session.activity,
      budgets: readBudgets(document.uri),
      ...(vscode.l10n.bundle !== undefined && { translations: vscode.l10n.bundle }),
    }),
    rows: ({ revision, chunk }) => session.rows(revision, chunk),
    structure: ({ revision }) => session.structure(revision),
    bind: async ({ bindings }) => {
      await session.bind(bindings);
      return null;
    },
    setBudget: async ({ id, text }) => {
      await writeBudget(document.uri, id, text);
      return null;
    },
    run: async ({ command }) => {
      await run(command, document);
      return null;
    },
  });
  const connections = [
    webview.onDidReceiveMessage((message: unknown) => page.receive(message)),
    document.onDidChangeSnapshot((snapshot) => page.send("snapshot", snapshot)),
    document.onDidChangeActivity((activity) => page.send("activity", activity)),
    onDidChangeBudgets(document.uri, (budgets) => page.send("budgets", budgets)),
  ];
  panel.onDidDispose(() => {
    page.dispose();
    for (const connection of connections) connection.dispose();
  });
  webview.options = { enableScripts: true, localResourceRoots: [dist] };
  webview.html = pageHtml(webview, dist);
}

const COMMANDS: Readonly<Record<PageCommand, (document: ModelDocument) => unknown>> = {
  retry: (document) => document.reload(),
  cancel: (document) => document.session.cancel(),
  "reopen-with": () => vscode.commands.executeCommand("workbench.action.reopenWithEditor"),
  "show-log": () => log().show(true),
  "open-hardware-settings": () => vscode.commands.executeCommand("workbench.action.openSettings", "edgewise.hardware"),
};

async function run(command: PageCommand, document: ModelDocument): Promise<void> {
  await COMMANDS[command](document);
}
