import * as vscode from "vscode";
import { MODEL_EDITOR, type ModelEditorProvider } from "./editor/model-editor.ts";
import { log } from "./log.ts";

/** The commands of the manifest. */
export function registerCommands(editors: ModelEditorProvider): vscode.Disposable {
  const commands: Readonly<Record<string, (argument: unknown) => unknown>> = {
    "edgewise.openProfile": (argument) => openProfile(argument),
    "edgewise.reload": () => editors.activeDocument?.reload(),
    "edgewise.showLog": () => log().show(true),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) => vscode.commands.registerCommand(name, command)),
  );
}

/** From the explorer the file comes as an argument; from the palette it is asked for. */
async function openProfile(argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : await askForModel();
  if (uri) await vscode.commands.executeCommand("vscode.openWith", uri, MODEL_EDITOR);
}

async function askForModel(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Open Profile"),
    openLabel: vscode.l10n.t("Open Profile"),
    filters: { [vscode.l10n.t("Models")]: ["onnx", "tflite"] },
  });
  return chosen?.[0];
}
