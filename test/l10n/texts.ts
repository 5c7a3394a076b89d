import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../install.mjs";
import { COLUMNS, TOTALS } from "../../profiler/columns.ts";
import type { OptionSpec } from "../../profiler/restructure/options.ts";
import { RESTRUCTURINGS, TRAININGS } from "../../profiler/restructure/registry.ts";
import { BUDGETS } from "../../profiler/views/budgets.ts";
import { DOWNLOAD_COLUMN } from "../../profiler/views/download-column.ts";
import { INPUT_ROLES } from "../../profiler/views/input-roles.ts";
import { MEASURED_COLUMNS } from "../../profiler/views/measured-times.ts";

/** What users of the editor read, as translators get it. */

/** English texts, each its own key: VS Code's format. */
export const BUNDLE = join(ROOT, "l10n/bundle.l10n.json");

/** Rooms whose texts are in the user's language. The engine speaks English, as its command line does. */
const ROOMS = ["extension", "webview"];
const ENGINE_THREAD = join("extension", "worker");

export interface Source {
  /** From the root. */
  readonly path: string;
  readonly text: string;
}

/** Every source file of these rooms, in the order of their paths. */
export function sources(): readonly Source[] {
  const paths = ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" }).map((path) => join(room, path)),
  );
  return paths
    .filter((path) => /(?<!\.d)\.tsx?$/.test(path) && !path.startsWith(ENGINE_THREAD))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** The engine's definitions that the editor shows translated: they are data, so that no tool finds them in a call. */
export function definedTexts(): readonly string[] {
  return [
    ...[...COLUMNS, ...MEASURED_COLUMNS, DOWNLOAD_COLUMN, ...TOTALS].flatMap(({ title, definition }) => [
      title,
      definition,
    ]),
    ...BUDGETS.flatMap(({ title, reason, presets }) => [title, reason, ...presets.map(({ meaning }) => meaning)]),
    ...INPUT_ROLES,
    ...[...RESTRUCTURINGS, ...TRAININGS].flatMap(({ title, options }) => [title, ...options.flatMap(optionTexts)]),
  ];
}

function optionTexts(spec: OptionSpec): readonly string[] {
  const choices = spec.type === "choice" ? spec.choices.map(({ title }) => title) : [];
  return [spec.title, spec.description, ...choices];
}
