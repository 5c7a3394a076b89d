import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import subsetFont from "subset-font";
import { ROOT } from "../../../install.mjs";

const SOURCE = join(ROOT, "node_modules/@vscode/codicons/dist");
const BUILT = join(ROOT, "dist/codicons");

describe("The icon font that pages load", () => {
  const font = readFileSync(join(BUILT, "codicon.ttf"));
  const charactersOf = (folder: string): readonly string[] =>
    Array.from(
      readFileSync(join(folder, "codicon.css"), "utf8").matchAll(/content: "\\([0-9a-f]+)"/g),
      ([, code = ""]) => String.fromCodePoint(parseInt(code, 16)),
    );
  const sizeWith = async (text: string): Promise<number> =>
    (await subsetFont(font, text, { targetFormat: "truetype" })).length;

  it("holds every icon that their style sheet names, and no other", async () => {
    const named = charactersOf(BUILT);
    assert.ok(named.length > 50);
    const without = await sizeWith("");
    for (const character of named)
      assert.ok((await sizeWith(character)) > without, `the icon ${character.codePointAt(0)?.toString(16)} is there`);
    const others = charactersOf(SOURCE).filter((character) => !named.includes(character));
    assert.equal(await sizeWith(others.join("")), without);
    assert.ok(font.length < readFileSync(join(SOURCE, "codicon.ttf")).length / 3);
  });
});
