import * as vscode from "vscode";
import type { ProfileHeader } from "../../webview/protocol/packed-profile.ts";

/** Why a document cannot be edited, or not what is shown of it; null where it can. */
export function refusalOf(uri: vscode.Uri, shown: ProfileHeader | undefined): string | null {
  if (uri.scheme !== "file")
    return vscode.l10n.t(
      "This model is not on a disk of the machine the extension runs on. To edit it, save a copy there and open that one.",
    );
  return shown?.parts.refusal ?? null;
}
