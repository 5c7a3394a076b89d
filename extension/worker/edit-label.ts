import type { Edit } from "../../profiler/editing/index.ts";

/** What an edit is called in lists and in VS Code's menu: "Low rank fc6 (rank=128)", "Low rank fc6 of decode" for an entry that is not the first. Options that have their defaults are left out. */
export function labelOf(title: string, { target, entry, options }: Edit): string {
  const settings = Object.entries(options).map(([id, value]) => `${id}=${value}`);
  const name = [title, target, ...(entry === undefined ? [] : [`of ${entry}`])].filter(Boolean).join(" ");
  return settings.length === 0 ? name : `${name} (${settings.join(", ")})`;
}
