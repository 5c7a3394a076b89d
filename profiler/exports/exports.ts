import type { Profile } from "../profile.ts";
import { profileCsv } from "./csv.ts";
import type { ExportFormat } from "./export-formats.ts";
import { profileHtml } from "./html.ts";
import { profileJson } from "./json.ts";
import { profileMarkdown } from "./markdown.ts";

export interface ExportOptions {
  /** Rows of shape arithmetic and constants in the readable ones too; the others hold every row. */
  readonly showAll?: boolean | undefined;
}

const WRITERS: Readonly<Record<ExportFormat, (profile: Profile, options: ExportOptions) => string>> = {
  csv: (profile) => profileCsv(profile),
  json: (profile) => `${JSON.stringify(profileJson(profile))}\n`,
  markdown: profileMarkdown,
  html: profileHtml,
};

/** A profile as the text of a file: one implementation for the command line and the editor. */
export function exportProfile(profile: Profile, format: ExportFormat, options: ExportOptions = {}): string {
  return WRITERS[format](profile, options);
}
