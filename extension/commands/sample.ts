import * as vscode from "vscode";
import { MODEL_EDITOR } from "../editor/model-editor.ts";

/** Opens the model that comes with the extension. */
export async function openSample(extension: vscode.Uri): Promise<void> {
  const sample = vscode.Uri.joinPath(extension, "media/samples/digits_resnet.onnx");
  await vscode.commands.executeCommand("vscode.openWith", sample, MODEL_EDITOR);
}
