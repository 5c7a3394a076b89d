import { readFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { RpcError } from "../../webview/protocol/rpc.ts";
import { gitApi, type GitRepository } from "./git-api.ts";
import { gitObject } from "./git-object.ts";
import { gitVersionOf, refText, type GitVersion } from "./git-version.ts";
import { LFS_POINTER_LIMIT_BYTES, lfsObject, parseLfsPointer } from "./lfs.ts";

/** Bytes behind one of VS Code's file systems. */
export interface VersionedFile {
  readonly size: number;
  /** They are the caller's own. */
  read(): PromiseLike<Uint8Array>;
}

/**
 * A file that is not on a disk of this machine. Versions of a Git repository are asked for at Git itself, or at the Git extension, in this
 * process: through its file system every byte would go to the window and back. What Git LFS keeps on this machine is read there.
 * @param ahead a version of up to so many bytes is being read when it is known
 * @throws {RpcError} "missing" when the version has no such file, "lfs" when Git LFS has not fetched it
 */
export async function versionedFile(uri: vscode.Uri, ahead = 0): Promise<VersionedFile> {
  const version = gitVersionOf(uri);
  const api = version && (await gitApi());
  const repository = version && api?.getRepository(vscode.Uri.file(version.path));
  if (api && repository) return gitFile({ git: api.git.path, repository, version }, ahead);
  const { size } = await vscode.workspace.fs.stat(uri);
  return { size, read: () => vscode.workspace.fs.readFile(uri) };
}

interface Versioned {
  /** The program. */
  readonly git: string;
  readonly repository: GitRepository;
  readonly version: GitVersion;
}

async function gitFile(versioned: Versioned, ahead: number): Promise<VersionedFile> {
  const { repository, version } = versioned;
  const name = path.basename(version.path);
  const file = await committed(versioned, Math.max(ahead, LFS_POINTER_LIMIT_BYTES));
  if (file.size >= LFS_POINTER_LIMIT_BYTES) return file;
  const bytes = await file.read();
  const pointer = parseLfsPointer(bytes);
  if (pointer === undefined) return { size: bytes.length, read: () => Promise.resolve(bytes.slice()) };
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

/** What Git has for a path: a model, or a pointer of Git LFS. */
async function committed({ git, repository, version }: Versioned, ahead: number): Promise<VersionedFile> {
  const { ref, path: file } = version;
  const root = repository.rootUri.fsPath;
  const inRoot = path.relative(root, file);
  const readByExtension = (): Promise<Uint8Array> => repository.buffer(ref, file);
  const isInside = !inRoot.startsWith("..") && !path.isAbsolute(inRoot);
  const object = isInside ? await gitObject(git, root, `${ref}:${inRoot.replaceAll(path.sep, "/")}`, ahead) : undefined;
  if (object !== undefined) {
    let { bytes } = object;
    const read = (): Promise<Uint8Array> => {
      const taken = bytes?.catch(readByExtension);
      bytes = undefined;
      return taken ?? readByExtension();
    };
    return { size: object.size, read };
  }
  const { size } = await repository.getObjectDetails(ref, file).catch(() => {
    throw new RpcError({
      code: "missing",
      message: vscode.l10n.t("{0} is not in this version of the repository: {1}", path.basename(file), refText(ref)),
    });
  });
  return { size, read: readByExtension };
}
