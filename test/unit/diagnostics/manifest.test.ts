import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { documentation } from "../../../profiler/diagnostics/documentation.ts";
import { RULES } from "../../../profiler/diagnostics/rules.ts";
import { diagnosticsManifest, SETTINGS_SECTION } from "../../../profiler/diagnostics/settings.ts";
import { RESTRUCTURINGS } from "../../../profiler/restructure/registry.ts";
import { ROOT } from "../../../install.mjs";
import { formatted } from "../../formatted.ts";

const HOW = "run `npm run generate:diagnostics`";

describe("What follows from the table of diagnostics", () => {
  it("has its settings in the manifest, and no others", () => {
    const manifest = read("package.json") as {
      readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, object>> } };
    };
    const { properties } = manifest.contributes.configuration;
    assert.deepEqual(startingWith(properties, `${SETTINGS_SECTION}.`), diagnosticsManifest().properties, HOW);
  });

  it("has the texts of its settings beside it", () => {
    assert.deepEqual(startingWith(read("package.nls.json"), "diagnostics."), diagnosticsManifest().texts, HOW);
  });

  it("has a page with a heading for each code", async () => {
    const path = join(ROOT, "docs/diagnostics.md");
    const page = readFileSync(path, "utf8");
    assert.equal(page, await formatted(path, documentation()), HOW);
    for (const { code } of RULES) assert.match(page, new RegExp(`^## ${code}$`, "m"));
  });

  it("has each code once, and restructurings answer codes that there are, no two at one place", () => {
    const known = new Set(RULES.map(({ code }) => code));
    assert.equal(known.size, RULES.length);
    const answers = RESTRUCTURINGS.flatMap((one) => Object.entries(one.answers));
    assert.deepEqual(
      answers.filter(([code]) => !known.has(code)),
      [],
    );
    assert.equal(new Set(answers.map(([code, place]) => `${code} ${place}`)).size, answers.length);
  });
});

function read(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8")) as Readonly<Record<string, unknown>>;
}

function startingWith(entries: Readonly<Record<string, unknown>>, prefix: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => key.startsWith(prefix)));
}
