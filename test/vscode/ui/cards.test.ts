import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Locator } from "playwright-core";
import { formatCell } from "../../../profiler/columns.ts";
import { SAMPLES, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";

describe("The cards", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)], keepsOpen: true });
  const page = () => vscode().webview();
  const budget = (id: string): Locator => page().locator(`[data-budget=${id}]`);
  const line = (id: string): Locator => budget(id).locator(".budget-line");
  const setting = (id: string): Promise<unknown> =>
    vscode().server.run((api, name) => api.workspace.getConfiguration("edgewise.budgets").get(name), id);

  before(async () => {
    await vscode().openFile(MODEL);
    await page().getByRole("heading", { name: MODEL }).waitFor();
    await page().getByRole("button", { name: "Show budgets" }).click();
  });

  it("hold the totals against the budgets, in words, with an icon for each verdict", async () => {
    assert.match(await line("download").innerText(), /^[<\d.]+ % of 100 MB download/);
    assert.equal(await line("download").locator(".codicon-pass").count(), 1);
    assert.match(await line("response").innerText(), /of 0\.1 s response/);
    assert.match(await line("parameters").innerText(), /no budget/);
  });

  it("change a budget in place, and with it the setting", async () => {
    await line("update").click();
    const field = budget("update").getByRole("textbox");
    assert.equal(await field.inputValue(), "500 KB");
    await field.fill("soon");
    await field.press("Enter");
    await budget("update").getByRole("alert").filter({ hasText: "An amount such as 500 KB" }).waitFor();
    await field.fill("1 KB");
    await field.press("Enter");
    await line("update")
      .filter({ hasText: /over the 1 KB update limit/ })
      .waitFor();
    assert.equal(await line("update").locator(".codicon-error").count(), 1);
    assert.equal(await setting("update"), "1 KB");
  });

  it("offer common amounts, and none at all", async () => {
    await line("response").click();
    await budget("response").getByRole("button", { name: /10 s/ }).click();
    await line("response").filter({ hasText: "10 s response" }).waitFor();
    await line("response").click();
    await budget("response")
      .getByRole("button", { name: /no budget/ })
      .click();
    await line("response").filter({ hasText: "no budget" }).waitFor();
  });

  it("leave a budget as it was on Escape", async () => {
    await line("macs").click();
    await budget("macs").getByRole("textbox").fill("5 M");
    await vscode().page.keyboard.press("Escape");
    await budget("macs").getByRole("dialog").waitFor({ state: "detached" });
    assert.match(await line("macs").innerText(), /600 M/);
  });

  it("follow a setting that is changed elsewhere, without profiling again", async () => {
    await vscode().server.run(async (api) => {
      const settings = api.workspace.getConfiguration("edgewise.budgets");
      await settings.update("rate", "60", api.ConfigurationTarget.Global);
    });
    await line("rate").filter({ hasText: "60 fps" }).waitFor();
  });

  it("tell what is downloaded when that is asked for, of the file and of each row", async () => {
    const download = page().getByTestId("download");
    const grid = page().getByTestId("layers");
    const onDemand = grid.locator(".column-download button");
    await page().getByRole("button", { name: "Choose columns" }).click();
    await page().getByRole("menuitemcheckbox", { name: "Download" }).click();
    await vscode().page.keyboard.press("Escape");
    // Nothing is computed by looking.
    assert.equal(await onDemand.first().innerText(), "on demand");
    assert.equal(await download.getByRole("status").count(), 0);
    await download.getByRole("button", { name: "as downloaded…" }).click();
    await download.getByRole("status").filter({ hasText: "as downloaded" }).waitFor();
    const { length } = deflateRawSync(readFileSync(join(SAMPLES, MODEL)), { level: 9 });
    assert.equal(await download.getByRole("status").innerText(), `${formatCell("bytes", length)} as downloaded`);
    await onDemand.first().waitFor({ state: "detached" });
    assert.match(await grid.locator(".layer-row .column-download .digits").first().innerText(), /^[\d.]+$/);
    await page().getByRole("button", { name: "Choose columns" }).click();
    await page().getByRole("menuitem", { name: "Reset Columns" }).click();
  });

  it("fold into a line of totals and back", async () => {
    await page().getByRole("button", { name: "Hide budgets" }).click();
    await budget("macs").waitFor({ state: "detached" });
    await page().locator("[data-total=macs] .verdict.within").waitFor();
    assert.equal(await page().locator("[data-total=otherOps] .verdict").count(), 0);
    const over = page().locator("[data-total=fileBytes] .verdict.over");
    assert.match(await over.innerText(), /^[\d.,]+×\s*Budget: .* download[^]*over the 1 KB update limit/);
    await page().getByRole("button", { name: "Show budgets" }).click();
    await line("macs").waitFor();
  });
});
