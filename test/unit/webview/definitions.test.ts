import * as l10n from "@vscode/l10n";
import assert from "node:assert/strict";
import { columnOf, totalOf } from "../../../webview/definitions.ts";
import { PAGE_COLUMNS } from "../../../webview/table/page-columns.ts";

describe("The page's definitions", () => {
  afterEach(() => l10n.config({ contents: {} }));

  it("are in the user's language, also when that is known only later", () => {
    const english = columnOf("energy")?.definition ?? "";
    assert.equal(columnOf("energy")?.title, "Energy");
    l10n.config({ contents: { Energy: "Énergie", [english]: "Ce que la couche consomme." } });
    assert.equal(columnOf("energy")?.title, "Énergie");
    assert.equal(totalOf("energyPicojoules")?.title, "Énergie");
    const shown = PAGE_COLUMNS.find(({ id }) => id === "energy");
    assert.equal(shown?.title, "Énergie");
    assert.equal(shown.definition, "Ce que la couche consomme.");
  });
});
