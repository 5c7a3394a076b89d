import * as vscode from "vscode";
import { formatCell } from "../../profiler/presentation.ts";
import { failureText, toFailure } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { pickDevice, WIRELESS } from "./device-picker.ts";
import type { DeviceWatch } from "./device-watch.ts";
import { showError, showInformation } from "../dialogs/messages.ts";
import { showProgress } from "../dialogs/progress.ts";
import { ask } from "../dialogs/questions.ts";

/** Runs the open model on the chosen device, with progress and a way out. */
export async function runOnDevice({ runs, devices, name }: ModelDocument): Promise<void> {
  const { chosen, devices: list } = await devices.whenListed();
  const device = list.find(({ id }) => id === chosen);
  const title = vscode.l10n.t("Running {0} on {1}", name, device?.name ?? chosen);
  const location = vscode.ProgressLocation.Notification;
  await showProgress({ location, title, cancellable: true }, async (token) => {
    token.onCancellationRequested(() => runs.cancel());
    try {
      const { latency, outputs } = await runs.start();
      const median = formatCell("s", latency.statistics.median);
      const text =
        outputs.verdict === "differs"
          ? vscode.l10n.t("{0} takes {1}, but its outputs differ from this machine’s.", name, median)
          : vscode.l10n.t("{0} takes {1} (median).", name, median);
      void showInformation(text);
    } catch (error) {
      await tell(error);
    }
  });
}

/** @param argument the id of a device, from the view */
export async function chooseDevice(devices: DeviceWatch, argument: unknown): Promise<void> {
  if (typeof argument === "string") return devices.choose(argument);
  const chosen = await pickDevice(devices);
  if (chosen === WIRELESS) return connectDevice(devices);
  if (chosen !== undefined) await devices.choose(chosen);
}

/** Wireless debugging, by the address that the phone's page of it names. */
export async function connectDevice(devices: DeviceWatch): Promise<void> {
  const address = await ask({
    title: vscode.l10n.t("Connect over Wi-Fi"),
    prompt: vscode.l10n.t("Address and port of the phone’s page “Wireless debugging”; pair it first with adb pair"),
    placeholder: "192.168.1.7:5555",
    fault: (text) => (isAddress(text) ? undefined : vscode.l10n.t("HOST:PORT")),
  });
  if (address === undefined) return;
  try {
    await devices.connect(address.trim());
    await devices.choose(address.trim());
  } catch (error) {
    await tell(error);
  }
}

/** Removes the runner and models that were left from the chosen phone. */
export async function cleanUpDevice(devices: DeviceWatch, argument: unknown): Promise<void> {
  const { chosen, devices: list } = devices.list;
  const device = list.find(({ id }) => id === idOf(argument)) ?? list.find(({ id }) => id === chosen);
  if (!device || device.id === "host") {
    void showInformation(vscode.l10n.t("Choose a phone first: nothing is left on this machine."));
    return;
  }
  try {
    await devices.cleanUp(device.id);
    void showInformation(vscode.l10n.t("Nothing of Edgewise is left on {0}.", device.name));
  } catch (error) {
    await tell(error);
  }
}

/** From the view the command comes with its node. */
function idOf(argument: unknown): string | undefined {
  if (typeof argument !== "object" || argument === null || !("device" in argument)) return undefined;
  const { device } = argument;
  return typeof device === "object" && device !== null && "id" in device ? String(device.id) : undefined;
}

function isAddress(text: string): boolean {
  const [, port] = /^\s*[^\s:]+:(\d{1,5})\s*$/.exec(text) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
}

/** Says why something did not work, and what to do; not that it was cancelled. */
export async function tell(error: unknown): Promise<void> {
  const failure = toFailure(error);
  if (failure.code === "cancelled") return;
  await showError(failureText(failure));
}
