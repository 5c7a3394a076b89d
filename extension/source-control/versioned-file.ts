import { readFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { RpcError } from "../../webview/protocol/rpc.ts";
import { gitApi, type GitRepository } from "./git-api.ts";
import { gitVersionOf, refText, type GitVersion } from "./git-version.ts";
import { LFS_POINTER_LIMIT_BYTES, lfsObject, parseLfsPointer } from "./lfs.ts";

/** Bytes behind one of VS Code's file systems. */
export interface VersionedFile {
  readonly size: number;
  read(): PromiseLike<Uint8Array>;
}

/**
 * A file that is not on a disk of this machine. Versions of a Git repository are asked for at the Git extension itself, in this process:
 * through its file system every byte would go to the window and back. What Git LFS keeps on this machine is read there.
 * @throws {RpcError} "missing" when the version has no such file, "lfs" when Git LFS has not fetched it
 */
export async function versionedFile(uri: vscode.Uri): Promise<VersionedFile> {
  const version = gitVersionOf(uri);
  const repository = version && (await gitApi())?.getRepository(vscode.Uri.file(version.path));
  if (version && repository) return gitFile(repository, version);
  const { size } = await vscode.workspace.fs.stat(uri);
  return { size, read: () => vscode.workspace.fs.readFile(uri) };
}

async function gitFile(repository: GitRepository, version: GitVersion): Promise<VersionedFile> {
  const name = path.basename(version.path);
  const { size } = await repository.getObjectDetails(version.ref, version.path).catch(() => {
    throw new RpcError({
      code: "missing",
      message: vscode.l10n.t("{0} is not in this version of the repository: {1}", name, refText(version.ref)),
    });
  });
  const read = (): Promise<Uint8Array> => repository.buffer(version.ref, version.path);
  if (size >= LFS_POINTER_LIMIT_BYTES) return { size, read };
  const bytes = await read();
  const pointer = parseLfsPointer(bytes);
  if (pointer === undefined) return { size: bytes.length, read: () => Promise.resolve(bytes) };
  const object = await lfsObject(repository.rootUri.fsPath, pointer);
  if (object !== undefined) return { size: pointer.size, read: () => readFile(object) };
  throw new RpcError({
    code: "lfs",
    message: vscode.l10n.t(
      "{0} is a Git LFS pointer in this version of the repository ({1}), and the file it stands for is not on this machine.",
      name,
      refText(version.ref),
    ),
    hint: vscode.l10n.t("Run “git lfs fetch --all” in the repository, then compare again."),
  });
}
