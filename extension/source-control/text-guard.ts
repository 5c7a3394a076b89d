import * as vscode from "vscode";
import { formatByName } from "../../profiler/formats/format-types.ts";
import { showError, showWarning } from "../dialogs/messages.ts";
import { log } from "../log.ts";
import { FilesAside } from "./files-aside.ts";

/**
 * Keeps models from being saved as text. A text editor replaces each byte that is not UTF-8, and every line ending: one key and a save
 * destroy a model. VS Code lets nobody refuse a save, so the file is copied aside before it and put back after it. Files that are text,
 * pointers of Git LFS among them, are left alone.
 */
export function guardFromText(): vscode.Disposable {
  const aside = new FilesAside();
  return vscode.Disposable.from(
    aside,
    vscode.workspace.onWillSaveTextDocument(({ document: { uri } }) => {
      if (uri.scheme !== "file" || !formatByName(uri.path)) return;
      try {
        aside.keep(uri.fsPath);
      } catch (error) {
        log().warn(`${uri.fsPath} was not copied aside`, String(error));
      }
    }),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (uri.scheme === "file") void putBack(aside, uri);
    }),
  );
}

async function putBack(aside: FilesAside, uri: vscode.Uri): Promise<void> {
  const name = vscode.workspace.asRelativePath(uri);
  const outcome = await aside.putBack(uri.fsPath);
  if (outcome === undefined) return;
  const { copy, failure } = outcome;
  if (failure !== undefined) {
    void showError(
      vscode.l10n.t(
        "{0} was saved by a text editor and cannot be put back ({1}). A copy is at {2}.",
        name,
        failure,
        copy,
      ),
    );
    return;
  }
  log().warn(`${uri.fsPath} was saved by a text editor, and put back`);
  const openModel = vscode.l10n.t("Open Model");
  const message = vscode.l10n.t(
    "{0} is a model. Saved by a text editor it would have been destroyed, so the file was put back as it was.",
    name,
  );
  if ((await showWarning(message, openModel)) === openModel)
    await vscode.commands.executeCommand("edgewise.openProfile", uri);
}
