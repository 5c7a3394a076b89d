import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { log } from "../log.ts";
import { formatKeptRuns, parseKeptRuns, type StoredRun } from "./kept-run-format.ts";

/** Runs kept of one model: a file of some megabytes at most, and more than anybody compares. */
const KEPT_RUNS = 50;

/** Measured runs, kept with the workspace: a JSON file a model. */
export class KeptRuns {
  readonly #folder: vscode.Uri;

  constructor(storage: vscode.Uri) {
    this.#folder = vscode.Uri.joinPath(storage, "runs");
  }

  /** The newest first. */
  of(model: vscode.Uri): Promise<readonly StoredRun[]> {
    return this.#read(this.#fileOf(model));
  }

  /** Of every model in the workspace. */
  async all(): Promise<readonly StoredRun[]> {
    const names = await vscode.workspace.fs.readDirectory(this.#folder).then(
      (entries) => entries.map(([name]) => name).filter((name) => name.endsWith(".json")),
      () => [],
    );
    const read = names.map((name) => this.#read(vscode.Uri.joinPath(this.#folder, name)));
    return (await Promise.all(read)).flat();
  }

  async keep(model: vscode.Uri, runs: readonly StoredRun[]): Promise<void> {
    await vscode.workspace.fs.createDirectory(this.#folder);
    const text = formatKeptRuns(runs.slice(0, KEPT_RUNS));
    await vscode.workspace.fs.writeFile(this.#fileOf(model), new TextEncoder().encode(text));
  }

  /** A file that makes no sense, or runs of an older shape, are passed over rather than trusted. */
  async #read(file: vscode.Uri): Promise<readonly StoredRun[]> {
    try {
      return parseKeptRuns(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError)) log().warn(`kept runs: ${String(error)}`);
      return [];
    }
  }

  #fileOf(model: vscode.Uri): vscode.Uri {
    const name = createHash("sha256").update(model.toString()).digest("hex").slice(0, 32);
    return vscode.Uri.joinPath(this.#folder, `${name}.json`);
  }
}
