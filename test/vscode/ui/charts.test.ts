import assert from "node:assert/strict";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { eventually, SAMPLES, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";
const OTHER = "digits_lenet.onnx";

describe("The charts", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL), join(SAMPLES, OTHER)], keepsOpen: true });
  const page = () => vscode().webview();
  const chart = (name: string): Locator => page().getByTestId(`chart-${name}`);
  const canvas = (name: string): Locator => chart(name).locator("[role=application]");
  const tab = (name: string): Locator => page().getByRole("tab", { name });
  const spoken = (name: string): Locator => chart(name).getByRole("status");
  const pixels = (name: string): Promise<string> =>
    chart(name)
      .locator("canvas")
      .evaluate((element) => (element as HTMLCanvasElement).toDataURL());
  /** Waits until what was chosen is drawn: effects run behind the next frame, and draw in the one after it. */
  const drawn = (): Promise<void> =>
    canvas("cost").evaluate(async () => {
      for (let frame = 0; frame < 4; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
    });
  /** Waits until a chart is drawn otherwise than it was. */
  const changed = async (name: string, before: string): Promise<void> => {
    await eventually(
      vscode(),
      async () => (await pixels(name)) !== before,
      (isOther) => isOther,
    );
  };

  before(async () => {
    await vscode().openFile(MODEL);
    await page().getByRole("heading", { name: MODEL }).waitFor();
    await tab("Charts").click();
    await chart("roofline").waitFor();
  });

  it("are all there, each with a sentence and its numbers as a table", async () => {
    for (const name of ["cost", "memory", "roofline", "kind", "module"]) {
      await chart(name).locator(".chart-summary", { hasText: /.{11}/ }).waitFor();
      await chart(name).getByText("Show as a table").click();
      await chart(name).locator("tbody tr").first().waitFor();
      await chart(name).getByText("Show as a table").click();
    }
    assert.match(await chart("memory").locator(".alive h3").innerText(), /^Alive at the peak, #\d+/);
    const beyond = await page()
      .locator(".profile")
      .evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight);
    assert.equal(beyond, 0, "the page itself scrolls into nothing");
    assert.match(await chart("roofline").locator(".chart-summary").innerText(), /\d+ are compute-bound/);
  });

  it("are walked by the arrow keys; Enter selects the layer in the table", async () => {
    await canvas("cost").focus();
    await vscode().page.keyboard.press("Home");
    await spoken("cost")
      .filter({ hasText: /^#\d+ / })
      .waitFor();
    const first = await spoken("cost").innerText();
    await vscode().page.keyboard.press("ArrowRight");
    const second = await spoken("cost").innerText();
    assert.notEqual(second, first);
    const [, index = ""] = /^#(\d+) /.exec(second) ?? [];
    await vscode().page.keyboard.press("Enter");
    await tab("Layers").click();
    await page().locator(`#layer-${index}[aria-selected=true]`).waitFor();
    await tab("Charts").click();
    await chart("roofline").waitFor();
  });

  it("select a layer by click, and mark the selected one", async () => {
    const width = (await canvas("memory").boundingBox())?.width ?? 0;
    const clickAt = (part: number): Promise<void> => canvas("memory").click({ position: { x: part * width, y: 120 } });
    // Whatever is selected already, one of two places selects another layer.
    await clickAt(0.2);
    await drawn();
    const before = await pixels("cost");
    await clickAt(0.6);
    await changed("cost", before);
  });

  it("show the columns that the user chooses", async () => {
    await chart("cost").getByLabel("Column shown as bars").selectOption("parameters");
    await chart("cost").locator(".chart-summary").filter({ hasText: "Most Parameters" }).waitFor();
    await chart("module").getByLabel("Column of the shares").selectOption("macs");
    await chart("kind").locator(".chart-summary").filter({ hasText: "Most MACs: conv" }).waitFor();
  });

  it("follow the theme at once", async () => {
    const before = await pixels("roofline");
    await vscode().useTheme("high-contrast");
    await changed("roofline", before);
    await vscode().useTheme("dark");
  });

  it("come back with their choices after the tab was hidden", async () => {
    await chart("cost").getByLabel("Column shown as bars").selectOption("energy");
    await vscode().openFile(OTHER);
    await page().getByRole("heading", { name: OTHER }).waitFor();
    await vscode().openFile(MODEL);
    await page().getByRole("heading", { name: MODEL }).waitFor();
    await chart("cost").waitFor();
    assert.equal(await chart("cost").getByLabel("Column shown as bars").inputValue(), "energy");
  });
});
