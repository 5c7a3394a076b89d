import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentation } from "../profiler/diagnostics/documentation.ts";
import { diagnosticsManifest, SETTINGS_SECTION } from "../profiler/diagnostics/settings.ts";
import { ROOT } from "../install.mjs";
import { formatted } from "./formatted.ts";

/** Writes what follows from the table of diagnostics: its page of the documentation, its settings and their texts. */

const PAGE = join(ROOT, "docs/diagnostics.md");
const MANIFEST = join(ROOT, "package.json");
const TEXTS = join(ROOT, "package.nls.json");

interface PackageManifest {
  readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, object>> } };
}

const manifest = read(MANIFEST) as PackageManifest;
const texts = read(TEXTS) as Readonly<Record<string, string>>;
const made = diagnosticsManifest();
const { configuration } = manifest.contributes;
const properties = { ...without(configuration.properties, `${SETTINGS_SECTION}.`), ...made.properties };
const contributes = { ...manifest.contributes, configuration: { ...configuration, properties } };
await write(MANIFEST, JSON.stringify({ ...manifest, contributes }));
await write(TEXTS, JSON.stringify({ ...without(texts, "diagnostics."), ...made.texts }));
await write(PAGE, documentation());

function without<T>(entries: Readonly<Record<string, T>>, prefix: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => !key.startsWith(prefix)));
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

async function write(path: string, text: string): Promise<void> {
  writeFileSync(path, await formatted(path, text));
}
