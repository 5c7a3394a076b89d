import * as vscode from "vscode";

/** A file that is being written changes many times: wait until it has been quiet for as long as this. */
const QUIET_MILLISECONDS = 300;

/**
 * Tells when one of a set of files was changed, deleted or made again, once the file system is quiet. Folders are watched, not files: a
 * watched file that an atomic save replaces would be lost from sight.
 */
export class ModelWatcher implements vscode.Disposable {
  readonly #onChange: (changed: readonly vscode.Uri[]) => void;
  readonly #changed = new Map<string, vscode.Uri>();
  readonly #watchers = new Map<string, vscode.Disposable>();
  #files: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: (changed: readonly vscode.Uri[]) => void) {
    this.#onChange = onChange;
  }

  /** Watches these files and no others. */
  watch(files: readonly vscode.Uri[]): void {
    this.#files = new Set(files.map(String));
    const folders = new Map(
      files.map((uri) => [vscode.Uri.joinPath(uri, "..").toString(), vscode.Uri.joinPath(uri, "..")]),
    );
    for (const [key, watcher] of this.#watchers) {
      if (folders.has(key)) continue;
      watcher.dispose();
      this.#watchers.delete(key);
    }
    for (const [key, folder] of folders) {
      if (!this.#watchers.has(key)) this.#watchers.set(key, this.#watchFolder(folder));
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.dispose();
    this.#watchers.clear();
  }

  #tell(): void {
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    this.#onChange(changed);
  }

  #watchFolder(folder: vscode.Uri): vscode.Disposable {
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, "*"));
    const notice = (uri: vscode.Uri): void => {
      if (!this.#files.has(uri.toString())) return;
      this.#changed.set(uri.toString(), uri);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#tell(), QUIET_MILLISECONDS);
    };
    return vscode.Disposable.from(
      watcher,
      watcher.onDidChange(notice),
      watcher.onDidCreate(notice),
      watcher.onDidDelete(notice),
    );
  }
}
