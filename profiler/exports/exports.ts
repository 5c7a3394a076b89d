import type { RunResult } from "../device/run-result.ts";
import type { Profile } from "../profile.ts";
import type { BudgetTexts } from "../views/budgets.ts";
import { withMeasuredTimes } from "../views/measured-times.ts";
import { profileCsv } from "./csv.ts";
import type { ExportFormat } from "./export-formats.ts";
import { profileHtml } from "./html.ts";
import { profileJson } from "./json.ts";
import { jsonText } from "./json-text.ts";
import { profileMarkdown } from "./markdown.ts";

export interface ExportOptions {
  /** Rows of shape arithmetic, constants and fused operators in the readable ones too; the others hold every row. */
  readonly showAll?: boolean | undefined;
  /** A run of this version of the model: its times stand beside the estimates, under its name. */
  readonly run?: RunResult | undefined;
  /** What the report holds the model against. */
  readonly budgets?: BudgetTexts | undefined;
  /** When the report says it was written. */
  readonly writtenAt?: Date | undefined;
}

const WRITERS: Readonly<Record<ExportFormat, (profile: Profile, options: ExportOptions) => string>> = {
  csv: profileCsv,
  json: (profile, { run }) => jsonText(profileJson(profile, run)),
  markdown: profileMarkdown,
  html: profileHtml,
};

/** A profile as the text of a file: one implementation for the command line and the editor. */
export function exportProfile(profile: Profile, format: ExportFormat, options: ExportOptions = {}): string {
  const { run } = options;
  const shown = run === undefined ? profile : { ...profile, layers: withMeasuredTimes(profile.layers, run) };
  return WRITERS[format](shown, options);
}
