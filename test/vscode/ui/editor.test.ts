import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { zipSync } from "fflate";
import { severalEntries } from "../../builders/several-entries.ts";
import { longChain, openWindow, tfliteSum, unknownOperator } from "./models.ts";
import { SAMPLES, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";

describe("The editor", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)] });

  const page = () => vscode().webview();
  const grid = (): Locator => page().getByTestId("layers");
  const layers = (): Locator => page().locator("[role=row][id^=layer-]");
  const column = (id: string): Locator => page().locator(`[data-column=${id}]`);
  const texts = (id: string): Promise<string[]> => layers().locator(`.column-${id}`).allInnerTexts();
  const total = (id: string): Locator => page().locator(`[data-total=${id}] dd`).first();
  const field = (label: string): Locator => page().getByRole("textbox", { name: label });
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(vscode().path(name), bytes);

  const open = async (name: string): Promise<void> => {
    await vscode().openFile(name);
    await page().getByRole("heading", { name }).waitFor();
  };
  const openLong = async (): Promise<void> => {
    if (!existsSync(vscode().path("long.onnx"))) write("long.onnx", longChain(6000));
    await open("long.onnx");
    await shows(page().getByTestId("shown-count"), "6,000 layers");
  };
  const close = (): Promise<unknown> =>
    vscode().server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
  const filter = (text: string): Promise<void> => field("Filter layers").fill(text);
  /** Waits for a text that comes a moment later. */
  const shows = (locator: Locator, text: string | RegExp): Promise<void> => locator.filter({ hasText: text }).waitFor();

  it("opens by its command, as from the explorer's menu", async () => {
    await vscode().server.run(
      (api, path) => api.commands.executeCommand("edgewise.openProfile", api.Uri.file(path)),
      vscode().path(MODEL),
    );
    await layers().first().waitFor();
  });

  it("shows an ONNX model: totals, layers in file order, the dimension in use", async () => {
    await open(MODEL);
    await layers().first().waitFor();
    assert.match(await total("parameters").innerText(), /^[\d.]+\s[kM]$/);
    assert.equal(await grid().getAttribute("role"), "treegrid");
    const indices = (await texts("index")).map(Number);
    assert.deepEqual(
      indices,
      [...indices].sort((a, b) => a - b),
    );
    assert.equal(await field("Value of the dimension batch").inputValue(), "1");
    assert.equal(await page().locator(".bar").first().isVisible(), true);
  });

  it("names its controls to screen readers", async () => {
    await open(MODEL);
    const names = await page()
      .locator("vscode-text-field, vscode-checkbox")
      .evaluateAll((controls) => controls.map((control) => control.getAttribute("aria-label")));
    assert.ok(names.includes("Filter layers"));
    assert.ok(!names.includes("Text field") && !names.includes("Checkbox"), names.join());
  });

  it("filters, says how many are left, and unfilters with Escape", async () => {
    await open(MODEL);
    await layers().first().waitFor();
    await filter("conv");
    await shows(page().getByTestId("shown-count"), /^\d+ of \d+ layers$/);
    assert.ok((await texts("op")).every((op) => op === "Conv"));
    await filter("nothing has this name");
    await page().getByText("No layer matches the filter.").waitFor();
    await vscode().page.keyboard.press("Escape");
    await shows(page().getByTestId("shown-count"), /^\d+ layers$/);
  });

  it("sorts by a header, by click and by key, and says so to a screen reader", async () => {
    await open(MODEL);
    const header = column("macs");
    await header.getByRole("button").click();
    assert.equal(await header.getAttribute("aria-sort"), "descending");
    const [first] = await texts("op");
    assert.equal(first, "Conv");
    await vscode().page.keyboard.press("Enter");
    await page().locator("[data-column=macs][aria-sort=ascending]").waitFor();
    await vscode().page.keyboard.press("ArrowRight");
    await vscode().page.keyboard.press("Space");
    await page().locator("[data-column=activationBytes][aria-sort=descending]").waitFor();
    assert.equal(await header.getAttribute("aria-sort"), "none");
  });

  it("profiles again with another dimension, and explains a wrong one beside its field", async () => {
    await open(MODEL);
    const batch = field("Value of the dimension batch");
    await batch.fill("4");
    await batch.press("Enter");
    await shows(total("macs"), /^270/);
    await shows(page().getByTestId("dimensions"), "default 1");
    await batch.fill("four");
    await batch.press("Enter");
    await shows(page().getByTestId("dimensions").getByRole("alert"), "A whole number");
    await batch.press("Escape");
    await shows(page().getByTestId("dimensions"), "default 1");
    assert.equal(await batch.inputValue(), "4");
    await close();
    await open(MODEL);
    await shows(total("macs"), /^270/);
    await page().getByRole("button", { name: "Use the default of every dimension" }).click();
    await shows(total("macs"), /^67/);
    await batch.fill("8");
    await batch.press("Enter");
    await shows(total("macs"), /^539/);
    await page().getByRole("button", { name: "Batch 1" }).click();
    await shows(total("macs"), /^67/);
  });

  it("blocks nothing of its own by its content security policy", async () => {
    const blocked: string[] = [];
    vscode().page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) blocked.push(message.text());
    });
    await close();
    await open(MODEL);
    await layers().first().waitFor();
    // Charts, and with them scripts and styles of their own, come only now.
    await page().getByRole("tab", { name: "Charts" }).click();
    await page().getByTestId("chart-cost").waitFor();
    await page().getByRole("tab", { name: "Layers" }).click();
    await layers().first().waitFor();
    assert.deepEqual(blocked, []);
  });

  it("goes through the rows by keyboard", async () => {
    await openLong();
    await layers().first().click();
    const selected = page().locator("[role=row][aria-selected=true]");
    const press = async (key: string, rowIndex: number): Promise<void> => {
      await vscode().page.keyboard.press(key);
      await page().locator(`[role=row][aria-selected=true][aria-rowindex="${rowIndex}"]`).waitFor();
      assert.equal(await grid().getAttribute("aria-activedescendant"), await selected.getAttribute("id"));
    };
    await press("ArrowDown", 3);
    await press("End", 6001);
    await press("ArrowUp", 6000);
    await press("Home", 2);
    await vscode().page.keyboard.press("PageDown");
    await page().locator('[role=row][aria-selected=true]:not([aria-rowindex="2"])').waitFor();
  });

  it("draws of 6,000 rows only what is on the screen, and finds the last one", async () => {
    await openLong();
    assert.equal(await grid().getAttribute("aria-rowcount"), "6001");
    assert.ok((await layers().count()) < 120);
    await grid().evaluate((element) => (element.scrollTop = element.scrollHeight));
    await shows(layers(), "/block.5999/");
    await filter("block.4321");
    await shows(layers().first(), "/block.4321/");
  });

  it("comes back as it was after its tab was hidden", async () => {
    write("other.onnx", longChain(3000));
    await open("other.onnx");
    await shows(page().getByTestId("shown-count"), "3,000 layers");
    await column("name").getByRole("button").click();
    await filter("relu");
    await grid().evaluate((element) => (element.scrollTop = 8800));
    await shows(page().getByTestId("shown-count"), "1,000 of 3,000 layers");
    const visible = async (): Promise<unknown[]> => [
      await grid().evaluate(({ scrollTop }) => scrollTop),
      await texts("name"),
    ];
    await layers().nth(12).click();
    const before = await visible();
    await vscode().openFile(MODEL);
    await page().getByRole("heading", { name: MODEL }).waitFor();
    await open("other.onnx");
    await shows(page().getByTestId("shown-count"), "1,000 of 3,000 layers");
    await page().locator("[role=row][aria-selected=true]").waitFor();
    assert.deepEqual(await visible(), before);
    assert.equal(await column("name").getAttribute("aria-sort"), "ascending");
  });

  it("shows TFLite models of a bundle, and the entries of each: the choice is kept, and a body is not edited", async () => {
    const models = { "sum.tflite": tfliteSum(), "entries.tflite": severalEntries() };
    write("pair.task", zipSync(models, { level: 0 }));
    await open("pair.task");
    await shows(layers().first(), "ADD");
    await shows(layers().locator(".column-shape"), "1×4×4×8");
    const parts = page().getByTestId("parts");
    const entry = parts.getByRole("combobox", { name: /^Entry/ });
    await shows(parts, "A bundle is not written");
    await parts.getByRole("combobox", { name: "Model of the bundle" }).selectOption("entries.tflite");
    await shows(layers().first(), "FULLY_CONNECTED");
    await entry.selectOption("decode");
    await shows(layers().first(), "WHILE");
    await close();
    await open("pair.task");
    await shows(layers().first(), "WHILE");
    assert.equal(await entry.inputValue(), "decode");
    await entry.focus();
    await entry.press("ArrowUp");
    await shows(layers().nth(1), "MUL");
    await page().getByRole("button", { name: "Compress", exact: true }).click();
    await shows(page().getByTestId("editing"), "“turn” is the body of WHILE");
  });

  it("says what is unknown, and that the totals miss it", async () => {
    write("unknown.onnx", unknownOperator());
    await open("unknown.onnx");
    const row = layers().filter({ hasText: "mystery" });
    await shows(row.locator(".column-macs"), "unknown");
    await shows(page().getByTestId("unknown-rows"), "1 layer is missing");
    await shows(total("macs"), "unknown");
    await row.locator(".column-macs").getByRole("button").click();
    await shows(page().getByTestId("details").locator(".details-notes"), "No rule for");
    await shows(total("energyPicojoules"), "≥");
  });

  it("points at dimensions whose defaults let the model not run, and sets those that work", async () => {
    write("window.onnx", openWindow());
    await open("window.onnx");
    const dimensions = page().getByTestId("dimensions");
    await shows(dimensions, "the model cannot run with 1");
    await dimensions.getByRole("button", { name: "use 8" }).first().click();
    await shows(dimensions, /height.*default 1.*width.*default 1/s);
    assert.equal(await field("Value of the dimension width").inputValue(), "8");
  });

  it("shows a file that breaks as an error with a way on, and the table again when it is whole", async () => {
    const path = vscode().path("broken.onnx");
    copyFileSync(join(SAMPLES, MODEL), path);
    await open("broken.onnx");
    await layers().first().waitFor();
    const toEdit = ["Suggest Compressions", "Run on Device"].map((title) =>
      vscode().page.locator(`.editor-actions [aria-label^="${title}"]`).first(),
    );
    for (const action of toEdit) await action.waitFor();
    truncateSync(path, 1000);
    const failed = page().getByTestId("failed");
    await failed.waitFor();
    for (const action of toEdit) await action.waitFor({ state: "detached" });
    assert.match(await failed.getByRole("alert").innerText(), /broken\.onnx/);
    await failed.getByText("Reopen as Text or Hex…").waitFor();
    await failed.getByText("Show Log").waitFor();
    writeFileSync(path, readFileSync(join(SAMPLES, MODEL)));
    await layers().first().waitFor();
  });

  it("says that a file was deleted, and shows it again when it is back", async () => {
    const path = vscode().path("deleted.onnx");
    copyFileSync(join(SAMPLES, MODEL), path);
    await open("deleted.onnx");
    await layers().first().waitFor();
    rmSync(path);
    await page().getByRole("heading", { name: "deleted.onnx is gone" }).waitFor();
    copyFileSync(join(SAMPLES, MODEL), path);
    await layers().first().waitFor();
  });
});
