import * as path from "node:path";
import * as v from "valibot";
import * as vscode from "vscode";
import { fields, jsonOf } from "../../profiler/outside-data.ts";

/** A version of a file in a Git repository. */
export interface GitVersion {
  /** Of the file in the working tree. */
  readonly path: string;
  /** A revision; "" is the index. */
  readonly ref: string;
}

/** Length of the beginning of a hash that Git shows by default. */
const SHORT_HASH = 7;

/** What a `git:` URI of VS Code's Git extension stands for; nothing for other URIs. */
export function gitVersionOf({ scheme, query }: vscode.Uri): GitVersion | undefined {
  if (scheme !== "git") return undefined;
  const version = jsonOf(VERSION, query);
  // "~" is the index where the file was staged, else HEAD: then both are the same.
  return version && { ...version, ref: version.ref === "~" ? "" : version.ref };
}

const VERSION = fields({ path: v.string(), ref: v.string() });

/** A file beside another one, in the same version. */
export function besideInVersion(uri: vscode.Uri, version: GitVersion, relativePath: string): vscode.Uri {
  const beside = path.join(path.dirname(version.path), relativePath);
  return vscode.Uri.joinPath(uri, "..", relativePath).with({
    query: JSON.stringify({ path: beside, ref: version.ref }),
  });
}

/** "model.onnx (HEAD)": how a version is told from others of the same file; the path of a file that is no version. */
export function versionText(uri: vscode.Uri): string {
  const version = gitVersionOf(uri);
  if (version === undefined) return vscode.workspace.asRelativePath(uri);
  const place = vscode.workspace.asRelativePath(vscode.Uri.file(version.path));
  return `${place} (${refText(version.ref)})`;
}

/** @param ref undefined for the file on disk */
export function refText(ref: string | undefined): string {
  if (ref === undefined) return vscode.l10n.t("Working Tree");
  if (ref === "") return vscode.l10n.t("Index");
  return /^[0-9a-f]{40}$/.test(ref) ? ref.slice(0, SHORT_HASH) : ref;
}
