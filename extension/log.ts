import * as vscode from "vscode";
import type { Failure } from "../webview/protocol/rpc.ts";

let channel: vscode.LogOutputChannel | undefined;

/** The output channel "Edgewise", made when something first has to be said. */
export function log(): vscode.LogOutputChannel {
  channel ??= vscode.window.createOutputChannel("Edgewise", { log: true });
  return channel;
}

/** @param work what failed, or was cancelled */
export function logFailure(work: string, { code, message, hint, stack }: Failure): void {
  if (code === "cancelled") log().info(`${work} was cancelled`);
  else log().error(`${work}: ${message}`, ...[hint, stack].filter((text) => text !== undefined));
}

export function disposeLog(): void {
  channel?.dispose();
  channel = undefined;
}
