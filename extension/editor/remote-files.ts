import * as path from "node:path";
import * as vscode from "vscode";
import type { Handlers } from "../../webview/protocol/rpc.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import { besideInVersion, gitVersionOf, versionText } from "../source-control/git-version.ts";
import { versionedFile, type VersionedFile } from "../source-control/versioned-file.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { ModelLocation, RemoteFile, WorkerHostContract } from "../worker/protocol.ts";

/**
 * Models behind VS Code's file systems (a repository on the web, an archive, a version in source control). They hand out whole files
 * only, so a file must fit into memory twice: in the extension host and in the worker.
 */
const REMOTE_FILE_LIMIT_BYTES = 512 * 1000 ** 2;

/** Versions that were located just now: Git reads them while the thread that asks for them starts. */
const AHEAD = new ReadAhead();

/** Where the worker finds a version of a model, which it is about to read. @throws when the file system does not have it */
export async function locate(uri: vscode.Uri, version: number): Promise<ModelLocation> {
  if (uri.scheme === "file") {
    await vscode.workspace.fs.stat(uri);
    return { kind: "path", path: uri.fsPath, version };
  }
  const file = await versionedFile(uri, REMOTE_FILE_LIMIT_BYTES);
  if (gitVersionOf(uri) && file.size <= REMOTE_FILE_LIMIT_BYTES) AHEAD.keep(uri, file);
  return remoteLocation(uri, file.size, version);
}

/** @throws {RpcError} "missing" when there is no such file */
export async function requireFile(uri: vscode.Uri): Promise<void> {
  if (AHEAD.holds(uri)) return;
  try {
    await (uri.scheme === "file" ? vscode.workspace.fs.stat(uri) : versionedFile(uri));
  } catch (error) {
    if (!(error instanceof vscode.FileSystemError) || error.code !== "FileNotFound") throw error;
    throw new RpcError({
      code: "missing",
      message: vscode.l10n.t("{0} is not there any more: it was deleted, moved or renamed.", uri.fsPath),
      hint: vscode.l10n.t("It is shown again as soon as it is back."),
    });
  }
}

export function remoteLocation(uri: vscode.Uri, size: number, version: number): ModelLocation {
  return { kind: "remote", uri: uri.toString(), name: path.posix.basename(uri.path), size, version };
}

/** The host's side of reading such models: these, and no others. */
export function remoteFiles(...models: readonly vscode.Uri[]): Handlers<WorkerHostContract> {
  const known = new Map(models.map((uri) => [uri.toString(), uri]));
  const resolve = ({ model, relativePath }: RemoteFile): vscode.Uri => {
    const uri = known.get(model);
    if (uri === undefined) throw new RangeError(`the model ${model} is none of this thread's`);
    return relativePath === "" ? uri : dataFileUri(uri, relativePath);
  };
  return {
    sizeOfRemote: async (asked) => (await find(resolve(asked), asked.relativePath)).size,
    readRemote: async (asked) => {
      const uri = resolve(asked);
      const file = AHEAD.take(uri) ?? (await find(uri, asked.relativePath));
      if (file.size > REMOTE_FILE_LIMIT_BYTES) throw tooLarge(uri, file.size);
      return file.read();
    },
  };
}

/**
 * A data file inside the model's folder.
 * @throws {RpcError} "external-data" for a path that leaves the folder
 */
export function dataFileUri(model: vscode.Uri, relativePath: string): vscode.Uri {
  const folder = vscode.Uri.joinPath(model, "..");
  const uri = vscode.Uri.joinPath(folder, relativePath);
  const isInside = uri.path.startsWith(folder.path.endsWith("/") ? folder.path : `${folder.path}/`);
  if (isInside && !relativePath.includes("\\") && !relativePath.startsWith("/")) {
    const version = gitVersionOf(model);
    return version ? besideInVersion(model, version, relativePath) : uri;
  }
  throw new RpcError({
    code: "external-data",
    message: vscode.l10n.t("The model refers to the data file “{0}”, which is outside its folder.", relativePath),
  });
}

async function find(uri: vscode.Uri, relativePath: string): Promise<VersionedFile> {
  try {
    return await versionedFile(uri);
  } catch (cause) {
    if (relativePath === "") throw cause;
    const isVersion = gitVersionOf(uri) !== undefined;
    throw new RpcError({
      code: "missing-data",
      place: versionText(uri),
      message:
        isVersion && cause instanceof RpcError
          ? vscode.l10n.t("The data file “{0}” that the model refers to: {1}", relativePath, cause.failure.message)
          : vscode.l10n.t("The data file “{0}” that the model refers to cannot be read.", relativePath),
      hint: isVersion
        ? vscode.l10n.t("A version of the model is complete only when its data file was committed with it.")
        : vscode.l10n.t("It must lie in the model's own folder."),
    });
  }
}

function tooLarge(uri: vscode.Uri, size: number): RpcError {
  const megabytes = (bytes: number): string => Math.ceil(bytes / 1000 ** 2).toLocaleString();
  return new RpcError({
    code: "limit",
    message: vscode.l10n.t(
      "{0} has {1} MB. Files that are not on a disk of this machine are read as a whole, up to {2} MB.",
      path.posix.basename(uri.path),
      megabytes(size),
      megabytes(REMOTE_FILE_LIMIT_BYTES),
    ),
    hint: vscode.l10n.t("Save a copy on disk and open that one."),
  });
}
