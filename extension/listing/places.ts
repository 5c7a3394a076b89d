import * as vscode from "vscode";
import type { Occurrence } from "../../profiler/index.ts";
import type { ListingIndex } from "../../profiler/presentation.ts";

/** Places of a listing as VS Code has them. */

export function rangeOf({ line, start, end }: Occurrence): vscode.Range {
  return new vscode.Range(line, start, line, end);
}

/** The operator of a layer. */
export function operatorRange({ listing }: ListingIndex, layer: number): vscode.Range {
  const line = listing.lines[layer] ?? 0;
  const [start, end] = listing.operators[layer] ?? [0, 0];
  return new vscode.Range(line, start, line, end);
}

/** The line of a layer without its indentation. */
export function lineRange(text: vscode.TextDocument, line: number): vscode.Range {
  const { range, firstNonWhitespaceCharacterIndex } = text.lineAt(Math.min(line, text.lineCount - 1));
  return new vscode.Range(range.start.line, firstNonWhitespaceCharacterIndex, range.end.line, range.end.character);
}
