import * as path from "node:path";
import * as vscode from "vscode";
import { parseEdit, type Edit } from "../../profiler/editing/edit.ts";
import { formatEditList, parseEditList } from "../../profiler/editing/edit-list.ts";
import { formatLearned, parseLearned } from "../../profiler/training/learned-file.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { showError, showInformation } from "../dialogs/messages.ts";
import { showProgress } from "../dialogs/progress.ts";

/** Commands on the list of edits of a model. */

/**
 * Applies edits as one undoable step: for code actions and other programs.
 * @param argument edits, or their texts as `edgewise apply --edit` takes them
 */
export async function applyEdits(document: ModelDocument, argument: unknown): Promise<void> {
  const given: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  await document.applyEdits(given.map((edit) => (typeof edit === "string" ? parseEdit(edit) : (edit as Edit))));
}

/** Every exact edit that saves something, with its progress where notifications are. */
export async function applyAllExact(document: ModelDocument): Promise<void> {
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Applying exact edits to {0}", document.name),
    cancellable: true,
  };
  await tellingFailures(() =>
    showProgress(progress, async (token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => {
        controller.abort();
        document.editing.cancel();
      });
      const applied = await document.applyAllExact(controller.signal);
      void showInformation(exactText(applied, document.name));
    }),
  );
}

function exactText(applied: number, name: string): string {
  if (applied === 0)
    return vscode.l10n.t(
      "No exact edit would make {0} smaller or faster: there is nothing left to fold or remove.",
      name,
    );
  return applied === 1
    ? vscode.l10n.t("1 exact edit was applied to {0}. The tab Edits shows what it saved.", name)
    : vscode.l10n.t("{0} exact edits were applied to {1}. The tab Edits shows what they saved.", applied, name);
}

/** Saves the edited model as another file, which is proposed as `.slim`; a model without edits as VS Code does. */
export async function saveAs(document: ModelDocument): Promise<void> {
  if (document.editing.content.edits.length === 0) {
    await vscode.commands.executeCommand("workbench.action.files.saveAs");
    return;
  }
  await tellingFailures(() => document.file.saveElsewhere());
}

/** Writes the edits that are on into a file, for another model or the command line. */
export async function exportEdits(document: ModelDocument): Promise<void> {
  const { uri, name } = document;
  const { edits, learned } = await document.learned.exported(document.editing.content.edits);
  if (edits.length === 0) {
    void showInformation(vscode.l10n.t("{0} has no edits.", name));
    return;
  }
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export Edit List"),
    defaultUri: vscode.Uri.joinPath(uri, "..", `${path.posix.parse(name).name}.edits.json`),
    filters: { [vscode.l10n.t("Edit Lists")]: ["json"] },
  });
  if (target === undefined) return;
  // What was learned first: a list never names what is not there yet.
  if (learned.size > 0) await vscode.workspace.fs.writeFile(learnedUri(target), formatLearned(learned));
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(formatEditList(edits, name)));
}

/** Applies the edits of a file as one undoable step. */
export async function importEdits(document: ModelDocument, argument?: unknown): Promise<void> {
  const source = argument instanceof vscode.Uri ? argument : await askForList();
  if (source === undefined) return;
  await tellingFailures(async () => {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
    const beside = learnedUri(source);
    const learned = await vscode.workspace.fs.readFile(beside).then(
      (bytes) => parseLearned(bytes, path.posix.basename(beside.path)),
      () => new Map<string, Uint8Array>(),
    );
    if (learned.size > 0) await document.learned.keep(learned);
    await document.applyEdits(parseEditList(text, path.posix.basename(source.path)));
  });
}

/** `list.json` has what its edits learned in `list.weights`. */
function learnedUri(list: vscode.Uri): vscode.Uri {
  return list.with({ path: `${list.path.replace(/\.json$/i, "")}.weights` });
}

async function askForList(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Import Edit List"),
    openLabel: vscode.l10n.t("Apply"),
    filters: { [vscode.l10n.t("Edit Lists")]: ["json"] },
  });
  return chosen?.[0];
}

/** Runs something that the user asked for, and says why where it fails. */
export async function tellingFailures(work: () => Thenable<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message } = error instanceof RpcError ? error.failure : { code: "", message: String(error) };
    if (code !== "cancelled") void showError(message);
  }
}
