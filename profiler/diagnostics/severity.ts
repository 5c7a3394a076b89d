export const SEVERITIES = ["error", "warning", "information", "hint", "off"] as const;
/** As VS Code calls them; "off" looks for nothing. */
export type Severity = (typeof SEVERITIES)[number];
