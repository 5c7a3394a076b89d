import type * as vscode from "vscode";
import type { ModelDocument } from "./model-document.ts";
import { PageConnection } from "./page-connection.ts";
import { pageHtml } from "./page-html.ts";

/** One editor on a model. */
export function connectPanel(panel: vscode.WebviewPanel, document: ModelDocument, dist: vscode.Uri): PageConnection {
  const { webview } = panel;
  const page = new PageConnection(document, (message) => webview.postMessage(message));
  const messages = webview.onDidReceiveMessage((message: unknown) => page.receive(message));
  panel.onDidDispose(() => {
    page.dispose();
    messages.dispose();
  });
  webview.options = { enableScripts: true, localResourceRoots: [dist] };
  webview.html = pageHtml(webview, dist, "webview");
  return page;
}
