import * as vscode from "vscode";
import { formatByName } from "../../profiler/formats/format-types.ts";
import type { ComparisonPanels, Pair } from "../compare/comparison-panels.ts";
import { isTextFile } from "./is-text.ts";

/**
 * Shows our comparison where VS Code opens a diff of two models: from source control, the timeline, or "Compare Selected".
 *
 * VS Code has no stable API by which a custom editor shows a diff. It puts two editors of ours into one tab (the manifest asks for that,
 * because the alternative is the bytes as text that can be edited), and such a tab is the only one whose input is unknown to extensions.
 * The tab is closed for a comparison once both of its editors are there.
 */
export class DiffTabs implements vscode.Disposable {
  readonly #panels: ComparisonPanels;
  readonly #tabs: vscode.Disposable;
  /** The side of each diff that came first. */
  readonly #first = new Map<vscode.Tab, vscode.Uri>();

  constructor(panels: ComparisonPanels) {
    this.#panels = panels;
    const { tabGroups } = vscode.window;
    this.#tabs = tabGroups.onDidChangeTabs(({ opened, changed, closed }) => {
      for (const tab of closed) this.#first.delete(tab);
      for (const tab of [...opened, ...changed]) void this.#replaceText(tab);
    });
    for (const tab of tabGroups.all.flatMap(({ tabs }) => tabs)) void this.#replaceText(tab);
  }

  dispose(): void {
    this.#tabs.dispose();
  }

  /** @returns whether an editor that VS Code has just made is one side of a diff, which needs no page */
  take(uri: vscode.Uri, { viewColumn }: vscode.WebviewPanel): boolean {
    const { all, activeTabGroup } = vscode.window.tabGroups;
    const group = all.find((candidate) => candidate.viewColumn === viewColumn) ?? activeTabGroup;
    const tab = group.activeTab;
    if (tab === undefined || tab.input !== undefined) return false;
    const first = this.#first.get(tab);
    if (first === undefined) this.#first.set(tab, uri);
    else void this.#replace(tab, inOrder(first, uri, tab.label));
    return true;
  }

  /** Older and newer versions of VS Code may still show a diff of models as text. */
  async #replaceText(tab: vscode.Tab): Promise<void> {
    const { input } = tab;
    if (!(input instanceof vscode.TabInputTextDiff)) return;
    const { original, modified } = input;
    if (!formatByName(original.path) || !formatByName(modified.path)) return;
    if (modified.scheme === "file" && isTextFile(modified.fsPath)) return;
    await this.#replace(tab, { before: original, after: modified });
  }

  async #replace(tab: vscode.Tab, pair: Pair): Promise<void> {
    this.#first.delete(tab);
    this.#panels.openChanges(pair, tab.group.viewColumn);
    await vscode.window.tabGroups.close(tab, true);
  }
}

/** Which side is before: a version, where the other one is a file; else what the tab's title says; else what was opened first. */
function inOrder(first: vscode.Uri, second: vscode.Uri, title: string): Pair {
  const isFile = (uri: vscode.Uri): boolean => uri.scheme === "file";
  const given = { before: first, after: second };
  const swapped = { before: second, after: first };
  if (isFile(first) !== isFile(second)) return isFile(first) ? swapped : given;
  const nameOf = (uri: vscode.Uri): string => uri.path.slice(uri.path.lastIndexOf("/") + 1);
  return title.startsWith(`${nameOf(second)} `) && !title.startsWith(`${nameOf(first)} `) ? swapped : given;
}
