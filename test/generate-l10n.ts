import { getL10nJson } from "@vscode/l10n-dev";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BUNDLE, definedTexts, sources } from "./l10n/texts.ts";

/** Writes what translators translate: every text that the sources ask for in the user's language, and the engine's definitions. */

const asked = await getL10nJson(
  sources().map(({ path, text }) => ({ extension: path.endsWith("x") ? ".tsx" : ".ts", contents: text })),
);
const defined = Object.fromEntries(definedTexts().map((text) => [text, text]));
const sorted = Object.entries({ ...asked, ...defined }).sort(([a], [b]) => (a < b ? -1 : 1));
mkdirSync(dirname(BUNDLE), { recursive: true });
writeFileSync(BUNDLE, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
