import * as vscode from "vscode";
import type { DeviceList } from "../../webview/protocol/running.ts";
import { factsOf, stateText } from "./device-view.ts";
import type { DeviceWatch } from "./device-watch.ts";

/** Stands for a phone that is to be connected over the network. */
export const WIRELESS = "wireless";

interface DeviceItem extends vscode.QuickPickItem {
  /** A device, WIRELESS, or nothing for what is only told. */
  readonly id: string | null;
}

/**
 * Lets the user choose among the devices, which come and go while the list is open.
 * @returns a device's id, WIRELESS, or undefined when nothing was chosen
 */
export function pickDevice(devices: DeviceWatch): Promise<string | undefined> {
  devices.start();
  const picker = vscode.window.createQuickPick<DeviceItem>();
  picker.title = vscode.l10n.t("Run models on");
  picker.placeholder = vscode.l10n.t("A device");
  picker.matchOnDescription = true;
  picker.keepScrollPosition = true;
  const show = (list: DeviceList): void => {
    const active = picker.activeItems[0]?.id ?? list.chosen;
    picker.items = itemsOf(list);
    picker.activeItems = picker.items.filter(({ id }) => id === active);
  };
  show(devices.list);
  return new Promise((resolve) => {
    const listeners = vscode.Disposable.from(
      picker,
      devices.onDidChange(show),
      picker.onDidAccept(() => {
        const id = picker.selectedItems[0]?.id ?? null;
        if (id === null) return;
        resolve(id);
        picker.hide();
      }),
      picker.onDidHide(() => {
        listeners.dispose();
        resolve(undefined);
      }),
    );
    picker.show();
  });
}

function itemsOf({ devices, problem }: DeviceList): readonly DeviceItem[] {
  return [
    ...devices.map((device) => ({
      label: `$(${device.id === "host" ? "device-desktop" : "device-mobile"}) ${device.name}`,
      description: stateText(device),
      detail: factsOf(device)
        .map(({ text }) => text)
        .join(" · "),
      id: device.id,
    })),
    ...(problem
      ? [{ label: `$(warning) ${problem.message}`, detail: problem.hint ?? "", alwaysShow: true, id: null }]
      : []),
    { label: `$(plug) ${vscode.l10n.t("Connect over Wi-Fi…")}`, alwaysShow: true, id: WIRELESS },
  ];
}
