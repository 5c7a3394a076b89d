import * as vscode from "vscode";
import type { Profile } from "../../profiler/index.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import type { OpenModels } from "../editor/open-models.ts";

const SETTING = "edgewise.showWarningsAsProblems";

/** A model has no lines. */
const NOWHERE = new vscode.Range(0, 0, 0, 0);

const SEVERITIES = { info: vscode.DiagnosticSeverity.Information, warning: vscode.DiagnosticSeverity.Warning } as const;

/** The warnings of open models in VS Code's list of problems, unless the user wants them on the page only. */
export function showProblems(models: OpenModels): vscode.Disposable {
  const problems = vscode.languages.createDiagnosticCollection("edgewise");
  const update = ({ uri, profile }: ModelDocument): void => {
    const isWanted = vscode.workspace.getConfiguration("edgewise", uri).get<boolean>("showWarningsAsProblems", true);
    problems.set(uri, profile && isWanted ? diagnosticsOf(profile) : undefined);
  };
  return vscode.Disposable.from(
    problems,
    models.onDidChangeSnapshot(update),
    models.onDidClose(({ uri }) => problems.delete(uri)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SETTING)) models.documents.forEach(update);
    }),
  );
}

function diagnosticsOf({ warnings, layers }: Profile): vscode.Diagnostic[] {
  return warnings.map(({ code, severity, message, layer }) => {
    const name = layer === undefined ? undefined : layers[layer]?.name;
    const isNamed = name === undefined || message.includes(name);
    const diagnostic = new vscode.Diagnostic(NOWHERE, isNamed ? message : `${name}: ${message}`, SEVERITIES[severity]);
    diagnostic.code = code;
    diagnostic.source = "edgewise";
    return diagnostic;
  });
}
