import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { longChain, stagedNetwork } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { useWindow } from "./window.ts";

describe("The tree of layers", () => {
  const vscode = useWindow();
  const driver = new PageDriver(vscode);

  before("write the model", () => writeFileSync(vscode().path("staged.onnx"), stagedNetwork()));
  beforeEach("open it", () => driver.open("staged.onnx"));

  const active = (): Promise<string | null> => driver.grid.getAttribute("aria-activedescendant");

  it("groups layers by module with subtotals, and tells screen readers the levels", async () => {
    assert.equal(await driver.grid.getAttribute("role"), "treegrid");
    const stage = driver.line("stage.0");
    assert.equal(await stage.getAttribute("aria-level"), "1");
    assert.equal(await stage.getAttribute("aria-expanded"), "true");
    await driver.shows(stage.locator(".column-op"), "6 layers");
    // (8 + 16) × 8 × 9 + (8 + 16) × 8 weights.
    await driver.shows(stage.locator(".column-parameters"), /1\.92\s*k/);
    const block = driver.line("block.1");
    assert.deepEqual(
      [
        await block.getAttribute("aria-level"),
        await block.getAttribute("aria-posinset"),
        await block.getAttribute("aria-setsize"),
      ],
      ["2", "2", "2"],
    );
    await driver.shows(driver.layers.first(), "conv/Conv");
  });

  it("folds shape arithmetic into a line that says how many rows it hides, and opens it in place", async () => {
    const fold = driver.line("rows of shape arithmetic");
    await fold.getByText("show").click();
    await driver.line("/Gather").waitFor();
    assert.equal(await fold.getAttribute("aria-expanded"), "true");
    await fold.getByText("hide").click();
    await driver.line("/Gather").waitFor({ state: "detached" });
  });

  it("is a list at one click, and a tree again", async () => {
    const toggle = driver.page.getByRole("button", { name: "Group layers by module" });
    await toggle.click();
    assert.equal(await driver.grid.getAttribute("role"), "grid");
    await driver.shows(driver.layers.first(), "/stage.0/block.0/conv/Conv");
    await toggle.click();
    await driver.line("stage.0").waitFor();
  });

  it("filters by expression, keeping the modules of what it finds", async () => {
    await driver.filter("macs>200k kind:conv");
    await driver.shows(driver.page.getByTestId("shown-count"), /^2 of|^1 of/);
    await driver.line("stage.0").waitFor();
    await driver.line("block.1").waitFor();
    assert.ok((await driver.layers.locator(".column-op").allInnerTexts()).every((op) => op === "Conv"));
    await driver.filter("");
  });

  it("says what is wrong with an expression, and keeps the last rows", async () => {
    await driver.filter("kind:conv");
    await driver.shows(driver.page.getByTestId("shown-count"), "8 of 16 layers");
    await driver.filter("kind:conv macs>lots");
    await driver.shows(driver.page.locator("#filter-error"), "not an amount");
    await driver.shows(driver.page.getByTestId("shown-count"), "8 of 16 layers");
    await driver.page.getByRole("button", { name: "How to filter" }).click();
    await driver.page.getByRole("dialog").getByText("macs>10M", { exact: true }).click();
    await driver.page.locator("#filter-error:empty").waitFor({ state: "attached" });
    await driver.filter("");
  });

  it("goes through the tree by keyboard", async () => {
    await driver.line("stage.0").click();
    await driver.press("ArrowRight");
    assert.equal(await active(), "group-stage.0/block.0");
    await driver.press("ArrowLeft");
    await driver.page.locator('[aria-expanded=false][id="group-stage.0/block.0"]').waitFor();
    await driver.press("ArrowLeft");
    assert.equal(await active(), "group-stage.0");
    await driver.press("Space");
    await driver.page.locator('[aria-expanded=false][id="group-stage.0"]').waitFor();
    await driver.press("*");
    await driver.page.locator('[aria-expanded=true][id="group-stage.0"]').waitFor();
    await driver.page.locator("body").pressSequentially("resh");
    await driver.page.locator("[aria-selected=true]", { hasText: "Reshape" }).waitFor();
  });

  it("sorts siblings by their subtotals", async () => {
    await driver.column("macs").getByRole("button").click();
    await driver.column("macs").and(driver.page.locator("[aria-sort=descending]")).waitFor();
    const names = await driver.cells("name");
    assert.ok(names.indexOf("block.1") < names.indexOf("block.0"), names.join());
    assert.ok(names.indexOf("stage.0") < names.indexOf("stage.1"), names.join());
  });

  it("comes back as it was after its tab was hidden: what is closed, what is selected", async () => {
    await driver.line("stage.0").click();
    await driver.press("ArrowLeft");
    await driver.line("block.0").waitFor({ state: "detached" });
    writeFileSync(vscode().path("other.onnx"), longChain(3));
    await driver.open("other.onnx");
    await driver.open("staged.onnx");
    await driver.page.locator('[aria-expanded=false][aria-selected=true][id="group-stage.0"]').waitFor();
  });
});
