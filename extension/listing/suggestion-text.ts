import * as vscode from "vscode";
import type { ListedSuggestion } from "../../webview/protocol/editing.ts";

/** Savings that are worth a place in a menu, with the word for each. */
const NAMED: readonly (readonly [total: keyof ListedSuggestion["saves"], word: () => string])[] = [
  ["macs", () => vscode.l10n.t("MACs")],
  ["parameters", () => vscode.l10n.t("parameters")],
  ["weightBytes", () => vscode.l10n.t("weights")],
  ["peakMemoryBytes", () => vscode.l10n.t("peak memory")],
  ["energyPicojoules", () => vscode.l10n.t("energy")],
  ["latencySeconds", () => vscode.l10n.t("latency")],
];

/** Savings that a title has room for. */
const MOST_NAMED = 2;

/** Less than this is nothing to choose by. */
const SMALLEST_SHARE = 0.005;

/** "Separable: −12 % MACs, −8 % energy of the model, approximate" */
export function titleOf({ title: english, guarantee, wantsSamples, saves }: ListedSuggestion): string {
  const title = vscode.l10n.t(english);
  const worth = namedSavings(saves, MOST_NAMED);
  const word = GUARANTEES[guarantee]();
  const said = wantsSamples ? vscode.l10n.t("{0}, fitted to samples", word) : word;
  return worth === "" ? `${title}: ${said}` : vscode.l10n.t("{0}: {1} of the model, {2}", title, worth, said);
}

/** "−12 % MACs, −8 % energy": the largest savings first; empty where nothing changes. */
export function namedSavings(saves: ListedSuggestion["saves"], most = NAMED.length): string {
  return NAMED.map(([total, word]) => ({ share: saves[total] ?? 0, word }))
    .filter(({ share }) => Math.abs(share) >= SMALLEST_SHARE)
    .sort((a, b) => b.share - a.share)
    .slice(0, most)
    .map(({ share, word }) => `${share > 0 ? "−" : "+"}${percentOf(Math.abs(share))} % ${word()}`)
    .join(", ");
}

function percentOf(share: number): string {
  const percent = 100 * share;
  return percent < 10 ? percent.toFixed(1) : percent.toFixed(0);
}

const GUARANTEES: Readonly<Record<ListedSuggestion["guarantee"], () => string>> = {
  exact: () => vscode.l10n.t("exact"),
  approximate: () => vscode.l10n.t("approximate"),
  "needs training": () => vscode.l10n.t("needs training"),
};
