import * as vscode from "vscode";
import type { LayerProfile, Region } from "../../profiler/index.ts";
import type { ListedRevision } from "./listed-model.ts";
import type { Listings } from "./listings.ts";
import { LISTING_SELECTOR } from "./navigation.ts";
import { lineRange, operatorRange } from "./places.ts";

/** Folding, and symbols for the outline, the breadcrumbs and sticky lines. */
export function registerOutline(listings: Listings): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerFoldingRangeProvider(LISTING_SELECTOR, {
      provideFoldingRanges(text) {
        const regions = listings.of(text)?.shown?.index.listing.regions ?? [];
        return regions.map(({ kind, first, last }) => new vscode.FoldingRange(first, last, FOLDING_KINDS[kind]));
      },
    }),
    vscode.languages.registerDocumentSymbolProvider(LISTING_SELECTOR, {
      provideDocumentSymbols(text) {
        const shown = listings.of(text)?.shown;
        return shown && symbolsOf(text, shown);
      },
    }),
  );
}

const FOLDING_KINDS: Readonly<Record<Region["kind"], vscode.FoldingRangeKind | undefined>> = {
  graph: undefined,
  constants: vscode.FoldingRangeKind.Imports,
  module: vscode.FoldingRangeKind.Region,
  body: undefined,
};

const SYMBOL_KINDS: Readonly<Record<Region["kind"], vscode.SymbolKind>> = {
  graph: vscode.SymbolKind.Class,
  constants: vscode.SymbolKind.Array,
  module: vscode.SymbolKind.Module,
  body: vscode.SymbolKind.Function,
};

interface Placed {
  readonly symbol: vscode.DocumentSymbol;
  readonly first: number;
  readonly last: number;
}

/** Regions and layers, each within the smallest region around it; a body within the layer that runs it. */
function symbolsOf(text: vscode.TextDocument, { index, profile }: ListedRevision): vscode.DocumentSymbol[] {
  const { regions, lines } = index.listing;
  const bodies = regions.filter(({ kind }) => kind === "body");
  const layers = profile.layers.map((layer): Placed => {
    const first = lines[layer.index] ?? 0;
    const last = lastLine(first, bodies);
    const range = lineRange(text, first).union(lineRange(text, last));
    return { first, last, symbol: layerSymbol(layer, range, operatorRange(index, layer.index)) };
  });
  const placed = regions.map(({ kind, name, first, last }): Placed => {
    const range = lineRange(text, first).union(lineRange(text, last));
    const title = name === "" ? vscode.l10n.t("constants") : name;
    const symbol = new vscode.DocumentSymbol(title, "", SYMBOL_KINDS[kind], range, lineRange(text, first));
    return { first, last, symbol };
  });
  return nested([...placed, ...layers].sort((a, b) => a.first - b.first || b.last - a.last));
}

/** Bodies follow the line of their layer, one after the other. */
function lastLine(line: number, bodies: readonly Region[]): number {
  let last = line;
  for (const body of bodies) if (body.first === last + 1) last = body.last;
  return last;
}

function layerSymbol(
  { name, op, outputs, role }: LayerProfile,
  range: vscode.Range,
  place: vscode.Range,
): vscode.DocumentSymbol {
  const title = name === "" ? (outputs[0]?.name ?? op) : name;
  const kind = role === "compute" ? vscode.SymbolKind.Method : vscode.SymbolKind.Constant;
  return new vscode.DocumentSymbol(title === "" ? op : title, op, kind, range, place);
}

function nested(placed: readonly Placed[]): vscode.DocumentSymbol[] {
  const roots: vscode.DocumentSymbol[] = [];
  const around: Placed[] = [];
  for (const item of placed) {
    while ((around.at(-1)?.last ?? Infinity) < item.first) around.pop();
    (around.at(-1)?.symbol.children ?? roots).push(item.symbol);
    if (item.last > item.first) around.push(item);
  }
  return roots;
}
