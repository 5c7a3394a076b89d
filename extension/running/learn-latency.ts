import * as vscode from "vscode";
import { keepHardware } from "../commands/hardware.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import { log } from "../log.ts";
import { tell } from "./run-commands.ts";
import { showInformation } from "../dialogs/messages.ts";

/**
 * Learns from all runs of the workspace on a device how fast layers of each kind are there, keeps that as a hardware profile of the user's
 * own, and estimates for it from now on.
 */
export async function learnLatencyFromRuns(document: ModelDocument): Promise<void> {
  try {
    const found = await document.runs.ofOneDevice();
    if (found === undefined) {
      void showInformation(vscode.l10n.t("Run the model on the device first."));
      return;
    }
    const request = document.baseRequest();
    const learned = await document.engines.quick.request("learn", { request, ...found });
    const { hardware, error, models } = learned;
    log().info(`Learned ${hardware.name} from ${models} models: ${error}`);
    await keepHardware(hardware);
    void showInformation(vscode.l10n.t("Latency is estimated for {0} now: {1}.", hardware.name, error));
  } catch (error) {
    await tell(error);
  }
}
