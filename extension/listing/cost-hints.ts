import * as vscode from "vscode";
import type { LayerProfile, Totals } from "../../profiler/index.ts";
import { COLUMNS, formatCell } from "../../profiler/presentation.ts";
import type { Listings } from "./listings.ts";
import { LISTING_SELECTOR } from "./navigation.ts";
import { operatorRange } from "./places.ts";

const SETTING = "edgewise.listing.showCosts";

/** What stands behind each operator, with the word behind each number. */
const SHOWN: readonly (readonly [column: string, word: () => string])[] = [
  ["parameters", () => vscode.l10n.t("params")],
  ["macs", () => "MACs"],
  ["energy", () => ""],
];

/** Parameters, MACs and energy behind each operator, unless the user wants the text alone. */
export function registerCostHints(listings: Listings): vscode.Disposable {
  const changes = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changes,
    listings.onDidChange(() => changes.fire()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SETTING)) changes.fire();
    }),
    vscode.languages.registerInlayHintsProvider(LISTING_SELECTOR, {
      onDidChangeInlayHints: changes.event,
      provideInlayHints(text, { start, end }) {
        const model = listings.of(text);
        const shown = model?.shown;
        if (!shown || !isWanted(model.document.uri)) return [];
        const { index, profile } = shown;
        return index.layersBetween(start.line, end.line).flatMap((layer): vscode.InlayHint[] => {
          const row = profile.layers[layer];
          const label = row ? costsText(row, profile.totals) : "";
          if (label === "") return [];
          // Behind the operator: behind the line's end nobody would see them.
          const hint = new vscode.InlayHint(operatorRange(index, layer).end, label);
          hint.paddingLeft = true;
          return [hint];
        });
      },
    } satisfies vscode.InlayHintsProvider),
  );
}

function isWanted(model: vscode.Uri): boolean {
  return vscode.workspace.getConfiguration("edgewise.listing", model).get<boolean>("showCosts", true);
}

/** "1.23 M params · 45.0 M MACs · 6.70 µJ"; what is 0 is left out. */
function costsText(layer: LayerProfile, totals: Totals): string {
  return SHOWN.flatMap(([id, word]) => {
    const column = COLUMNS.find((candidate) => candidate.id === id);
    const value = column?.value(layer, totals) ?? null;
    return column && value !== 0 && value !== null ? [`${formatCell(column.unit, value)} ${word()}`.trim()] : [];
  }).join(" · ");
}
