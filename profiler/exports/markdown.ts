import type { Column } from "../columns.ts";
import type { Profile } from "../profile.ts";
import { printable } from "./printable.ts";
import {
  cellText,
  describeDimension,
  describePeak,
  describeTotals,
  describeUnknown,
  isBookkeeping,
  READABLE_COLUMNS,
  totalTexts,
} from "./summary.ts";

export interface MarkdownOptions {
  readonly columns?: readonly Column[];
  /** Shape arithmetic and folded constants too. */
  readonly showAll?: boolean | undefined;
}

/** A report for a pull request or a page of docs. */
export function profileMarkdown(
  profile: Profile,
  { columns = READABLE_COLUMNS, showAll = false }: MarkdownOptions = {},
): string {
  const shown = showAll ? profile.layers : profile.layers.filter((layer) => !isBookkeeping(layer));
  const hidden = profile.layers.length - shown.length;
  const peak = describePeak(profile);
  const unknown = describeUnknown(profile);
  const lines = [
    `# ${escape(profile.file)}`,
    "",
    ...describeTotals(profile).map(([title, text]) =>
      escapedItem(title, title === "Peak memory" && peak ? `${text}, ${peak}` : text),
    ),
    escapedItem("Hardware", profile.hardware),
    ...profile.dimensions.map((dimension) => escapedItem("Dimension", describeDimension(dimension))),
    "",
    row(columns.map(({ title }) => title)),
    row(columns.map(({ align }) => (align === "right" ? "---:" : "---"))),
    ...shown.map((layer) => row(columns.map((column) => escape(cellText(column, layer, profile))))),
    row(totalTexts(columns, profile).map((text) => (text === "" ? "" : `**${escape(text)}**`))),
    ...(hidden > 0
      ? [
          "",
          `${hidden} ${hidden === 1 ? "row" : "rows"} of shape arithmetic and constants ${hidden === 1 ? "is" : "are"} not shown.`,
        ]
      : []),
    ...(unknown === undefined ? [] : ["", unknown]),
    ...(profile.warnings.length > 0 ? ["", "## Warnings", ""] : []),
    ...profile.warnings.map(({ message }) => `- ${escape(message)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function escapedItem(title: string, text: string): string {
  return `- ${escape(title)}: ${escape(text)}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Text as text: no markup, no HTML, no cell borders. */
function escape(text: string): string {
  return printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[\\`*_{}[\]|~]/g, String.raw`\$&`);
}
