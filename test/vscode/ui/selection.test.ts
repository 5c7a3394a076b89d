import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { stagedNetwork } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { useWindow } from "./window.ts";

describe("Selecting layers", () => {
  const vscode = useWindow();
  const driver = new PageDriver(vscode);

  before("write the model", () => writeFileSync(vscode().path("staged.onnx"), stagedNetwork()));
  beforeEach("open it", () => driver.open("staged.onnx"));

  const selected = () => driver.page.locator("[role=row][aria-selected=true]");
  const sum = () => driver.page.getByTestId("selection-sum");

  it("adds up several, by click and by key", async () => {
    await driver.layers.nth(0).click();
    await driver.layers.nth(2).click({ modifiers: ["Control"] });
    // 112,896 + 12,544 MACs of the first block.
    await driver.shows(sum(), /2 layers.*125 k MACs/s);
    await driver.layers.nth(0).click({ modifiers: ["Control"] });
    await sum().waitFor({ state: "detached" });
    await driver.layers.nth(0).click();
    await driver.press("Shift+ArrowDown");
    await driver.press("Shift+ArrowDown");
    assert.equal(await selected().count(), 3);
    await driver.press("Control+a");
    await driver.shows(sum(), "16 layers");
    await driver.press("Escape");
    await sum().waitFor({ state: "detached" });
  });

  it("takes a module for all that is in it", async () => {
    await driver.line("stage.0").click();
    await driver.shows(sum(), "6 layers");
  });

  it("copies rows with a heading, tabs and exact values", async () => {
    await driver.line("block.0").click();
    const copied = await driver.grid.evaluate((grid) => {
      const clipboardData = new DataTransfer();
      grid.dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true }));
      return clipboardData.getData("text/plain");
    });
    const [heading, first, ...rest] = copied.trimEnd().split("\n");
    assert.match(heading ?? "", /^#\tName\tOperator\tOutput shape\tParameters\tMACs/);
    assert.match(first ?? "", /^0\t\/stage\.0\/block\.0\/conv\/Conv\tConv\t1×8×14×14\t576\t112896\t/);
    assert.equal(rest.length, 2);
  });

  it("tells the row's context menu which layer it is about", async () => {
    const context = await driver.layers.nth(1).getAttribute("data-vscode-context");
    assert.equal((JSON.parse(context ?? "{}") as { readonly layer?: number }).layer, 1);
    await driver.layers.nth(1).click();
    assert.equal(
      await driver.page.getByTestId("layers").getAttribute("data-vscode-context"),
      context,
      "the menu key is about the active row",
    );
  });
});
