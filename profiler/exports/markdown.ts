import type { Column } from "../columns.ts";
import type { RunResult } from "../device/run-result.ts";
import type { Profile } from "../profile.ts";
import { escape, row } from "./markdown-text.ts";
import { describeRun, describeRuntime, describeUnmapped, runFigures, withRunColumns } from "./run-summary.ts";
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
  /** The run that the layers' measured times are of. */
  readonly run?: RunResult | undefined;
}

/** A report for a pull request or a page of docs. */
export function profileMarkdown(
  profile: Profile,
  { columns: chosen = READABLE_COLUMNS, showAll = false, run }: MarkdownOptions = {},
): string {
  const columns = withRunColumns(chosen, run);
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
    row(totalTexts(columns, profile, run).map((text) => (text === "" ? "" : `**${escape(text)}**`))),
    ...(hidden > 0
      ? [
          "",
          `${hidden} ${hidden === 1 ? "row" : "rows"} of shape arithmetic, constants and fused operators ${hidden === 1 ? "is" : "are"} not shown.`,
        ]
      : []),
    ...(unknown === undefined ? [] : ["", unknown]),
    ...(run === undefined ? [] : measured(run)),
    ...(profile.warnings.length > 0 ? ["", "## Warnings", ""] : []),
    ...profile.warnings.map(({ message }) => `- ${escape(message)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function measured(run: RunResult): readonly string[] {
  return [
    "",
    `## Measured on ${escape(describeRun(run))}`,
    "",
    escapedItem("Runtime", describeRuntime(run)),
    ...runFigures(run).map(([title, text]) => escapedItem(title, text)),
    ...describeUnmapped(run).map((text) => escapedItem("Unattributed time", text)),
    ...run.throttling.map((text) => escapedItem("Slowed down", text)),
    ...run.notes.map((text) => escapedItem("Note", text)),
  ];
}

function escapedItem(title: string, text: string): string {
  return `- ${escape(title)}: ${escape(text)}`;
}
