import type { Profile } from "../profile.ts";
import { profileCsv } from "./csv.ts";
import { profileHtml } from "./html.ts";
import { profileJson } from "./json.ts";
import { profileMarkdown } from "./markdown.ts";

/** Every way to write a profile into a file, for the command line and the editor alike. */

export interface ExportOptions {
  /** Rows of shape arithmetic and constants in the readable ones too; the others hold every row. */
  readonly showAll?: boolean | undefined;
}

export interface ProfileExport {
  /** What people call it. */
  readonly title: string;
  /** Of its files, without the dot. */
  readonly extension: string;
  readonly write: (profile: Profile, options: ExportOptions) => string;
}

export type ExportFormat = "csv" | "json" | "markdown" | "html";

export const EXPORTS: Readonly<Record<ExportFormat, ProfileExport>> = {
  csv: { title: "CSV", extension: "csv", write: (profile) => profileCsv(profile) },
  json: { title: "JSON", extension: "json", write: (profile) => `${JSON.stringify(profileJson(profile))}\n` },
  markdown: { title: "Markdown", extension: "md", write: profileMarkdown },
  html: { title: "HTML report", extension: "html", write: profileHtml },
};
