import { ownEntry } from "../../profiler/own-entry.ts";
/** Everything that Markdown could take for its own, and what could begin HTML. */
const SPECIAL = /[\\`*_{}[\]()#+\-.!~|<>&$]/g;

const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

/** Any text on one line of Markdown; unlike `MarkdownString.appendText` it leaves spaces where a line may break. */
export function markdownText(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(SPECIAL, (character) => ownEntry(ENTITIES, character) ?? `\\${character}`);
}
