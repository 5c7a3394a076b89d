import * as vscode from "vscode";
import type { Activity, Snapshot } from "../../webview/protocol/page.ts";
import type { RunningState, RunsState } from "../../webview/protocol/running.ts";
import type {
  Calibration,
  DocumentState,
  FitState,
  FoundSuggestions,
  RequestProgress,
  SensitivityState,
} from "../../webview/protocol/editing.ts";
import type { ModelDocument } from "./model-document.ts";

/** What happens to a document, for its pages, its views and VS Code. */
export class DocumentEvents implements vscode.Disposable {
  readonly snapshot = new vscode.EventEmitter<Snapshot>();
  readonly activity = new vscode.EventEmitter<Activity>();
  /** A change that can be undone. */
  readonly edit = new vscode.EventEmitter<vscode.CustomDocumentEditEvent<ModelDocument>>();
  readonly state = new vscode.EventEmitter<DocumentState>();
  readonly calibration = new vscode.EventEmitter<Calibration>();
  readonly fit = new vscode.EventEmitter<FitState>();
  readonly sensitivity = new vscode.EventEmitter<SensitivityState>();
  readonly progress = new vscode.EventEmitter<RequestProgress>();
  readonly found = new vscode.EventEmitter<FoundSuggestions>();
  readonly runs = new vscode.EventEmitter<RunsState>();
  readonly running = new vscode.EventEmitter<RunningState>();
  readonly disposal = new vscode.EventEmitter<void>();

  dispose(): void {
    const { snapshot, activity, edit, state, calibration, fit, progress, found } = this;
    const { runs, running, disposal, sensitivity } = this;
    const editing = [edit, state, calibration, fit, sensitivity, progress, found];
    for (const emitter of [snapshot, activity, ...editing, runs, running, disposal]) emitter.dispose();
  }
}

/** Waits for the first of some events. */
export function firstOf(...events: readonly vscode.Event<unknown>[]): Promise<void> {
  return new Promise((resolve) => {
    const listeners = events.map((event) =>
      event(() => {
        for (const listener of listeners) listener.dispose();
        resolve();
      }),
    );
  });
}
