import * as vscode from "vscode";
import { registerCommands } from "./commands/commands.ts";
import { ModelAccess } from "./commands/model-access.ts";
import { ComparisonPanels } from "./compare/comparison-panels.ts";
import { CrashNotes } from "./editor/crash-notes.ts";
import { MODEL_EDITOR, ModelEditorProvider } from "./editor/model-editor.ts";
import { OpenModels } from "./editor/open-models.ts";
import { PagePreferences } from "./editor/page-preferences.ts";
import { removeStaleCopies } from "./editor/base-file.ts";
import { RememberedParts } from "./editor/document-part.ts";
import { RememberedBindings } from "./editor/remembered-bindings.ts";
import { RememberedCalibration } from "./editor/remembered-calibration.ts";
import { registerListings } from "./listing/listing.ts";
import { disposeLog } from "./log.ts";
import { DeviceView } from "./running/device-view.ts";
import { DeviceWatch } from "./running/device-watch.ts";
import { KeptRuns } from "./running/kept-runs.ts";
import { KeptSearches } from "./running/kept-searches.ts";
import { Outline } from "./views/outline.ts";
import { DiffTabs } from "./source-control/diff-tabs.ts";
import { guardFromText } from "./source-control/text-guard.ts";
import { showProblems } from "./views/problems.ts";
import { showTotals } from "./views/status-bar.ts";

/** Registers the editor, its views and its commands; the engine is loaded by the first model, in a thread of its own. */
export function activate(context: vscode.ExtensionContext): void {
  const dist = vscode.Uri.joinPath(context.extensionUri, "dist");
  const storage = context.storageUri ?? context.globalStorageUri;
  const devices = new DeviceWatch(vscode.Uri.joinPath(dist, "worker.cjs").fsPath, context.globalState);
  const documents = {
    workerScript: vscode.Uri.joinPath(dist, "worker.cjs").fsPath,
    learned: vscode.Uri.joinPath(storage, "learned").fsPath,
    copies: vscode.Uri.joinPath(storage, "copies").fsPath,
    remembered: new RememberedBindings(context.workspaceState),
    parts: new RememberedParts(context.workspaceState),
    calibrations: new RememberedCalibration(context.workspaceState),
    preferences: new PagePreferences(context.globalState),
    devices,
    keptRuns: new KeptRuns(storage),
    keptSearches: new KeptSearches(storage),
  };
  const models = new OpenModels();
  const access = new ModelAccess(models, documents);
  const comparisons = new ComparisonPanels(access, dist);
  const notes = vscode.Uri.joinPath(storage, "edits").fsPath;
  const diffs = new DiffTabs(comparisons);
  const editors = new ModelEditorProvider(documents, dist, models, new CrashNotes(notes), diffs);
  context.subscriptions.push(
    models,
    devices,
    new DeviceView(devices),
    showTotals(models),
    showProblems(models),
    new Outline(models),
    comparisons.register(),
    diffs,
    guardFromText(),
    registerListings(access, context.extensionUri),
    registerCommands(access, comparisons, context.extensionUri, devices),
    vscode.window.registerCustomEditorProvider(MODEL_EDITOR, editors, { supportsMultipleEditorsPerDocument: true }),
    { dispose: disposeLog },
  );
  for (const folder of [documents.copies, documents.learned, notes]) void removeStaleCopies(folder);
}
