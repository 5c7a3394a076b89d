import * as path from "node:path";
import * as vscode from "vscode";
import type { Handlers } from "../../webview/protocol/rpc.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ModelLocation, WorkerHostContract } from "../worker/protocol.ts";

/**
 * Models behind VS Code's file systems (a repository on the web, an archive, a version in source control). They hand out whole files
 * only, so a file must fit into memory twice: in the extension host and in the worker.
 */
export const REMOTE_FILE_LIMIT_BYTES = 512 * 1024 ** 2;

/** Where the worker finds a version of a model. @throws when the file system does not have it */
export async function locate(uri: vscode.Uri, version: number): Promise<ModelLocation> {
  const { size } = await vscode.workspace.fs.stat(uri);
  if (uri.scheme === "file") return { kind: "path", path: uri.fsPath, version };
  return { kind: "remote", name: path.posix.basename(uri.path), size, version };
}

/** The host's side of reading such a model. */
export function remoteFiles(model: vscode.Uri): Handlers<WorkerHostContract> {
  const resolve = (relativePath: string): vscode.Uri => (relativePath === "" ? model : siblingUri(model, relativePath));
  return {
    sizeOfRemote: async ({ relativePath }) => (await statFile(resolve(relativePath), relativePath)).size,
    readRemote: async ({ relativePath }) => {
      const uri = resolve(relativePath);
      const { size } = await statFile(uri, relativePath);
      if (size > REMOTE_FILE_LIMIT_BYTES) throw tooLarge(uri, size);
      return vscode.workspace.fs.readFile(uri);
    },
  };
}

/**
 * A data file inside the model's folder.
 * @throws {RpcError} "external-data" for a path that leaves the folder
 */
export function siblingUri(model: vscode.Uri, relativePath: string): vscode.Uri {
  const folder = vscode.Uri.joinPath(model, "..");
  const uri = vscode.Uri.joinPath(folder, relativePath);
  const isInside = uri.path.startsWith(folder.path.endsWith("/") ? folder.path : `${folder.path}/`);
  if (isInside && !relativePath.includes("\\") && !relativePath.startsWith("/")) return uri;
  throw new RpcError({
    code: "external-data",
    message: vscode.l10n.t("The model refers to the data file “{0}”, which is outside its folder.", relativePath),
  });
}

async function statFile(uri: vscode.Uri, relativePath: string): Promise<vscode.FileStat> {
  try {
    return await vscode.workspace.fs.stat(uri);
  } catch (cause) {
    if (relativePath === "") throw cause;
    throw new RpcError({
      code: "external-data",
      message: vscode.l10n.t("The data file “{0}” that the model refers to cannot be read.", relativePath),
      hint: vscode.l10n.t("It must lie in the model's own folder."),
    });
  }
}

function tooLarge(uri: vscode.Uri, size: number): RpcError {
  const megabytes = (bytes: number): string => Math.ceil(bytes / 1024 ** 2).toLocaleString();
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
