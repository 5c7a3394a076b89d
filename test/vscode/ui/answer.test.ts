import assert from "node:assert/strict";
import { join } from "node:path";
import { SuggestionsDriver } from "./suggestions-driver.ts";
import { eventually, SAMPLES, useWindow } from "./window.ts";

/** 1.2 MB: over the budget of an update. */
const MODEL = "digits_vgg_bn.onnx";

describe("The answer above the table", () => {
  const vscode = useWindow({
    files: [join(SAMPLES, MODEL)],
    keepsOpen: true,
    settings: { "edgewise.budgets.update": "10 KB" },
  });
  const driver = new SuggestionsDriver(vscode);
  const answer = () => driver.page.getByTestId("answer");
  const miss = () => answer().locator("[data-miss=update]");

  /** Rows of the table that are whole in sight. */
  const rowsInSight = (): Promise<number> =>
    driver.grid.evaluate((grid) => {
      const head = grid.querySelector(".head")?.getBoundingClientRect().bottom ?? 0;
      const end = Math.min(grid.getBoundingClientRect().bottom, innerHeight);
      const boxes = [...grid.querySelectorAll("[role=row][id]")].map((row) => row.getBoundingClientRect());
      return boxes.filter(({ top, bottom }) => top >= head - 1 && bottom <= end + 1).length;
    });

  before(() => driver.open(MODEL));
  afterEach(async () => {
    await vscode().page.setViewportSize({ width: 1280, height: 800 });
    await driver.page.getByRole("tab", { name: "Layers" }).click();
    const close = driver.panel.getByRole("button", { name: "Close" });
    if ((await close.count()) > 0) await close.click();
  });

  it("tells by how much a budget is missed, and leads to the search with that budget filled in", async () => {
    await miss()
      .getByRole("button", { name: /over the 10 KB update limit/ })
      .click();
    const field = driver.panel.locator("[data-goal=fileBytes]").getByRole("textbox");
    await eventually(
      vscode(),
      () => field.inputValue(),
      (text) => text === "10 KB",
    );
  });

  it("names an edit that meets it once one is known, and opens it", async () => {
    await vscode().server.run((api) =>
      api.workspace.getConfiguration("edgewise.budgets").update("update", "1 MB", api.ConfigurationTarget.Global),
    );
    await driver.shows(miss(), /over the 1 MB update limit, met by /);
    await miss().getByRole("button").nth(1).click();
    await driver.panel.locator(".suggestion.open").waitFor();
    await driver.panel.getByTestId("task").waitFor({ state: "detached" });
    assert.equal(await driver.panel.locator(".suggestion.open").count(), 1, "and it stays when all are there");
  });

  it("leads to the row or the chart of what has most", async () => {
    const dominant = answer().locator(".dominant").first().getByRole("button");
    await dominant.click();
    await driver.page.locator(".row.selected, [data-testid=chart-kind]").first().waitFor();
  });

  it("leaves twelve rows in sight at 1280 × 800, and six at a zoom of 200 %", async () => {
    assert.ok((await rowsInSight()) >= 12, `${await rowsInSight()} rows`);
    await vscode().page.setViewportSize({ width: 640, height: 400 });
    await eventually(vscode(), rowsInSight, (rows) => rows >= 6);
  });
});
