import * as path from "node:path";
import * as vscode from "vscode";
import type { ExportFormat } from "../../profiler/index.ts";
import { EXPORT_FORMATS } from "../../profiler/presentation.ts";
import type { ModelAccess } from "./model-access.ts";
import { choose } from "../dialogs/choices.ts";
import { showInformation } from "../dialogs/messages.ts";
import { showProgress } from "../dialogs/progress.ts";

const FORMATS = Object.keys(EXPORT_FORMATS) as readonly ExportFormat[];

/** Asks for a format, then exports. */
export async function chooseExport(access: ModelAccess, argument: unknown): Promise<void> {
  const uri = await access.uriOf(argument);
  if (uri === undefined) return;
  const items = FORMATS.map((format) => ({
    label: EXPORT_FORMATS[format].title,
    description: `.${EXPORT_FORMATS[format].extension}`,
    format,
  }));
  const chosen = await choose(items, { title: vscode.l10n.t("Export Profile") });
  if (chosen) await exportProfile(access, chosen.format, uri);
}

/**
 * Writes the profile of a model into a file.
 * @param target where to; asked for when it is not given
 */
export async function exportProfile(
  access: ModelAccess,
  format: ExportFormat,
  argument: unknown,
  target?: vscode.Uri,
): Promise<void> {
  const uri = await access.uriOf(argument);
  const file = uri && (target ?? (await askWhere(uri, format)));
  if (uri === undefined || file === undefined) return;
  const progress = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t("Exporting {0}", path.posix.basename(uri.path)),
    cancellable: true,
  };
  const text = await showProgress(progress, (token) =>
    access.use(uri, token, (document, signal) => document.export(format, signal)),
  );
  if (text === undefined) return;
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  void offerToOpen(file, format);
}

function askWhere(model: vscode.Uri, format: ExportFormat): Thenable<vscode.Uri | undefined> {
  const { title, extension } = EXPORT_FORMATS[format];
  const { name } = path.posix.parse(model.path);
  return vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export as {0}", title),
    defaultUri: vscode.Uri.joinPath(model, "..", `${name}.profile.${extension}`),
    filters: { [title]: [extension] },
  });
}

async function offerToOpen(file: vscode.Uri, format: ExportFormat): Promise<void> {
  const open = vscode.l10n.t("Open");
  const message = vscode.l10n.t("Exported to {0}.", vscode.workspace.asRelativePath(file));
  if ((await showInformation(message, open)) !== open) return;
  // A report is read in a browser, which runs where the file may not be.
  const isForBrowser = format === "html" && vscode.env.remoteName === undefined && file.scheme === "file";
  if (isForBrowser) await vscode.env.openExternal(file);
  else await vscode.commands.executeCommand("vscode.open", file);
}
