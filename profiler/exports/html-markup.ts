import { ownEntry } from "../own-entry.ts";
import { printable } from "./printable.ts";

/** HTML or SVG that may stand in a document as it is. `markup` makes it, so that nothing of a file gets there unescaped. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text is escaped, markup is not, nothing is nothing. */
export type Content = Markup | string | number | undefined | readonly Content[];

/** A template of HTML or SVG. Attributes stand in double quotes. */
export function markup(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const texts = strings.map((literal, index) => literal + textOf(contents[index]));
  return new Markup(texts.join(""));
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "number") return String(content);
  return typeof content === "string" ? escape(content) : content.map(textOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (character) => ownEntry(ENTITIES, character) ?? "");
}
