import * as vscode from "vscode";
import type { DeviceList } from "../../webview/protocol/running.ts";
import { factsOf, stateText } from "./device-view.ts";
import type { DeviceWatch } from "./device-watch.ts";
import { ChoiceList, type Choice } from "../dialogs/choices.ts";

/** Stands for a phone that is to be connected over the network. */
export const WIRELESS = "wireless";

interface DeviceItem extends Choice {
  /** A device, WIRELESS, or nothing for what is only told. */
  readonly id: string | null;
}

/**
 * Lets the user choose among the devices, which come and go while the list is open.
 * @returns a device's id, WIRELESS, or undefined when nothing was chosen
 */
export function pickDevice(devices: DeviceWatch): Promise<string | undefined> {
  devices.start();
  const picker = new ChoiceList<DeviceItem>({
    title: vscode.l10n.t("Run models on"),
    placeholder: vscode.l10n.t("A device"),
    matchOnDescription: true,
  });
  const show = (list: DeviceList): void => {
    const active = picker.active?.id ?? list.chosen;
    picker.fill(itemsOf(list), ({ id }) => id === active);
  };
  show(devices.list);
  return new Promise((resolve) => {
    const listeners = vscode.Disposable.from(
      picker,
      devices.onDidChange(show),
      picker.onDidAccept(() => {
        const id = picker.selected?.id ?? null;
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
      icon: device.id === "host" ? "device-desktop" : "device-mobile",
      label: device.name,
      description: stateText(device),
      detail: factsOf(device)
        .map(({ text }) => text)
        .join(" · "),
      id: device.id,
    })),
    ...(problem
      ? [{ icon: "warning", label: problem.message, detail: problem.hint ?? "", alwaysShow: true, id: null }]
      : []),
    { icon: "plug", label: vscode.l10n.t("Connect over Wi-Fi…"), alwaysShow: true, id: WIRELESS },
  ];
}
