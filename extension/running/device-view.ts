import * as vscode from "vscode";
import { formatCell } from "../../profiler/presentation.ts";
import { failureText } from "../../webview/protocol/rpc.ts";
import type { ListedDevice } from "../../webview/protocol/running.ts";
import type { DeviceWatch } from "./device-watch.ts";

const DEVICES = "edgewise.devices";

/** A device, or one line of what it says of itself. */
type DeviceNode = { readonly device: ListedDevice } | { readonly device: ListedDevice; readonly fact: DeviceFact };

interface DeviceFact {
  readonly icon: string;
  readonly text: string;
}

/** The devices that the open model can be run on, in the explorer. */
export class DeviceView implements vscode.TreeDataProvider<DeviceNode>, vscode.Disposable {
  readonly #watch: DeviceWatch;
  readonly #changes = new vscode.EventEmitter<undefined>();
  readonly #view: vscode.TreeView<DeviceNode>;
  readonly #listeners: vscode.Disposable;

  readonly onDidChangeTreeData = this.#changes.event;

  constructor(watch: DeviceWatch) {
    this.#watch = watch;
    this.#view = vscode.window.createTreeView(DEVICES, { treeDataProvider: this });
    this.#listeners = vscode.Disposable.from(
      watch.onDidChange(() => this.#update()),
      this.#view.onDidChangeVisibility(({ visible }) => visible && watch.start()),
    );
    if (this.#view.visible) watch.start();
  }

  getChildren(node?: DeviceNode): DeviceNode[] {
    if (node === undefined) return this.#watch.list.devices.map((device) => ({ device }));
    return "fact" in node ? [] : factsOf(node.device).map((fact) => ({ device: node.device, fact }));
  }

  getTreeItem(node: DeviceNode): vscode.TreeItem {
    if ("fact" in node) {
      const item = new vscode.TreeItem(node.fact.text);
      item.iconPath = new vscode.ThemeIcon(node.fact.icon);
      return item;
    }
    const { device } = node;
    const isChosen = device.id === this.#watch.list.chosen;
    const item = new vscode.TreeItem(device.name, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = device.id;
    item.description = isChosen && device.problem === null ? vscode.l10n.t("runs here") : stateText(device);
    item.iconPath = iconOf(device);
    item.contextValue = device.id === "host" ? "host" : "phone";
    item.tooltip = device.problem ? failureText(device.problem) : device.id;
    item.command = { command: "edgewise.chooseDevice", title: vscode.l10n.t("Run Here"), arguments: [device.id] };
    return item;
  }

  dispose(): void {
    this.#listeners.dispose();
    this.#view.dispose();
    this.#changes.dispose();
  }

  #update(): void {
    const { problem } = this.#watch.list;
    this.#view.message = problem ? failureText(problem) : "";
    this.#changes.fire(undefined);
  }
}

function iconOf({ id, problem }: ListedDevice): vscode.ThemeIcon {
  if (problem) return new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
  return new vscode.ThemeIcon(id === "host" ? "device-desktop" : "device-mobile");
}

export function stateText({ problem, facts }: ListedDevice): string {
  if (problem) return vscode.l10n.t("not ready");
  return facts?.system ?? "";
}

/** What a picker or a view says of a device, a line each. */
export function factsOf({ id, facts, problem }: ListedDevice): readonly DeviceFact[] {
  if (problem) return [problem.message, problem.hint].flatMap((text) => (text ? [{ icon: "info", text }] : []));
  if (!facts) return [{ icon: "loading~spin", text: vscode.l10n.t("asking…") }];
  const { system, soc, abis, cores, memoryBytes, freeBytes, battery, celsius } = facts;
  const lines: readonly (readonly [icon: string, text: string | null])[] = [
    ["versions", system],
    ["circuit-board", soc],
    ["symbol-namespace", abis.join(", ")],
    ["server-process", cores === null ? null : vscode.l10n.t("{0} cores", cores)],
    ["database", memoryBytes === null ? null : vscode.l10n.t("{0} of memory", formatCell("bytes", memoryBytes))],
    ["archive", freeBytes === null ? null : vscode.l10n.t("{0} free", formatCell("bytes", freeBytes))],
    ["zap", batteryText(battery?.level ?? null, battery?.isPluggedIn ?? null)],
    ["flame", celsius === null ? null : `${celsius.toFixed(0)} °C`],
    ["plug", id === "host" ? null : id],
  ];
  return lines.flatMap(([icon, text]) => (text === null || text === "" ? [] : [{ icon, text }]));
}

function batteryText(level: number | null, isPluggedIn: boolean | null): string | null {
  if (level === null) return null;
  const text = vscode.l10n.t("battery {0}", formatCell("share", level));
  return isPluggedIn === true ? vscode.l10n.t("{0}, charging", text) : text;
}
