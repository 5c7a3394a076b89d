import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import { commandLinePage, withOptions } from "../../cli-page.ts";

describe("The page of the command line", () => {
  it("names every command and option as they are (npm run generate:cli)", async () => {
    assert.equal(readFileSync(join(ROOT, "docs/command-line.md"), "utf8"), await commandLinePage());
  });
});

describe("The README", () => {
  it("names every option as they are (npm run generate:cli), in under 120 lines", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    assert.match(readme, /^ {4}fit +--max-parameters /m);
    assert.equal(readme, withOptions(readme));
    assert.ok(readme.split("\n").length <= 120);
  });
});
