import { printable } from "../../profiler/exports/printable.ts";

/** What an eye sees nothing of and no line breaks at. */
const WORD_JOINER = "\u{2060}";

/** VS Code cuts its notifications there, and a list of longer labels is not read. */
const MOST_CHARACTERS = 1000;

/**
 * Any text as text in messages, titles of progress, lists and questions of VS Code. Names of files, tensors, layers and phones get there,
 * and `[text](command:…)` would be a link that runs a command, `$(name)` an icon. VS Code has no escape for a link, so a character of
 * no width parts what would be one.
 */
export function plainText(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
  return printable(cut.replaceAll(/[\r\n\t]+/g, " ")).replaceAll(/[\]$](?=\()/g, `$&${WORD_JOINER}`);
}
