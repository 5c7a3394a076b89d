import * as vscode from "vscode";

/** The parts of the API of VS Code's own Git extension (its `git.d.ts`, version 1) that are used here. */
export interface GitApi {
  /** The program. */
  readonly git: { readonly path: string };
  toGitUri(uri: vscode.Uri, ref: string): vscode.Uri;
  getRepository(uri: vscode.Uri): GitRepository | null;
}

export interface GitRepository {
  readonly rootUri: vscode.Uri;
  /** @param treeish a revision; "" is the index */
  getObjectDetails(treeish: string, path: string): Promise<{ readonly object: string; readonly size: number }>;
  buffer(ref: string, path: string): Promise<Uint8Array>;
  log(options: { readonly maxEntries: number; readonly path: string }): Promise<readonly GitCommit[]>;
  getRefs(query: Readonly<Record<string, never>>): Promise<readonly GitRef[]>;
}

export interface GitCommit {
  readonly hash: string;
  readonly message: string;
  readonly authorName?: string;
  readonly authorDate?: Date;
}

export interface GitRef {
  readonly name?: string;
  readonly commit?: string;
}

interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): GitApi;
}

/** @returns undefined where there is no Git extension, or it is switched off */
export async function gitApi(): Promise<GitApi | undefined> {
  const extension = vscode.extensions.getExtension<GitExtension>("vscode.git");
  const git = await extension?.activate();
  return git?.enabled ? git.getAPI(1) : undefined;
}
