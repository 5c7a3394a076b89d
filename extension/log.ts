import * as vscode from "vscode";

let channel: vscode.LogOutputChannel | undefined;

/** The output channel "Edgewise", made when something first has to be said. */
export function log(): vscode.LogOutputChannel {
  channel ??= vscode.window.createOutputChannel("Edgewise", { log: true });
  return channel;
}

export function disposeLog(): void {
  channel?.dispose();
  channel = undefined;
}
