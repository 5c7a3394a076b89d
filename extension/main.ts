import * as vscode from "vscode";
import { registerCommands } from "./commands.ts";
import { MODEL_EDITOR, ModelEditorProvider } from "./editor/model-editor.ts";
import { RememberedBindings } from "./editor/remembered-bindings.ts";
import { disposeLog } from "./log.ts";

/** Registers the editor and its commands; the engine is loaded by the first model, in a thread of its own. */
export function activate(context: vscode.ExtensionContext): void {
  const dist = vscode.Uri.joinPath(context.extensionUri, "dist");
  const editors = new ModelEditorProvider(
    {
      workerScript: vscode.Uri.joinPath(dist, "worker.cjs").fsPath,
      remembered: new RememberedBindings(context.workspaceState),
    },
    dist,
  );
  context.subscriptions.push(
    vscode.window.registerCustomEditorProvider(MODEL_EDITOR, editors, { supportsMultipleEditorsPerDocument: true }),
    registerCommands(editors),
    { dispose: disposeLog },
  );
}
