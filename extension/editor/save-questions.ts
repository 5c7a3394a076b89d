import { access, constants, stat } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { BUNDLE_TYPE, isBundleName } from "../../profiler/formats/format-types.ts";
import { askModally, showInformation, showWarning } from "../dialogs/messages.ts";

/** What stands in the way of writing over a file without a word. */
export interface Obstacles {
  /** Its permissions say that it is not to be written. */
  readonly isReadOnly: boolean;
  /** It holds other models, and what belongs to them. */
  readonly isBundle: boolean;
  /** Another program has written it since the edits began. */
  readonly isChanged: boolean;
}

/**
 * Asks before an original is written over: another file comes first, since the numbers that an approximation takes away are in no other
 * place.
 * @returns where to save; undefined when the user would rather not
 */
export async function askWhereToSave(original: vscode.Uri, obstacles: Obstacles): Promise<vscode.Uri | undefined> {
  const name = path.posix.basename(original.path);
  const saveAs = vscode.l10n.t("Save As…");
  const overwrite = vscode.l10n.t("Overwrite");
  const choices = obstacles.isReadOnly || obstacles.isBundle ? [saveAs] : [saveAs, overwrite];
  const chosen = await askModally(
    questionOf(name, obstacles),
    vscode.l10n.t("Saving as another file leaves it as it is."),
    ...choices,
  );
  if (chosen === overwrite) return original;
  return chosen === saveAs ? askForTarget(original) : undefined;
}

/**
 * Tells, beside the user's work, that auto save does not write over an original by itself, and what could be done.
 * @returns where to save; undefined when the user would rather not, or does not say
 */
export async function offerToSave(original: vscode.Uri): Promise<vscode.Uri | undefined> {
  const name = path.posix.basename(original.path);
  const saveAs = vscode.l10n.t("Save As…");
  const overwrite = vscode.l10n.t("Overwrite");
  const chosen = await showInformation(
    vscode.l10n.t("Auto save does not replace {0} by the edited model until you have agreed to that once.", name),
    saveAs,
    overwrite,
  );
  if (chosen === overwrite) return original;
  return chosen === saveAs ? askForTarget(original) : undefined;
}

function questionOf(name: string, { isReadOnly, isBundle: isOfSeveral, isChanged }: Obstacles): string {
  if (isOfSeveral) return vscode.l10n.t("{0} is a bundle, which is not written: the model is saved by itself.", name);
  if (isReadOnly) return vscode.l10n.t("{0} is read-only.", name);
  if (isChanged)
    return vscode.l10n.t(
      "{0} was changed by another program, and would be replaced by your edits of the version before.",
      name,
    );
  return vscode.l10n.t("The original {0} would be replaced by the edited model.", name);
}

/** Where to save the edited model beside its original. @returns undefined when the user would rather not */
export async function askForTarget(original: vscode.Uri): Promise<vscode.Uri | undefined> {
  const { name } = path.posix.parse(original.path);
  const ext = savedEnding(original);
  return vscode.window.showSaveDialog({
    title: vscode.l10n.t("Save Edited Model"),
    defaultUri: vscode.Uri.joinPath(original, "..", `${name}.slim${ext}`),
    filters: { [vscode.l10n.t("Models")]: [ext.slice(1)] },
  });
}

/** Nobody may write it, or we may not; a file that is not there is none to protect. */
export async function isReadOnly(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return false;
  if ((found.mode & ANYBODY_WRITES) === 0) return true;
  return access(file, constants.W_OK).then(
    () => false,
    () => true,
  );
}

/** An administrator may write any file; that it is marked read-only is still meant. */
const ANYBODY_WRITES = 0o222;

/**
 * Where a model may be saved: on a disk of this machine, in its own format.
 * @throws {Error} saying why not
 */
export function checkTarget(original: vscode.Uri, target: vscode.Uri): void {
  if (target.scheme !== "file")
    throw new Error(vscode.l10n.t("A model can be saved only on a disk of the machine the extension runs on."));
  const own = savedEnding(original).toLowerCase();
  const wanted = path.posix.extname(target.path).toLowerCase();
  if (own === wanted) return;
  throw new Error(
    isBundle(original)
      ? vscode.l10n.t(
          "A model of a bundle is saved as a file of its own, which must end in {0}, not in {1}.",
          own,
          wanted,
        )
      : vscode.l10n.t("A model keeps its format: its file must end in {0}, not in {1}.", own, wanted),
  );
}

/** Whether a file holds models and what belongs to them: it is read, and never written. */
export function isBundle({ path: file }: vscode.Uri): boolean {
  return isBundleName(file);
}

function savedEnding(original: vscode.Uri): string {
  return isBundle(original) ? `.${BUNDLE_TYPE.holds}` : path.posix.extname(original.path);
}

export type DiskAnswer = "reapply" | "keep" | "discard";

/** Asks what to do about unsaved edits of a version that is not on the disk any more. Not answering keeps them. */
export async function askAboutNewVersion(file: vscode.Uri): Promise<DiskAnswer> {
  const answers = {
    reapply: vscode.l10n.t("Reapply My Edits"),
    keep: vscode.l10n.t("Keep the Old Version"),
    discard: vscode.l10n.t("Discard My Edits"),
  } as const;
  const name = path.posix.basename(file.path);
  const message = vscode.l10n.t(
    "{0} was changed by another program. Your unsaved edits are of the version before, which is kept until they are saved or discarded.",
    name,
  );
  const chosen = await showWarning(message, ...Object.values(answers));
  const found = (Object.keys(answers) as DiskAnswer[]).find((answer) => answers[answer] === chosen);
  return found ?? "keep";
}
