import { MODEL_EXTENSIONS } from "../../profiler/formats/format-types.ts";
import * as vscode from "vscode";
import { RpcError, type Listeners } from "../../webview/protocol/rpc.ts";
import type { DocumentContext } from "../editor/document-context.ts";
import { ModelDocument } from "../editor/model-document.ts";
import type { OpenEditor, OpenModels } from "../editor/open-models.ts";
import { remoteFiles } from "../editor/remote-files.ts";
import { log } from "../log.ts";
import { showError } from "../dialogs/messages.ts";
import { runLimits } from "../running/run-limits.ts";
import { EngineWorker } from "../worker/engine-worker.ts";
import type { WorkerContract } from "../worker/protocol.ts";

/** How commands come to a model: the open one, or one of the explorer that is profiled for the occasion. */
export class ModelAccess {
  readonly #context: DocumentContext;

  constructor(
    readonly models: OpenModels,
    context: DocumentContext,
  ) {
    this.#context = context;
  }

  get active(): OpenEditor | undefined {
    return this.models.active;
  }

  /** The file that a command is for: its argument, else the active model, else what the user chooses. */
  async uriOf(argument: unknown): Promise<vscode.Uri | undefined> {
    if (argument instanceof vscode.Uri) return argument;
    return this.active?.document.uri ?? (await askForModel(vscode.l10n.t("Open")));
  }

  /** A document of its own, to be disposed of by who asked for it. */
  open(uri: vscode.Uri): ModelDocument {
    return new ModelDocument(uri, this.#context).start();
  }

  /** A thread that reads these models and runs them, to be disposed of by who asked for it. */
  engine(models: readonly vscode.Uri[], listeners: Listeners<WorkerContract>): EngineWorker {
    return new EngineWorker(this.#context.workerScript, {
      handlers: remoteFiles(...models),
      listeners,
      limits: runLimits,
    });
  }

  /**
   * Works with a model that may be open already.
   * @returns nothing when it was cancelled, or when it failed and the user was told
   */
  async use<T>(
    uri: vscode.Uri,
    token: vscode.CancellationToken,
    work: (document: ModelDocument, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const known = this.models.find(uri);
    const document = known ?? this.open(uri);
    const controller = new AbortController();
    const cancelled = new Promise<undefined>((resolve) => {
      token.onCancellationRequested(() => {
        controller.abort();
        resolve(undefined);
      });
    });
    try {
      return await Promise.race([work(document, controller.signal), cancelled]);
    } catch (error) {
      if (!controller.signal.aborted) void tellFailure(uri, error);
      return undefined;
    } finally {
      if (!known) document.dispose();
    }
  }
}

/** Asks for one model file. */
export async function askForModel(label: string): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: label,
    openLabel: label,
    filters: { [vscode.l10n.t("Models")]: [...MODEL_EXTENSIONS] },
  });
  return chosen?.[0];
}

async function tellFailure(uri: vscode.Uri, error: unknown): Promise<void> {
  const showLog = vscode.l10n.t("Show Log");
  const reason = error instanceof RpcError ? error.failure.message : String(error);
  log().error(`${uri.toString(true)}: ${reason}`);
  const file = vscode.workspace.asRelativePath(uri);
  const message = vscode.l10n.t("{0} cannot be exported: {1}", file, reason);
  if ((await showError(message, showLog)) === showLog) log().show(true);
}
