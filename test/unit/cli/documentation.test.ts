import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import { commandLinePage } from "../../cli-page.ts";

describe("The page of the command line", () => {
  it("names every command and option as they are (npm run generate:cli)", async () => {
    assert.equal(readFileSync(join(ROOT, "docs/command-line.md"), "utf8"), await commandLinePage());
  });
});
