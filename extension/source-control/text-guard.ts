import { randomUUID } from "node:crypto";
import { copyFileSync } from "node:fs";
import { copyFile, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { showError, showWarning } from "../dialogs/messages.ts";
import { formatByName } from "../../profiler/formats/format-types.ts";
import { log } from "../log.ts";
import { isText } from "./is-text.ts";

/** Enough of a file to tell a model from text. */
const TOLD_BY_BYTES = 4096;

/**
 * Keeps models from being saved as text. A text editor replaces each byte that is not UTF-8, and every line ending: one key and a save
 * destroy a model. VS Code lets nobody refuse a save, so the file is copied aside before it and put back after it. Files that are text,
 * pointers of Git LFS among them, are left alone.
 */
export function guardFromText(): vscode.Disposable {
  const kept = new Map<string, string>();
  return vscode.Disposable.from(
    vscode.workspace.onWillSaveTextDocument((event) => {
      const { uri } = event.document;
      if (uri.scheme !== "file" || !formatByName(uri.path)) return;
      // At once: VS Code waits for promises for a short time only.
      const copy = path.join(tmpdir(), `edgewise-${randomUUID()}`);
      try {
        copyFileSync(uri.fsPath, copy);
        kept.set(uri.fsPath, copy);
      } catch (error) {
        log().warn(`${uri.fsPath} was not copied aside`, String(error));
      }
    }),
    vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      const copy = kept.get(uri.fsPath);
      kept.delete(uri.fsPath);
      if (copy !== undefined) void putBack(uri, copy);
    }),
  );
}

/** @returns false for a file that cannot be read */
export async function isTextFile(file: string): Promise<boolean> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(TOLD_BY_BYTES), 0, TOLD_BY_BYTES, 0);
      return isText(buffer.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}

async function putBack(uri: vscode.Uri, copy: string): Promise<void> {
  if (await isTextFile(copy)) {
    await rm(copy, { force: true });
    return;
  }
  const name = vscode.workspace.asRelativePath(uri);
  try {
    await copyFile(copy, uri.fsPath);
    await rm(copy, { force: true });
    log().warn(`${uri.fsPath} was saved by a text editor, and put back`);
    const openModel = vscode.l10n.t("Open Model");
    const message = vscode.l10n.t(
      "{0} is a model. Saved by a text editor it would have been destroyed, so the file was put back as it was.",
      name,
    );
    if ((await showWarning(message, openModel)) === openModel)
      await vscode.commands.executeCommand("edgewise.openProfile", uri);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void showError(
      vscode.l10n.t(
        "{0} was saved by a text editor and cannot be put back ({1}). A copy is at {2}.",
        name,
        reason,
        copy,
      ),
    );
  }
}
