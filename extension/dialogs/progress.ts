import * as vscode from "vscode";
import { plainText } from "./plain-text.ts";

/** Shows that something is under way while it is, under a title that is text. */
export async function showProgress<T>(
  { title, ...options }: vscode.ProgressOptions & { readonly title: string },
  work: (token: vscode.CancellationToken) => Thenable<T>,
): Promise<T> {
  return vscode.window.withProgress({ ...options, title: plainText(title) }, (_progress, token) => work(token));
}
