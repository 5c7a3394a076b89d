import * as vscode from "vscode";
import { RpcError } from "../../webview/protocol/rpc.ts";

/** Budgets are settings, each a text such as "100 MB": what they mean is the page's business. */

const SECTION = "edgewise.budgets";

export function readBudgets(model: vscode.Uri): Readonly<Record<string, string>> {
  const settings = vscode.workspace
    .getConfiguration("edgewise", model)
    .get<Readonly<Record<string, unknown>>>("budgets");
  return Object.fromEntries(
    Object.entries(settings ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/**
 * Writes a budget where it is set already, else to the user's settings.
 * @throws {RpcError} "option" for a budget that there is not
 */
export async function writeBudget(model: vscode.Uri, id: string, text: string): Promise<void> {
  if (!Object.hasOwn(readBudgets(model), id)) throw new RpcError({ code: "option", message: `No such budget: ${id}` });
  const settings = vscode.workspace.getConfiguration(SECTION, model);
  const set = settings.inspect(id);
  const target =
    set?.workspaceFolderValue !== undefined
      ? vscode.ConfigurationTarget.WorkspaceFolder
      : set?.workspaceValue !== undefined
        ? vscode.ConfigurationTarget.Workspace
        : vscode.ConfigurationTarget.Global;
  await settings.update(id, text, target);
}

/** Tells the budgets of a model whenever one changes. */
export function onDidChangeBudgets(
  model: vscode.Uri,
  listener: (budgets: Readonly<Record<string, string>>) => void,
): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(SECTION, model)) listener(readBudgets(model));
  });
}
