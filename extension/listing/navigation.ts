import * as vscode from "vscode";
import type { Occurrence } from "../../profiler/index.ts";
import type { ListingIndex } from "../../profiler/presentation.ts";
import { LISTING_LANGUAGE, LISTING_SCHEME } from "./listing-uri.ts";
import type { Listings } from "./listings.ts";
import { rangeOf } from "./places.ts";

export const LISTING_SELECTOR: vscode.DocumentSelector = { scheme: LISTING_SCHEME, language: LISTING_LANGUAGE };

/** Go to definition, find references and highlights of tensors. */
export function registerNavigation(listings: Listings): vscode.Disposable {
  const at = (
    text: vscode.TextDocument,
    { line, character }: vscode.Position,
  ): { readonly index: ListingIndex; readonly here: Occurrence } | undefined => {
    const index = listings.of(text)?.shown?.index;
    const here = index?.tensorAt(line, character);
    return index && here && { index, here };
  };
  return vscode.Disposable.from(
    vscode.languages.registerDefinitionProvider(LISTING_SELECTOR, {
      provideDefinition(text, position) {
        const found = at(text, position);
        return found?.index.definitionsOf(found.here).map((place) => new vscode.Location(text.uri, rangeOf(place)));
      },
    }),
    vscode.languages.registerReferenceProvider(LISTING_SELECTOR, {
      provideReferences(text, position, { includeDeclaration }) {
        const found = at(text, position);
        return found?.index
          .occurrencesOf(found.here)
          .filter(({ isDefinition }) => includeDeclaration || !isDefinition)
          .map((place) => new vscode.Location(text.uri, rangeOf(place)));
      },
    }),
    vscode.languages.registerDocumentHighlightProvider(LISTING_SELECTOR, {
      provideDocumentHighlights(text, position) {
        const found = at(text, position);
        const { Read, Write } = vscode.DocumentHighlightKind;
        return found?.index
          .occurrencesOf(found.here)
          .map((place) => new vscode.DocumentHighlight(rangeOf(place), place.isDefinition ? Write : Read));
      },
    }),
  );
}
