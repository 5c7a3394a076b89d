import { readFile, stat } from "node:fs/promises";
import * as path from "node:path";

/** A pointer that Git LFS commits in place of a large file. */
export interface LfsPointer {
  /** SHA-256 of the file, in hexadecimal. */
  readonly oid: string;
  readonly size: number;
}

/** Pointers are shorter than this: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
export const LFS_POINTER_LIMIT_BYTES = 1024;

/** @returns undefined for bytes that are no pointer */
export function parseLfsPointer(bytes: Uint8Array): LfsPointer | undefined {
  if (bytes.length >= LFS_POINTER_LIMIT_BYTES) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith("version https://git-lfs.github.com/spec/")) return undefined;
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d+)$/m.exec(text)?.[1];
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) };
}

/**
 * Where Git LFS keeps what a pointer stands for.
 * @param root the working tree of the repository
 * @returns undefined when it was not fetched to this machine
 */
export async function lfsObject(root: string, { oid, size }: LfsPointer): Promise<string | undefined> {
  const object = path.join(await gitFolder(root), "lfs/objects", oid.slice(0, 2), oid.slice(2, 4), oid);
  const found = await stat(object).catch(() => undefined);
  return found?.size === size ? object : undefined;
}

/** A linked worktree has a file that says where its part of the repository is, and that says where the rest is. */
async function gitFolder(root: string): Promise<string> {
  const own = path.join(root, ".git");
  const linked = await readFile(own, "utf8").catch(() => undefined);
  const target = linked && /^gitdir: (.*)$/m.exec(linked)?.[1];
  if (!target) return own;
  const folder = path.resolve(root, target);
  const common = await readFile(path.join(folder, "commondir"), "utf8").catch(() => ".");
  return path.resolve(folder, common.trim());
}
