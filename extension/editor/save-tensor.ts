import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import type { TensorContent } from "../../profiler/exports/npy/index.ts";
import type { TensorDetails } from "../../profiler/index.ts";
import type { TensorPlace } from "../../webview/protocol/page.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import { choose } from "../dialogs/choices.ts";
import { showError, showInformation } from "../dialogs/messages.ts";
import { showProgress } from "../dialogs/progress.ts";
import type { TensorRequest } from "../worker/protocol.ts";
import type { ModelDocument } from "./model-document.ts";

/**
 * Saves a constant tensor of a layer as `.npy`; asks where to, and of a quantized one which numbers.
 * @throws {RpcError} "stale" when the revision is not the shown one
 */
export async function saveTensor(document: ModelDocument, revision: number, place: TensorPlace): Promise<void> {
  const { session, engines, uri } = document;
  const details = await session.layerDetails(revision, place.layer);
  const tensors = place.side === "input" ? details.inputs : details.outputs;
  const tensor = tensors.find(({ position }) => position === place.position);
  if (!tensor) throw new RpcError({ code: "option", message: `There is no ${place.side} ${place.position}.` });
  const content = tensor.quantization ? await askContent(tensor) : "stored";
  const file = content && (await askWhere(uri, tensor.name));
  if (content === undefined || file === undefined) return;
  const shown = session.requestOf(revision);
  const title = vscode.l10n.t("Saving {0}", tensor.name);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  try {
    await showProgress(options, (token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      const write = async (to: string): Promise<void> => {
        const asked: TensorRequest = { request: { ...shown, isPrediction: false }, ...place, content, path: to };
        await engines.compute("saveTensor", asked, abort.signal);
      };
      return file.scheme === "file" ? write(file.fsPath) : writeElsewhere(file, write);
    });
  } catch (error) {
    if (error instanceof RpcError && error.failure.code === "cancelled") return;
    void showError(error instanceof Error ? error.message : String(error));
    return;
  }
  void showInformation(vscode.l10n.t("Saved as {0}.", vscode.workspace.asRelativePath(file)));
}

async function askContent({ constant, dtype, quantization }: TensorDetails): Promise<TensorContent | undefined> {
  const type = constant?.storedType ?? dtype ?? "";
  const items = [
    { label: vscode.l10n.t("As stored"), description: type, content: "stored" as const },
    {
      label: vscode.l10n.t("Dequantized"),
      description: "float32",
      detail:
        quantization?.granularity === "block"
          ? vscode.l10n.t("scale × (stored − zero point), with the scale of each block")
          : vscode.l10n.t("scale × (stored − zero point)"),
      content: "dequantized" as const,
    },
  ];
  return (await choose(items, { title: vscode.l10n.t("Save Tensor as .npy") }))?.content;
}

function askWhere(model: vscode.Uri, tensor: string): Thenable<vscode.Uri | undefined> {
  const name = tensor
    .replaceAll(/[^\w.-]+/g, "_")
    .replace(/^\.+/, "")
    .slice(0, 200);
  return vscode.window.showSaveDialog({
    title: vscode.l10n.t("Save Tensor as .npy"),
    defaultUri: vscode.Uri.joinPath(model, "..", `${name === "" ? "tensor" : name}.npy`),
    filters: { NumPy: ["npy"] },
  });
}

/** The engine writes to disks only: elsewhere the file is copied by VS Code. */
async function writeElsewhere(file: vscode.Uri, write: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "edgewise-tensor-"));
  try {
    const here = path.join(folder, "tensor.npy");
    await write(here);
    await vscode.workspace.fs.copy(vscode.Uri.file(here), file, { overwrite: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
