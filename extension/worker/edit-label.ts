import type { Edit } from "../../profiler/editing/index.ts";

/** What an edit is called in lists and in VS Code's menu: "Low rank fc6 (rank=128)". Options that have their defaults are left out. */
export function labelOf(title: string, { target, options }: Edit): string {
  const settings = Object.entries(options).map(([id, value]) => `${id}=${value}`);
  const name = target === "" ? title : `${title} ${target}`;
  return settings.length === 0 ? name : `${name} (${settings.join(", ")})`;
}
