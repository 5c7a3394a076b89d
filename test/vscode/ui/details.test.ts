import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { blockQuantized, stagedNetwork, tfliteSum } from "./models.ts";
import { PageDriver } from "./page-driver.ts";
import { eventually, useWindow } from "./window.ts";

describe("The details of a layer", () => {
  const vscode = useWindow();
  const driver = new PageDriver(vscode);

  before("write the models", () => {
    writeFileSync(vscode().path("staged.onnx"), stagedNetwork());
    writeFileSync(vscode().path("sum.tflite"), tfliteSum());
  });
  const open = (): Promise<void> => driver.open("staged.onnx");

  const formula = (id: string) => driver.details.locator(`[data-formula=${id}]`);

  it("say how its costs came about, with the numbers put in", async () => {
    await open();
    await driver.layers.first().click();
    await driver.shows(
      formula("macs"),
      /8 output channels × 14 output height × 14 output width × 8 input channels.*= 112,896/s,
    );
    await driver.shows(formula("parameters"), /8 × 8 × 3 × 3 w0.*= 576/s);
    await driver.shows(formula("weightBytes"), /576 × 4 bytes float32 w0.*= 2,304 bytes/s);
    await driver.shows(formula("energy"), /113 k MACs × \(3\.7 multiply \+ 0\.9 add \+ 3 registers\) pJ/);
    await driver.shows(formula("latency"), /-bound/);
    await driver.shows(driver.details, /pads\s*\[1, 1, 1, 1\]/);
    await driver.shows(driver.details.locator(".breadcrumb"), /stage\.0.*block\.0/s);
  });

  it("show how the weights are spread, without their leaving the host", async () => {
    await open();
    await driver.layers.first().click();
    const statistics = driver.details.getByTestId("statistics");
    await driver.shows(statistics, /Range\s*-1 … 0\.997/);
    await driver.shows(statistics, /Zeros\s*0\.2 %/);
    const picture = statistics.getByRole("img", { name: /^Histogram: 32 bins from -1 to/ });
    assert.equal(await picture.locator("rect").count(), 32);
    await statistics.getByRole("img", { name: /^Ranges of 8 channels/ }).waitFor();
  });

  it("name what inputs are, and lead to what makes and reads a tensor", async () => {
    await open();
    await driver.layers.first().click();
    await driver.shows(driver.details.locator(".tensor-role"), "weight");
    const next = driver.details.locator(".neighbours").getByRole("button", { name: "#1 Relu" });
    await next.click();
    await driver.shows(driver.details.getByRole("heading"), "Relu");
    await driver.details.locator(".neighbours").getByRole("button", { name: "#0 Conv" }).waitFor();
    await driver.details.getByRole("link", { name: "Relu" }).waitFor();
  });

  it("save a tensor as .npy", async () => {
    await open();
    await driver.layers.first().click();
    await driver.details.getByRole("button", { name: /^Save w0 as \.npy$/ }).click();
    const { page } = vscode();
    const path = page.locator(".quick-input-widget input.input");
    await driver.shows(page.locator(".quick-input-widget .quick-input-title"), "Save Tensor as .npy");
    await eventually(
      vscode(),
      () => path.inputValue(),
      (file) => file.endsWith("w0.npy"),
    );
    await path.press("Enter");
    await driver.shows(page.locator(".notification-list-item"), /Saved as .*w0\.npy/);
    const bytes = readFileSync(vscode().path("w0.npy"));
    assert.match(bytes.toString("latin1", 0, 128), /NUMPY.*'<f4'.*\(8, 8, 3, 3\)/s);
  });

  it("follow the selection, and stay closed once closed until Enter asks for them", async () => {
    await open();
    await driver.layers.nth(1).click();
    await driver.shows(driver.details.getByRole("heading"), "Relu");
    await driver.press("ArrowDown");
    await driver.shows(driver.details.getByRole("heading"), "Conv");
    await driver.details.getByRole("button", { name: "Close details" }).click();
    await driver.details.waitFor({ state: "detached" });
    await driver.layers.nth(1).click();
    assert.equal(await driver.details.count(), 0);
    await driver.press("Enter");
    await driver.details.waitFor();
  });

  it("have a border that keys move", async () => {
    await open();
    await driver.layers.first().click();
    const sash = driver.page.getByRole("separator", { name: "Size of the details" });
    const before = Number(await sash.getAttribute("aria-valuenow"));
    const isVertical = (await sash.getAttribute("aria-orientation")) === "vertical";
    await sash.focus();
    await driver.press(isVertical ? "ArrowRight" : "ArrowDown");
    assert.equal(Number(await sash.getAttribute("aria-valuenow")), before - 20);
  });

  it("lead to the suggestions for the layer", async () => {
    await open();
    await driver.layers.first().click();
    await driver.details.getByRole("button", { name: "Suggestions for this layer" }).click();
    const editing = driver.page.getByTestId("editing");
    await editing
      .getByRole("checkbox", { name: "for the selection" })
      .and(editing.locator("[aria-checked=true]"))
      .waitFor();
  });

  it("show weights in blocks whose scales were not read", async () => {
    writeFileSync(vscode().path("blocks.tflite"), blockQuantized());
    await driver.open("blocks.tflite");
    await driver.layers.first().click();
    await driver.shows(driver.details.locator(".quantization"), /in blocks of 32 along axis/);
    assert.equal(await driver.page.getByTestId("fault").count(), 0);
  });

  it("describe TFLite's operators too", async () => {
    await driver.open("sum.tflite");
    await driver.layers.first().click();
    await driver.shows(driver.details, /left.*float32 1×4×4×8/s);
    await driver.shows(formula("energy"), "128 other operations");
  });
});
