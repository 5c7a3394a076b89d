import * as path from "node:path";
import * as vscode from "vscode";
import type { SavedPicture } from "../../webview/protocol/page.ts";
import { showError, showInformation } from "../dialogs/messages.ts";

/** Asks where to, and writes a picture of a model's graph there. */
export async function savePicture(model: vscode.Uri, { format, bytes }: SavedPicture): Promise<void> {
  const { name } = path.posix.parse(model.path);
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export Graph"),
    defaultUri: vscode.Uri.joinPath(model, "..", `${name}.graph.${format}`),
    filters: { [format.toUpperCase()]: [format] },
  });
  if (file === undefined) return;
  try {
    await vscode.workspace.fs.writeFile(file, bytes);
  } catch (error) {
    void showError(error instanceof Error ? error.message : String(error));
    return;
  }
  const open = vscode.l10n.t("Open");
  const message = vscode.l10n.t("Exported to {0}.", vscode.workspace.asRelativePath(file));
  void showInformation(message, open).then((chosen) => {
    if (chosen === open) void vscode.commands.executeCommand("vscode.open", file);
  });
}
