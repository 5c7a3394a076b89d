import * as path from "node:path";
import * as vscode from "vscode";
import { DATA_SYNTAX, parseData } from "../../profiler/calibration/parse-spec.ts";
import type { CalibrationSpec, InputSpec, LabelSpec, Scaling } from "../../profiler/editing/index.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "../editor/model-document.ts";
import type { ModelInput } from "../worker/protocol.ts";
import { choose, type Choice } from "../dialogs/choices.ts";
import { showError } from "../dialogs/messages.ts";
import { ask } from "../dialogs/questions.ts";

/** Asks for the samples that edits are computed and checked with: files, how their numbers become the model's, and labels. */
export async function chooseCalibration(document: ModelDocument): Promise<void> {
  try {
    const request = document.baseRequest();
    const inputs = await document.engines.quick.request("inputs", request);
    const spec = await askForSamples(inputs);
    if (spec !== undefined) await document.calibration.choose(spec === "random" ? undefined : spec);
  } catch (error) {
    void showError(error instanceof RpcError ? error.failure.message : String(error));
  }
}

/** @returns undefined when the user would rather not */
async function askForSamples(inputs: readonly ModelInput[]): Promise<CalibrationSpec | "random" | undefined> {
  const files: Record<string, InputSpec> = {};
  for (const input of inputs) {
    const spec = await askForInput(input, inputs.length > 1);
    if (spec === undefined || spec === "random") return spec;
    files[inputs.length === 1 ? "" : input.name] = spec;
  }
  const labels = await askForLabels(Object.values(files));
  if (labels === undefined) return undefined;
  return { inputs: files, ...(labels !== "none" && { labels }) };
}

async function askForInput(input: ModelInput, isOneOfMany: boolean): Promise<InputSpec | "random" | undefined> {
  const { name, dataType, shape, isPicture } = input;
  const title = isOneOfMany ? vscode.l10n.t("Calibration data of input {0}", name) : vscode.l10n.t("Calibration data");
  const pictures = {
    icon: "folder",
    label: vscode.l10n.t("Folder of Pictures…"),
    detail: vscode.l10n.t("JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC or AVIF, in folders by class or all in one"),
    source: "images",
  } as const;
  const array = {
    icon: "file-binary",
    label: vscode.l10n.t("File of Arrays…"),
    detail: vscode.l10n.t(".npy or .npz, the first axis one sample after the other"),
    source: "array",
  } as const;
  const random = {
    icon: "circle-slash",
    label: vscode.l10n.t("Seeded Random Samples"),
    detail: vscode.l10n.t("Enough to see a wrong layer; errors measured on them say little"),
    source: "random",
  } as const;
  const kinds = isPicture ? [pictures, array, random] : [array, pictures, random];
  const chosen = await choose(kinds, { title, placeholder: `${dataType} ${shape}`, isStep: true });
  if (chosen === undefined || chosen.source === "random") return chosen?.source;
  const file = await askForPath(title, chosen.source === "images");
  return file === undefined ? undefined : askForScaling(title, file, chosen.source);
}

async function askForPath(title: string, isFolder: boolean): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: vscode.l10n.t("Use"),
    canSelectFiles: !isFolder,
    canSelectFolders: isFolder,
    ...(!isFolder && { filters: { [vscode.l10n.t("Arrays")]: ["npy", "npz"], [vscode.l10n.t("All Files")]: ["*"] } }),
  });
  return chosen?.[0]?.fsPath;
}

interface Preprocessing extends Choice {
  /** undefined: asked for. */
  readonly scaling?: Scaling;
}

/** How numbers of a file become those that the model takes, as models are commonly trained. */
function preprocessings(kind: InputSpec["kind"]): readonly Preprocessing[] {
  const asStored = { label: vscode.l10n.t("As Stored"), description: "x", scaling: { scale: 1 } };
  const scaled: readonly Preprocessing[] = [
    { label: vscode.l10n.t("0 to 1"), description: "x / 255", scaling: { scale: 1 / 255 } },
    { label: vscode.l10n.t("−1 to 1"), description: "x / 127.5 − 1", scaling: { scale: 1 / 127.5, mean: [1] } },
    {
      label: vscode.l10n.t("ImageNet"),
      description: "(x / 255 − [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]",
      scaling: { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    },
  ];
  const custom = {
    label: vscode.l10n.t("Other…"),
    description: "scale, mean, std, layout, channels, size, resize, crop, classes, …",
  };
  return kind === "images" ? [...scaled, asStored, custom] : [asStored, ...scaled, custom];
}

async function askForScaling(title: string, file: string, kind: InputSpec["kind"]): Promise<InputSpec | undefined> {
  const chosen = await choose(preprocessings(kind), {
    title,
    placeholder: vscode.l10n.t("What the model takes of each number of {0}", path.basename(file)),
    isStep: true,
  });
  if (chosen === undefined) return undefined;
  if (chosen.scaling) return { kind, path: file, ...chosen.scaling };
  const specOf = (text: string): InputSpec => parseData(text.trim() === "" ? file : `${file}:${text.trim()}`)[1];
  const text = await ask({
    isStep: true,
    title,
    prompt: vscode.l10n.t("Options as on the command line, {0}", DATA_SYNTAX),
    placeholder: "scale=1/255,mean=0.5,std=0.25,channels=bgr",
    fault: (value) => reasonAgainst(() => specOf(value)),
  });
  return text === undefined ? undefined : specOf(text);
}

/** Accuracy can be measured with the class of each sample. */
async function askForLabels(inputs: readonly InputSpec[]): Promise<LabelSpec | "none" | undefined> {
  const hasFolders = inputs.some(({ kind }) => kind === "images");
  const none = {
    label: vscode.l10n.t("No Labels"),
    ...(hasFolders && { detail: vscode.l10n.t("Folders by class give their own labels") }),
  };
  const file = {
    label: vscode.l10n.t("Labels File…"),
    detail: vscode.l10n.t(".npy, .txt with a number a line, .json or .csv"),
  };
  const title = vscode.l10n.t("Class of each sample");
  const chosen = await choose([none, file], { title, isStep: true });
  if (chosen !== file) return chosen && "none";
  const found = await vscode.window.showOpenDialog({
    title,
    openLabel: vscode.l10n.t("Use"),
    filters: { [vscode.l10n.t("Labels")]: ["npy", "txt", "json", "csv"] },
  });
  const [labels] = found ?? [];
  if (labels === undefined) return undefined;
  if (!/\.(json|csv)$/i.test(labels.path)) return { path: labels.fsPath };
  const key = await ask({
    isStep: true,
    title,
    prompt: vscode.l10n.t("Member of the JSON object, or column of the CSV file; empty when there is only one"),
  });
  return key === undefined ? undefined : { path: labels.fsPath, ...(key !== "" && { key }) };
}

function reasonAgainst(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
