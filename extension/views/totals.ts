import * as vscode from "vscode";
import { formatCellExact, formatTotal, TOTALS, type Total } from "../../profiler/presentation.ts";
import type { Profile } from "../../profiler/index.ts";

/** Totals that stand in the status bar, which is short of room, with the word behind each number. The others are in its hover. */
const SHORT: readonly (readonly [id: Total["id"], word: () => string])[] = [
  ["parameters", () => vscode.l10n.t("params")],
  ["macs", () => "MACs"],
  ["latencySeconds", () => ""],
];

/** "25.6 M params · 4.09 G MACs · 31.4 ms" */
export function shortTotals(profile: Profile): string {
  return SHORT.flatMap(([id, word]) => {
    const total = TOTALS.find((candidate) => candidate.id === id);
    return total ? [`${formatTotal(total, profile)} ${word()}`.trim()] : [];
  }).join(" · ");
}

/** All totals with their definitions, for a hover. */
export function totalsMarkdown(profile: Profile): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const { hardwareProfile: hardware } = profile;
  text.appendMarkdown("**").appendText(profile.file).appendMarkdown("**\n\n");
  for (const total of TOTALS) {
    text
      .appendMarkdown(`- **${vscode.l10n.t(total.title)}: ${formatTotal(total, profile)}** — `)
      .appendText(vscode.l10n.t(total.definition));
    text.appendMarkdown("\n");
  }
  text.appendMarkdown("\n");
  return text.appendText(vscode.l10n.t("Hardware: {0} — {1}", hardware.name, hardware.description));
}

/** All totals with every digit, a line each, for the clipboard. */
export function totalsText(profile: Profile): string {
  const lines = TOTALS.map(
    ({ id, title, unit }) => `${vscode.l10n.t(title)}\t${formatCellExact(unit, profile.totals[id])}`,
  );
  return [profile.file, ...lines, `${vscode.l10n.t("Hardware")}\t${profile.hardware}`, ""].join("\n");
}
