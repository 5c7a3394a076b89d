import * as path from "node:path";
import * as vscode from "vscode";
import type { ModelAccess } from "../commands/model-access.ts";
import type { ComparisonPanels } from "../compare/comparison-panels.ts";
import { choose, type Choice } from "../dialogs/choices.ts";
import { showInformation } from "../dialogs/messages.ts";
import { gitApi, type GitApi, type GitRepository } from "./git-api.ts";
import { gitVersionOf, refText } from "./git-version.ts";

/** Revisions of one file that a list shows: more than anybody scrolls through. */
const LISTED_COMMITS = 100;

/** Compares the model on disk with its last commit. @param argument a file, or what a menu of source control hands over */
export async function compareWithHead(access: ModelAccess, panels: ComparisonPanels, argument: unknown): Promise<void> {
  const model = await versionedModel(access, argument);
  if (model) panels.open({ before: model.git.toGitUri(model.uri, "HEAD"), after: model.uri });
}

/** Compares the model on disk with a revision that the user chooses, or that an item of the timeline stands for. */
export async function compareWithRevision(
  access: ModelAccess,
  panels: ComparisonPanels,
  argument: unknown,
  timelineFile: unknown,
): Promise<void> {
  const model = await versionedModel(access, timelineFile instanceof vscode.Uri ? timelineFile : argument);
  const ref = model && (refOfTimeline(argument) ?? (await askForRevision(model.repository, model.uri)));
  if (model && ref) panels.open({ before: model.git.toGitUri(model.uri, ref), after: model.uri });
}

interface VersionedModel {
  readonly uri: vscode.Uri;
  readonly git: GitApi;
  readonly repository: GitRepository;
}

/** @returns undefined when the user chose none, or was told why there are no versions of it */
async function versionedModel(access: ModelAccess, argument: unknown): Promise<VersionedModel | undefined> {
  const given = await access.uriOf(resourceOf(argument) ?? argument);
  if (given === undefined) return undefined;
  const version = gitVersionOf(given);
  const uri = version ? vscode.Uri.file(version.path) : given;
  const git = await gitApi();
  const repository = git?.getRepository(uri);
  if (git && repository) return { uri, git, repository };
  const name = path.posix.basename(uri.path);
  void showInformation(
    git
      ? vscode.l10n.t("{0} is in no Git repository that is open in this window.", name)
      : vscode.l10n.t("Versions are read by VS Code's Git extension, which is switched off or has found no Git."),
  );
  return undefined;
}

/** Menus of source control hand over the changed file's state. */
function resourceOf(argument: unknown): vscode.Uri | undefined {
  const { resourceUri } = (typeof argument === "object" ? (argument ?? {}) : {}) as { readonly resourceUri?: unknown };
  return resourceUri instanceof vscode.Uri ? resourceUri : undefined;
}

/** Items that Git puts into the timeline name their commit. */
function refOfTimeline(argument: unknown): string | undefined {
  if (argument instanceof vscode.Uri || typeof argument !== "object" || argument === null) return undefined;
  const { ref } = argument as { readonly ref?: unknown };
  return typeof ref === "string" && ref !== "" && ref !== "~" ? ref : undefined;
}

async function askForRevision(repository: GitRepository, uri: vscode.Uri): Promise<string | undefined> {
  const name = path.posix.basename(uri.path);
  const commits = await repository.log({ maxEntries: LISTED_COMMITS, path: uri.fsPath });
  const refs = await repository.getRefs({});
  const items: readonly RevisionChoice[] = [
    separator(vscode.l10n.t("Commits that changed {0}", name)),
    ...commits.map(({ hash, message, authorName, authorDate }) => ({
      icon: "git-commit",
      label: message.split("\n", 1)[0] ?? "",
      description: [refText(hash), authorName, authorDate?.toLocaleDateString()].filter(Boolean).join(" · "),
      ref: hash,
    })),
    separator(vscode.l10n.t("Branches and Tags")),
    ...refs.flatMap(({ name: ref, commit }) =>
      ref === undefined
        ? []
        : [{ icon: "git-branch", label: ref, description: commit === undefined ? "" : refText(commit), ref }],
    ),
  ];
  const chosen = await choose(items, { title: vscode.l10n.t("Compare {0} with…", name), matchOnDescription: true });
  return chosen?.ref;
}

interface RevisionChoice extends Choice {
  readonly ref: string | undefined;
}

function separator(label: string): RevisionChoice {
  return { label, kind: vscode.QuickPickItemKind.Separator, ref: undefined };
}
