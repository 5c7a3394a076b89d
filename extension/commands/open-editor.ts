import * as vscode from "vscode";
import { MODEL_EDITOR } from "../editor/model-editor.ts";
import type { OpenEditor } from "../editor/open-models.ts";
import { askForModel, type ModelAccess } from "./model-access.ts";

/**
 * The editor that a command is for, wherever it is called from: the one in front, else that of the only open model, else one of a file
 * that the user chooses, which is opened.
 * @returns nothing when the user chooses none
 */
export async function editorFor(access: ModelAccess): Promise<OpenEditor | undefined> {
  const { active } = access;
  if (active) return active;
  const { documents } = access.models;
  const [only] = documents.length === 1 ? documents : [];
  const uri = only?.uri ?? (await askForModel(vscode.l10n.t("Choose an ONNX or TFLite Model")));
  if (uri === undefined) return undefined;
  await vscode.commands.executeCommand("vscode.openWith", uri, MODEL_EDITOR);
  const document = access.models.find(uri);
  return access.active ?? (document && access.models.editorsOf(document)[0]);
}
