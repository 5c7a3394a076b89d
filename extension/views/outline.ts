import * as vscode from "vscode";
import { formatCell, layersIn, moduleTree, type LayerNode, type ModuleNode } from "../../profiler/presentation.ts";
import type { Profile } from "../../profiler/index.ts";
import { OutlineIndex, type FoldNode, type OutlineNode } from "./outline-index.ts";
import type { OpenEditor, OpenModels } from "../editor/open-models.ts";

/** VS Code's own outline knows text editors only: this view stands in for it while an editor of ours is active. */
const OUTLINE = "edgewise.modules";

/** A node to its parents, which VS Code asks for when a node is to be shown. */
type Parents = ReadonlyMap<OutlineNode, OutlineNode>;

/**
 * The modules of the active model with their subtotals; selecting one shows it on the page, and the other way round. What is read aloud starts with
 * the node's own name: VS Code would take the tooltip, which starts with the path that all nodes around it share.
 */
export class Outline implements vscode.TreeDataProvider<OutlineNode>, vscode.Disposable {
  readonly #models: OpenModels;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<OutlineNode>;
  readonly #listeners: vscode.Disposable;
  #profile: Profile | undefined;
  #roots: readonly OutlineNode[] = [];
  #children: ReadonlyMap<OutlineNode, readonly OutlineNode[]> = new Map();
  #parents: Parents = new Map();
  #layers: ReadonlyMap<number, LayerNode> = new Map();

  readonly onDidChangeTreeData = this.#changes.event;

  constructor(models: OpenModels) {
    this.#models = models;
    this.#view = vscode.window.createTreeView(OUTLINE, { treeDataProvider: this, showCollapseAll: true });
    this.#listeners = vscode.Disposable.from(
      models.onDidChangeActive(() => this.#update()),
      models.onDidChangeSnapshot(() => this.#update()),
      models.onDidChangeSelection((editor) => void this.#follow(editor)),
      this.#view.onDidChangeVisibility(() => this.#update()),
    );
  }

  getChildren(node?: OutlineNode): OutlineNode[] {
    return [...(node === undefined ? this.#roots : (this.#children.get(node) ?? []))];
  }

  getParent(node: OutlineNode): OutlineNode | undefined {
    return this.#parents.get(node);
  }

  getTreeItem(node: OutlineNode): vscode.TreeItem {
    if (node.kind === "fold") return foldItem(node);
    const item = node.kind === "module" ? moduleItem(node) : layerItem(node);
    const [first] = layersIn([node]);
    if (first) {
      item.command = { command: "edgewise.revealLayer", title: vscode.l10n.t("Show Layer"), arguments: [first.index] };
    }
    return item;
  }

  dispose(): void {
    this.#listeners.dispose();
    this.#view.dispose();
    this.#changes.dispose();
  }

  /** A hidden view costs nothing. While no model is active the last one stays, for the time the focus is elsewhere. */
  #update(): void {
    if (!this.#view.visible) return;
    const profile = this.#models.active?.document.profile;
    if (profile === undefined || profile === this.#profile) return;
    this.#profile = profile;
    const index = new OutlineIndex();
    this.#roots = index.add(moduleTree(profile.layers), undefined);
    this.#children = index.children;
    this.#parents = index.parents;
    this.#layers = index.layers;
    this.#view.description = profile.file;
    this.#changes.fire(undefined);
  }

  async #follow({ page, document }: OpenEditor): Promise<void> {
    const chosen = page.selection.at(-1);
    const node = chosen === undefined ? undefined : this.#layers.get(chosen);
    if (node === undefined || !this.#view.visible || document.profile !== this.#profile) return;
    if (!this.#view.selection.includes(node)) await this.#view.reveal(node, { select: true, focus: false });
  }
}

function foldItem({ id, children }: FoldNode): vscode.TreeItem {
  const rows = layersIn(children).length;
  const item = new vscode.TreeItem(
    rows === 1
      ? vscode.l10n.t("1 row of shape arithmetic or constants")
      : vscode.l10n.t("{0} rows of shape arithmetic and constants", rows),
    vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = id;
  item.iconPath = new vscode.ThemeIcon("fold");
  return item;
}

function moduleItem({ id, name, sums }: ModuleNode): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
  const [parameters, macs] = [formatCell("elements", sums.parameters), formatCell("MACs", sums.macs)];
  const atLeast = sums.unknownRows > 0 ? "≥ " : "";
  const facts = [
    sums.layers === 1 ? vscode.l10n.t("1 layer") : vscode.l10n.t("{0} layers", sums.layers),
    vscode.l10n.t("{0} parameters", atLeast + parameters),
    vscode.l10n.t("{0} MACs", atLeast + macs),
    vscode.l10n.t("{0} estimated", atLeast + formatCell("s", sums.latencySeconds)),
  ];
  item.id = id;
  item.iconPath = new vscode.ThemeIcon("symbol-module");
  item.description = vscode.l10n.t("{0} parameters · {1} MACs", atLeast + parameters, atLeast + macs);
  item.tooltip = [id, ...facts].join("\n");
  item.accessibilityInformation = { label: [name, ...facts].join(", ") };
  return item;
}

function layerItem({ id, layer }: LayerNode): vscode.TreeItem {
  const name = layer.name.slice(layer.name.lastIndexOf("/") + 1) || layer.name;
  const item = new vscode.TreeItem(name);
  item.id = id;
  item.iconPath = new vscode.ThemeIcon("symbol-method");
  const macs = layer.macs === 0 ? [] : [`${formatCell("MACs", layer.macs)} MACs`];
  item.description = [layer.op, ...macs].join(" · ");
  item.accessibilityInformation = { label: [name, layer.op, ...macs].join(", ") };
  item.tooltip = `#${layer.index} ${layer.name}\n${item.description}`;
  return item;
}
