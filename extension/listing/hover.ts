import * as vscode from "vscode";
import type { LayerDetails, LayerProfile, Occurrence } from "../../profiler/index.ts";
import { COLUMNS, countFormulas, energyParts, formatCell, latencyFormula } from "../../profiler/presentation.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { ListedModel, ListedRevision } from "./listed-model.ts";
import { LISTING_LANGUAGE } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";
import { LISTING_SELECTOR } from "./navigation.ts";
import { markdownText } from "./markdown-text.ts";
import { lineRange, rangeOf } from "./places.ts";

/** Over a tensor: its type and where it comes from. Elsewhere on a line: what the layer costs, with the formulas. */
export function registerHovers(listings: Listings): vscode.Disposable {
  return vscode.languages.registerHoverProvider(LISTING_SELECTOR, {
    async provideHover(text, { line, character }) {
      const model = listings.of(text);
      const shown = model?.shown;
      if (!model || !shown) return undefined;
      const tensor = shown.index.tensorAt(line, character);
      if (tensor) return new vscode.Hover(tensorText(shown, tensor), rangeOf(tensor));
      const layer = shown.profile.layers[shown.index.layerAt(line) ?? -1];
      return layer && new vscode.Hover(await layerText(model, shown, layer), lineRange(text, line));
    },
  });
}

function tensorText({ index, profile }: ListedRevision, occurrence: Occurrence): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const tensor = index.tensor(occurrence);
  if (!tensor) return text;
  text.appendCodeblock(`${tensor.type} ${tensor.name}`, LISTING_LANGUAGE);
  const maker = index
    .definitionsOf(occurrence)
    .flatMap(({ line }) => profile.layers[index.layerAt(line) ?? -1] ?? [])
    .at(-1);
  const readers = index.occurrencesOf(occurrence).filter(({ isDefinition }) => !isDefinition).length;
  if (tensor.isConstant) text.appendMarkdown(vscode.l10n.t("A constant of the file."));
  else if (maker) text.appendMarkdown(markdownText(vscode.l10n.t("Made by {0} #{1}.", maker.op, maker.index)));
  else text.appendMarkdown(vscode.l10n.t("An input."));
  return text.appendMarkdown(` ${vscode.l10n.t("Readers: {0}.", readers)}`);
}

/** Costs that a layer is known by; those with formulas follow. */
const COSTS = ["parameters", "macs", "otherOps", "weightBytes", "activationBytes", "energy", "latency"] as const;

async function layerText(
  model: ListedModel,
  shown: ListedRevision,
  layer: LayerProfile,
): Promise<vscode.MarkdownString> {
  const { profile } = shown;
  const text = new vscode.MarkdownString();
  text.appendMarkdown(`**${vscode.l10n.t("Layer {0}", layer.index)}** ${markdownText(layer.name)}`);
  const types = layer.outputs.filter(({ name }) => name !== "");
  for (const { dtype, shape, name } of types)
    text.appendCodeblock(`${dtype ?? "?"}${shape ? `[${shape.join(",")}]` : "[]"} ${name}`, LISTING_LANGUAGE);
  const costs = COSTS.flatMap((id) => {
    const column = COLUMNS.find((candidate) => candidate.id === id);
    return column
      ? [`${vscode.l10n.t(column.title)}: **${formatCell(column.unit, column.value(layer, profile.totals))}**`]
      : [];
  });
  text.appendMarkdown(`${costs.join(" · ")}\n\n`);
  const details = await detailsOf(model, shown, layer.index);
  for (const { title, formula } of details ? formulasOf(layer, details, shown) : [])
    text.appendMarkdown(`- **${markdownText(title)}** ${markdownText(formula)}\n`);
  for (const note of layer.notes) text.appendMarkdown(`\n${markdownText(note)}\n`);
  return text;
}

interface Line {
  readonly title: string;
  readonly formula: string;
}

function formulasOf(layer: LayerProfile, details: LayerDetails, { profile }: ListedRevision): readonly Line[] {
  const latency = latencyFormula(layer, details, profile.hardwareProfile);
  return [
    ...countFormulas(layer, details).map(({ title, terms, result }) => ({
      title,
      formula: `= ${terms.join(" + ")} = ${result}`,
    })),
    ...energyParts(layer, details).map(({ title, formula }) => ({
      title: vscode.l10n.t("{0} energy", title),
      formula: `= ${formula}`,
    })),
    ...(latency ? [{ title: vscode.l10n.t("Latency"), formula: latency.reason }] : []),
    ...(latency?.terms ?? []).map(({ title, formula }) => ({ title, formula: `= ${formula}` })),
  ];
}

/** Nothing when the model changed meanwhile. */
async function detailsOf(model: ListedModel, shown: ListedRevision, layer: number): Promise<LayerDetails | undefined> {
  try {
    return await model.layerDetails(shown, layer);
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}
