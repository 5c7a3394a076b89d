/** What a profile can be written as: names alone, for menus that load no writer. */
export const EXPORT_FORMATS = {
  csv: { title: "CSV", extension: "csv" },
  json: { title: "JSON", extension: "json" },
  markdown: { title: "Markdown", extension: "md" },
  html: { title: "HTML report", extension: "html" },
} as const satisfies Readonly<Record<string, ExportDescription>>;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

interface ExportDescription {
  /** What people call it. */
  readonly title: string;
  /** Of its files, without the dot. */
  readonly extension: string;
}
