import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { longChain } from "./models.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const MODEL = "digits_inception.onnx";

describe("The graph", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)], keepsOpen: true });
  const page = () => vscode().webview();
  const tab = (name: string): Locator => page().getByRole("tab", { name });
  const boxes = (): Locator => page().locator(".box");
  const transform = (): Promise<string> =>
    page()
      .locator(".world")
      .evaluate((world) => (world as HTMLElement).style.transform);

  const open = async (name: string): Promise<void> => {
    await vscode().openFile(name);
    await page().getByRole("heading", { name }).waitFor();
    await tab("Graph").click();
    await boxes().first().waitFor();
  };

  it("is laid out in a worker, under the page's content security policy", async () => {
    const blocked: string[] = [];
    vscode().page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) blocked.push(message.text());
    });
    await open(MODEL);
    assert.ok((await boxes().count()) > 10);
    assert.ok((await page().locator(".link").count()) > 10);
    await page().locator(".box.end", { hasText: "Input" }).waitFor();
    await page()
      .getByTestId("graph-legend")
      .filter({ hasText: /^MACs0/ })
      .waitFor();
    assert.deepEqual(blocked, []);
  });

  it("cuts no title, whatever stands beside it", async () => {
    await open(MODEL);
    await page().locator(".box-alike").first().waitFor();
    const cut = await page()
      .locator(".box-title")
      .evaluateAll((titles) =>
        titles.flatMap((title) => (title.scrollWidth > title.clientWidth ? [title.textContent] : [])),
      );
    assert.deepEqual(cut, []);
  });

  it("selects the layer of a box in the table, and the other way round", async () => {
    await open(MODEL);
    const box = boxes().filter({ hasText: "Conv" }).first();
    const id = (await box.getAttribute("data-box")) ?? "";
    await box.click();
    await page().locator(`.box.selected[data-box="${id}"]`).waitFor();
    await tab("Layers").click();
    // Where there is little room the column of its number is not shown.
    await page()
      .locator(`[role=row][aria-selected=true]#layer-${id.slice(1)}`)
      .waitFor();
    await tab("Graph").click();
    await page().locator(`.box.selected[data-box="${id}"]`).waitFor();
  });

  it("says kernels and shapes, leads the eye along paths, and runs either way", async () => {
    await open(MODEL);
    await boxes()
      .filter({ hasText: /Conv \d×\d/ })
      .first()
      .waitFor();
    await page().locator(".link-shape").filter({ hasText: /^1×/ }).first().waitFor();
    await boxes().filter({ hasText: "Conv" }).first().click();
    await page().locator(".link.through").first().waitFor({ state: "attached" });
    await page().locator("svg.links[data-direction=DOWN]").waitFor();
    await page().getByRole("button", { name: "Left to right" }).click();
    await page().locator("svg.links[data-direction=RIGHT]").waitFor();
    await page().getByRole("button", { name: "Top to bottom" }).click();
  });

  it("is walked by the arrow keys", async () => {
    await open(MODEL);
    await boxes().first().focus();
    const focused = page().locator(".box:focus");
    const first = await focused.getAttribute("data-box");
    await vscode().page.keyboard.press("ArrowDown");
    assert.notEqual(await focused.getAttribute("data-box"), first);
  });

  it("moves by the wheel and zooms by Ctrl and the wheel, by keys and by buttons", async () => {
    await open(MODEL);
    const stage = page().getByTestId("graph");
    await stage.hover();
    const start = await transform();
    await vscode().page.mouse.wheel(0, 120);
    const moved = await eventually(vscode(), transform, (now) => now !== start);
    await page().getByRole("button", { name: "Zoom out" }).click();
    assert.notEqual(/scale\(.*\)/.exec(await transform())?.[0], /scale\(.*\)/.exec(moved)?.[0]);
    await page().getByRole("button", { name: "Show all of it" }).click();
    const whole = await transform();
    await boxes().first().focus();
    await vscode().page.keyboard.press("+");
    assert.notEqual(await transform(), whole);
    await vscode().page.keyboard.press("0");
    assert.equal(await transform(), whole);
  });

  it("finds layers and goes from one to the next", async () => {
    await open(MODEL);
    const field = page().getByRole("textbox", { name: "Find a layer" });
    await field.fill("maxpool");
    await page()
      .locator(".graph-found")
      .filter({ hasText: /found$/ })
      .waitFor();
    await field.press("Enter");
    await page()
      .locator(".graph-found")
      .filter({ hasText: /^1 of / })
      .waitFor();
    await page().locator(".box.selected.found").waitFor();
  });

  it("says the shape that flows along a link", async () => {
    await open(MODEL);
    await page().locator(".link-area").nth(1).dispatchEvent("pointerenter");
    await page()
      .locator(".link-label")
      .filter({ hasText: /\d+×.* float32/ })
      .waitFor();
  });

  it("opens and closes together what holds the same, by its menu and by Shift", async () => {
    await open(MODEL);
    const alike = ["1/p", "1/r/r.0"].map((id) => page().locator(`.box[data-box="${id}"]`));
    const [one, other] = alike;
    assert.ok(one && other);
    await page().getByRole("button", { name: "Show all of it" }).click();
    await one.focus();
    await one.click({ button: "right" });
    await vscode().chooseFromMenu("Close All Like This");
    for (const box of alike) await box.and(page().locator("[aria-expanded=false]")).waitFor();
    await one.focus();
    await vscode().page.keyboard.press("Shift+Enter");
    for (const box of alike) await box.and(page().locator("[aria-expanded=true]")).waitFor();
  });

  it("is exported as SVG by keys, and as PNG by a command", async () => {
    await open(MODEL);
    const widget = vscode().page.locator(".quick-input-widget");
    const write = async (name: string): Promise<Buffer> => {
      await widget.locator(".quick-input-title", { hasText: "Export Graph" }).waitFor();
      const field = widget.locator("input.input");
      await eventually(
        vscode(),
        () => field.inputValue(),
        (file) => file.endsWith(name),
      );
      await vscode().page.keyboard.press("Enter");
      await vscode().page.locator(".notification-list-item", { hasText: name }).waitFor();
      return readFileSync(vscode().path(name));
    };
    await boxes().first().focus();
    await vscode().page.keyboard.press("Control+k");
    await vscode().page.keyboard.press("g");
    await widget.locator(".monaco-list-row", { hasText: "All of it" }).filter({ hasText: "SVG" }).click();
    const svg = (await write("digits_inception.graph.svg")).toString("utf8");
    assert.match(svg, /^<svg [^]*<\/svg>$/);
    assert.ok(svg.includes("Conv") && (svg.match(/marker-end/g)?.length ?? 0) > 10);
    await vscode().server.run((api) => {
      void api.commands.executeCommand("edgewise.exportGraph", { format: "png", part: "view" });
    });
    const png = await write("digits_inception.graph.png");
    assert.equal(png.toString("latin1", 1, 4), "PNG");
    assert.ok(png.readUInt32BE(16) > 500, "its width");
  });

  it("of 6,000 layers draws few boxes, opens one by click and by key, and closes it again", async () => {
    writeFileSync(vscode().path("long.onnx"), longChain(6000));
    await open("long.onnx");
    const first = await boxes().count();
    assert.ok(first <= 150, `${first} boxes at first`);
    const closed = page().locator(".box[aria-expanded=false]").last();
    const id = await closed.getAttribute("data-box");
    const box = page().locator(`.box[data-box="${id ?? ""}"]`);
    await box.focus();
    await vscode().page.keyboard.press("Enter");
    await page()
      .locator(`.box.open[data-box="${id ?? ""}"]`)
      .waitFor();
    await page().getByRole("button", { name: "Close all modules" }).click();
    await page().locator(".box.open").first().waitFor({ state: "detached" });
    // What nobody could read is painted, not built.
    await page().getByRole("button", { name: "Open all modules" }).click();
    await eventually(
      vscode(),
      async () => {
        await page().getByRole("button", { name: "Show all of it" }).click();
        return page().locator("canvas.overview").count();
      },
      (canvases) => canvases === 1,
    );
    const built = await boxes().count();
    assert.ok(built < 10, `${built} boxes are elements`);
    await page().getByRole("button", { name: "Close all modules" }).click();
    await page().locator("canvas.overview").waitFor({ state: "detached" });
    await page().getByRole("textbox", { name: "Find a layer" }).fill("block.4321/");
    await page().getByRole("textbox", { name: "Find a layer" }).press("Enter");
    await page().locator('.box.selected[data-box="#4321"]').waitFor();
  });
});
