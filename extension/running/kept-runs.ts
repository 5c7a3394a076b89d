import { createHash } from "node:crypto";
import * as vscode from "vscode";
import type { KeptRun } from "../../webview/protocol-running.ts";
import { log } from "../log.ts";
import { formatKeptRuns, parseKeptRuns } from "./kept-run-format.ts";

/** Runs kept of one model: a file of some megabytes at most, and more than anybody compares. */
export const KEPT_RUNS = 50;

/** Measured runs, kept with the workspace: a JSON file a model. */
export class KeptRuns {
  readonly #folder: vscode.Uri;

  constructor(storage: vscode.Uri) {
    this.#folder = vscode.Uri.joinPath(storage, "runs");
  }

  /** The newest first. A file that makes no sense, or runs of an older shape, are passed over rather than trusted. */
  async of(model: vscode.Uri): Promise<readonly KeptRun[]> {
    try {
      const bytes = await vscode.workspace.fs.readFile(this.#fileOf(model));
      return parseKeptRuns(new TextDecoder().decode(bytes));
    } catch (error) {
      if (!(error instanceof vscode.FileSystemError)) log().warn(`runs of ${model.toString(true)}: ${String(error)}`);
      return [];
    }
  }

  async keep(model: vscode.Uri, runs: readonly KeptRun[]): Promise<void> {
    await vscode.workspace.fs.createDirectory(this.#folder);
    const text = formatKeptRuns(runs.slice(0, KEPT_RUNS));
    await vscode.workspace.fs.writeFile(this.#fileOf(model), new TextEncoder().encode(text));
  }

  #fileOf(model: vscode.Uri): vscode.Uri {
    const name = createHash("sha256").update(model.toString()).digest("hex").slice(0, 32);
    return vscode.Uri.joinPath(this.#folder, `${name}.json`);
  }
}
