import * as vscode from "vscode";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "./model-document.ts";
import { namedPart } from "./named-part.ts";
import type { ShownPart } from "./profiling-session.ts";

/**
 * Shows another model of a bundle, or another entry of a model.
 * @param asked what is left out is as it is, or the first of another model
 * @throws {RpcError} "refused" while there are edits of another model, "option" when there is no such part: the last table stays
 */
export async function choosePart(document: ModelDocument, asked: ShownPart): Promise<void> {
  const { parts } = (await document.whenProfiled()).header;
  const isOther = asked.model !== undefined && asked.model !== parts.model;
  if (isOther && document.editing.content.edits.length > 0)
    throw new RpcError({
      code: "refused",
      message: vscode.l10n.t("The edits are of {0}: save them as a file, or undo them, first.", parts.model ?? ""),
    });
  await document.session.choose(document.part.viewOf(namedPart(parts, asked)));
}
