import { printable } from "./printable.ts";

/** A line of a table. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** What an eye sees nothing of and no line breaks at. */
const WORD_JOINER = "\u{2060}";

/**
 * What GitHub, GitLab and others make links of wherever it stands, though it be escaped: a person, an issue, a merge request, an address.
 * They part at a character of no width.
 */
const LINKS =
  /[@#!%$&~](?=[\p{L}\p{N}"_-])|\b(?:GH|www)(?=[-.])|:(?=\/\/)|\b(?:mailto|xmpp|javascript|data|command)(?=:)/giu;

/** Text as text: no markup, no HTML, no cell borders, no links. */
export function escape(text: string): string {
  return printable(text)
    .replaceAll(LINKS, `$&${WORD_JOINER}`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\`*_{}[\]|~$]/g, String.raw`\$&`);
}
