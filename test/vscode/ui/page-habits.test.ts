import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { convertedForEight, longChain } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { SAMPLES, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";

describe("The habits of the page", () => {
  // A page that takes the focus as it comes up would close the list of editors.
  const settings = { "workbench.quickOpen.closeOnFocusLost": false };
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)], settings });
  const driver = new PageDriver(vscode);

  it("tells the user of a fault of its own, and the log what it was", async () => {
    await driver.open(MODEL);
    await driver.page.locator("body").evaluate(() => {
      setTimeout(() => {
        throw new Error("a fault that a test has made");
      });
    });
    const toast = vscode().page.locator(".notification-toast", {
      hasText: "Something went wrong in the page of a model",
    });
    await toast.getByRole("button", { name: "Show Log" }).click();
    await vscode()
      .page.locator(".output-view-content, .output-view", { hasText: "The page: a fault that a test has made" })
      .first()
      .waitFor();
    await vscode().server.run((api) => api.commands.executeCommand("workbench.action.closePanel"));
    await driver.lines.first().waitFor();
  });

  it("says where the numbers of the hardware come from, and offers others", async () => {
    await driver.open(MODEL);
    const button = driver.page.getByRole("button", { name: "flagship-phone" });
    await button.click();
    const dialog = driver.page.getByRole("dialog", { name: "flagship-phone" });
    for (const title of ["Peak arithmetic", "Memory bandwidth", "Memory on the chip", "Each operator", "Energy"]) {
      const number = dialog.locator("dl > div", { has: driver.page.locator("dt", { hasText: title }) });
      assert.ok((await number.locator("dd").first().innerText()).length > 3, title);
      assert.ok((await number.locator(".source").innerText()).length > 20, `no source of: ${title}`);
    }
    await driver.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await button.click();
    await dialog.getByRole("button", { name: "Add Your Own" }).click();
    await vscode().page.locator(".quick-input-widget").getByText("Add Hardware Profile").waitFor();
    await driver.press("Escape");
    await button.click();
    await dialog.getByRole("button", { name: "Choose Another" }).click();
    await vscode().page.locator(".quick-input-widget").getByText("midrange-phone").waitFor();
    await driver.press("Escape");
  });

  it("has the table one key behind the first Tab, and Ctrl+F in the filter", async () => {
    await driver.open(MODEL);
    await driver.page.locator("body").evaluate((body) => {
      body.tabIndex = -1;
      body.focus();
    });
    await driver.press("Tab");
    await driver.page.getByRole("button", { name: "Skip to the layers" }).and(driver.page.locator(":focus")).waitFor();
    await driver.press("Enter");
    await driver.grid.and(driver.page.locator(":focus")).waitFor();
    await driver.page.getByRole("tab", { name: "Charts" }).click();
    await driver.press("Control+F");
    await driver.page.getByRole("tab", { name: "Layers", selected: true }).waitFor();
    await driver.page.locator("vscode-text-field.filter:focus-within").waitFor();
  });

  it("can be left for another editor by Reopen With, and come back to", async () => {
    await driver.open(MODEL);
    const editors = vscode().page.locator(".quick-input-widget .monaco-list-row");
    const reopenWith = async (name: string): Promise<void> => {
      void vscode().server.run((api) => api.commands.executeCommand("workbench.action.reopenWithEditor"));
      await editors.filter({ hasText: name }).first().click();
    };
    await reopenWith("Text Editor");
    await vscode().page.locator("iframe.webview.ready").waitFor({ state: "detached" });
    await vscode().page.locator(".editor-group-container").getByText("binary").first().waitFor();
    await reopenWith("Edgewise");
    await driver.page.getByRole("heading", { name: MODEL }).waitFor();
    await driver.lines.first().waitFor();
  });

  it("comes back as it was after the window is loaded anew", async () => {
    await driver.open(MODEL);
    await driver.filter("kind:conv");
    await driver.page.getByRole("columnheader", { name: "Latency estimate" }).getByRole("button").click();
    await driver.page.getByRole("textbox", { name: "Value of the dimension batch" }).fill("4");
    await driver.press("Enter");
    await driver.page.getByRole("button", { name: "Batch 1" }).waitFor();
    await driver.page.getByRole("tab", { name: "Charts" }).click();
    await driver.page.getByLabel("Column shown as bars").selectOption("energy");
    const loaded = vscode().page.waitForEvent("load");
    await vscode().runCommand("Developer: Reload Window");
    await loaded;
    assert.equal(await driver.page.getByLabel("Column shown as bars").inputValue(), "energy");
    await driver.page.getByRole("tab", { name: "Layers" }).click();
    await driver.page
      .getByRole("columnheader", { name: "Latency estimate" })
      .and(driver.page.locator("[aria-sort=descending]"))
      .waitFor();
    assert.equal(await driver.page.getByRole("textbox", { name: "Filter layers" }).inputValue(), "kind:conv");
    assert.equal(await driver.page.getByRole("textbox", { name: "Value of the dimension batch" }).inputValue(), "4");
  });

  it("has presets of dimensions: one sample, and the exporter's example", async () => {
    writeFileSync(vscode().path("eight.tflite"), convertedForEight());
    await driver.open("eight.tflite");
    const dimensions = driver.page.getByTestId("dimensions");
    const value = dimensions.getByRole("textbox");
    assert.equal(await value.inputValue(), "8");
    await driver.shows(dimensions, "exporter’s example");
    await dimensions.getByRole("button", { name: "Batch 1" }).click();
    await driver.shows(driver.layers.first().locator(".column-shape"), /^1×/);
    await driver.shows(dimensions, "example 8");
    await dimensions.getByRole("button", { name: "Use the exporter’s example of every dimension" }).click();
    await driver.shows(driver.layers.first().locator(".column-shape"), /^8×/);
    assert.equal(await value.inputValue(), "8");
  });

  it("moves nothing for who wants no motion, but still says that something runs", async () => {
    writeFileSync(vscode().path("long.onnx"), longChain(60_000));
    await vscode().page.emulateMedia({ reducedMotion: "reduce" });
    await vscode().openFile("long.onnx");
    const progress = driver.page.getByRole("progressbar").first();
    await progress.waitFor();
    const { animation, width } = await progress.evaluate((bar) => {
      const style = getComputedStyle(bar, "::after");
      return { animation: style.animationName, width: parseFloat(style.width) / bar.clientWidth };
    });
    await vscode().page.emulateMedia({ reducedMotion: null });
    assert.equal(animation, "none");
    assert.equal(width, 1);
  });
});
