import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SPLIT_BYTES, splitModel } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { SAMPLES, useWindow } from "./window.ts";

describe("Opening a model in VS Code", () => {
  const vscode = useWindow({ files: [join(SAMPLES, "digits_lenet.onnx")] });
  const driver = new PageDriver(vscode);

  it("shows the layers", async () => {
    await vscode().openFile("digits_lenet.onnx");
    await vscode().rows().nth(1).waitFor();
  });

  it("shows table, graph and details without its data file, says what that is needed for, and loads it when it comes", async () => {
    rmSync(vscode().path("weights.bin"), { force: true });
    writeFileSync(vscode().path("split.onnx"), splitModel());
    await driver.open("split.onnx");
    const banner = driver.page.getByTestId("missing-data");
    await banner.getByText("The data file “weights.bin” is missing.").waitFor();
    await banner.getByText(`Expected at ${vscode().path("weights.bin")}`).waitFor();
    await driver.line("first").click();
    await driver.shows(driver.details.locator("[data-formula=macs]"), /= 4,096/);
    // Its values are what it cannot have.
    await driver.shows(driver.details, /weights\.bin.* the file is missing/);
    await driver.page.getByRole("tab", { name: "Graph" }).click();
    await driver.page.locator(".box").first().waitFor();
    await driver.page.getByRole("tab", { name: "Layers" }).click();
    writeFileSync(vscode().path("weights.bin"), new Uint8Array(SPLIT_BYTES));
    await banner.waitFor({ state: "detached" });
    await driver.line("second").click();
    await driver.line("first").click();
    await driver.shows(driver.details.getByTestId("statistics"), /Zeros\s*100\.0 %/);
    assert.equal(await driver.page.getByTestId("fault").count(), 0);
  });
});
