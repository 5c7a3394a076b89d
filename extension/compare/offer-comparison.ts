import * as path from "node:path";
import * as vscode from "vscode";
import { showInformation } from "../dialogs/messages.ts";

/** Offers to compare an edited model with the file that it was made from. */
export async function offerComparison(original: vscode.Uri, saved: vscode.Uri): Promise<void> {
  const compare = vscode.l10n.t("Compare with the Original");
  const names = [saved, original].map((file) => path.posix.basename(file.path));
  const message = vscode.l10n.t("{0} was saved; {1} is as it was.", ...names);
  if ((await showInformation(message, compare)) !== compare) return;
  await vscode.commands.executeCommand("edgewise.compare", original, [original, saved]);
}
