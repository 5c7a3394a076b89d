import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Script and style sheet of a page have one name. */
export type PageBundle = "webview" | "compare";

/**
 * A page, with nothing in it but its script: names from a model only ever reach it as data. No inline script or style, no network.
 */
export function pageHtml(webview: vscode.Webview, dist: vscode.Uri, bundle: PageBundle): string {
  const nonce = randomBytes(16).toString("base64");
  const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    // The worker that lays out graphs: fetched from the extension, started from a blob.
    `connect-src ${webview.cspSource}`,
    "worker-src blob:",
    // A picture of the graph on its way from SVG to PNG.
    "img-src blob:",
  ].join("; ");
  return `<!doctype html>
<html lang="${vscode.env.language}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <!-- Where the controls' library looks for the nonce of the one style element it makes. -->
    <meta property="csp-nonce" content="${nonce}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="stylesheet" href="${asset("codicons/codicon.css")}">
    <link rel="stylesheet" href="${asset(`${bundle}.css`)}">
    <script type="module" nonce="${nonce}" src="${asset(`${bundle}.js`)}"></script>
    <title>Edgewise</title>
  </head>
  <body></body>
</html>`;
}
