import * as vscode from "vscode";
import type { ExportFormat } from "../../profiler/index.ts";
import { compareModels } from "../compare/compare-command.ts";
import type { ComparisonPanels } from "../compare/comparison-panels.ts";
import { MODEL_EDITOR } from "../editor/model-editor.ts";
import type { OpenEditor } from "../editor/open-models.ts";
import { log } from "../log.ts";
import { totalsText } from "../views/totals.ts";
import type { EditingPart } from "../../webview/protocol/editing.ts";
import type { DeviceWatch } from "../running/device-watch.ts";
import { learnLatencyFromRuns } from "../running/learn-latency.ts";
import { chooseDevice, cleanUpDevice, connectDevice, runOnDevice } from "../running/run-commands.ts";
import { compareWithHead, compareWithRevision } from "../source-control/revision-commands.ts";
import { showActions } from "./actions.ts";
import { chooseCalibration } from "./calibration.ts";
import { setDimension } from "./dimension.ts";
import { applyAllExact, applyEdits, exportEdits, importEdits, saveAs } from "./edits.ts";
import { editorFor } from "./open-editor.ts";
import { chooseExport, exportProfile } from "./export.ts";
import { addHardware, chooseHardware } from "./hardware.ts";
import { askForModel, type ModelAccess } from "./model-access.ts";
import { exportGraph, toggleAlike } from "./graph.ts";
import { copyNames, copyRows, revealRow } from "./rows.ts";
import { openSample } from "./sample.ts";

type Command = (...args: readonly unknown[]) => unknown;

/** The commands of the manifest. */
export function registerCommands(
  access: ModelAccess,
  panels: ComparisonPanels,
  extension: vscode.Uri,
  devices: DeviceWatch,
): vscode.Disposable {
  const active =
    (command: (editor: OpenEditor, argument: unknown) => unknown): Command =>
    (argument) =>
      access.active && command(access.active, argument);
  const anywhere =
    (command: (editor: OpenEditor) => unknown): Command =>
    async () => {
      const editor = await editorFor(access);
      return editor && command(editor);
    };
  const showing = (part: EditingPart): Command => anywhere(({ page }) => page.showPart(part));
  const exporting =
    (format: ExportFormat): Command =>
    (argument, target) =>
      exportProfile(access, format, argument, target instanceof vscode.Uri ? target : undefined);

  const commands: Readonly<Record<string, Command>> = {
    "edgewise.openProfile": openProfile,
    "edgewise.openSample": () => openSample(extension),
    "edgewise.reload": active(({ document }) => document.reload()),
    "edgewise.showLog": () => log().show(true),
    "edgewise.showActions": showActions,
    "edgewise.copyTotals": active(({ document: { profile } }) => profile && copy(totalsText(profile))),
    "edgewise.chooseHardware": chooseHardware,
    "edgewise.addHardware": addHardware,
    "edgewise.setDimension": active(({ document }) => setDimension(document)),
    "edgewise.suggestCompressions": showing("suggestions"),
    "edgewise.fitToBudget": showing("fit"),
    "edgewise.quantizeModel": showing("suggestions"),
    "edgewise.showEdits": showing("history"),
    "edgewise.saveAs": active(({ document }) => saveAs(document)),
    "edgewise.applyEdits": active(({ document }, edits) => applyEdits(document, edits)),
    "edgewise.applyAllExact": active(({ document }) => applyAllExact(document)),
    "edgewise.chooseCalibration": anywhere(({ document }) => chooseCalibration(document)),
    "edgewise.exportEdits": active(({ document }) => exportEdits(document)),
    "edgewise.importEdits": active(({ document }, source) => importEdits(document, source)),
    "edgewise.runOnDevice": anywhere(({ document }) => runOnDevice(document)),
    "edgewise.chooseDevice": (argument) => chooseDevice(devices, argument),
    "edgewise.connectDevice": () => connectDevice(devices),
    "edgewise.cleanUpDevice": (argument) => cleanUpDevice(devices, argument),
    "edgewise.learnLatency": active(({ document }) => learnLatencyFromRuns(document)),
    "edgewise.export": (argument) => chooseExport(access, argument),
    "edgewise.exportGraph": active(exportGraph),
    "edgewise.openAlike": active(toggleAlike),
    "edgewise.closeAlike": active(toggleAlike),
    "edgewise.exportCsv": exporting("csv"),
    "edgewise.exportJson": exporting("json"),
    "edgewise.exportMarkdown": exporting("markdown"),
    "edgewise.exportHtml": exporting("html"),
    "edgewise.compareSelected": (argument, selected) => compareModels(access, panels, argument, selected),
    "edgewise.compare": (argument, selected) => compareModels(access, panels, argument, selected),
    "edgewise.compareWithHead": (argument) => compareWithHead(access, panels, argument),
    "edgewise.compareWithRevision": (argument, file) => compareWithRevision(access, panels, argument, file),
    "edgewise.copyRow": active(copyRows),
    "edgewise.copyName": active(copyNames),
    "edgewise.revealLayer": active((editor, argument) => revealRow(editor, argument, "table")),
    "edgewise.revealInGraph": active((editor, argument) => revealRow(editor, argument, "graph")),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) => vscode.commands.registerCommand(name, command)),
  );
}

/** From the explorer the file comes as an argument; from the palette it is asked for. */
async function openProfile(argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : await askForModel(vscode.l10n.t("Open ONNX or TFLite Model"));
  if (uri) await vscode.commands.executeCommand("vscode.openWith", uri, MODEL_EDITOR);
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
}
