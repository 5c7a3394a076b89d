import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { namedDimensions, unknownOperator } from "./models.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";

describe("Around the editor", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)], size: { width: 1280, height: 1000 } });

  const page = () => vscode().webview();
  const workbench = (selector: string, hasText?: string | RegExp): Locator =>
    vscode().page.locator(selector, hasText === undefined ? {} : { hasText });
  const picker = (): Locator => vscode().page.locator(".quick-input-widget");
  const choose = async (label: string | RegExp): Promise<void> => {
    await picker().locator(".monaco-list-row", { hasText: label }).first().click();
  };
  const layers = (): Locator => page().locator("[role=row][id]");

  const open = async (name = MODEL): Promise<void> => {
    await vscode().openFile(name);
    await page().getByRole("heading", { name }).waitFor();
    await layers().first().waitFor();
  };
  const closeAll = (): Promise<unknown> =>
    vscode().server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
  const command = (name: string, ...files: readonly string[]): Promise<unknown> =>
    vscode().server.run(
      (api, id, paths) => api.commands.executeCommand(id, ...paths.map((path) => api.Uri.file(path))),
      name,
      files.map((file) => vscode().path(file)),
    );
  /** null: as it was. */
  const setting = (key: string, value: boolean | null): Promise<unknown> =>
    vscode().server.run(
      (api, name, to) =>
        api.workspace.getConfiguration("edgewise").update(name, to ?? undefined, api.ConfigurationTarget.Global),
      key,
      value,
    );
  const problems = (name: string): Promise<readonly { source?: string; code: unknown; message: string }[]> =>
    vscode().server.run(
      (api, path) =>
        api.languages
          .getDiagnostics(api.Uri.file(path))
          .map(({ source, code, message }) => ({ ...(source !== undefined && { source }), code, message })),
      vscode().path(name),
    );

  before(async () => {
    writeFileSync(vscode().path("unknown.onnx"), unknownOperator());
    await vscode().page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  });

  afterEach(async () => {
    await vscode().page.keyboard.press("Escape");
  });

  it("shows the totals in the status bar, with their definitions, and offers what can be done", async () => {
    await open();
    const item = workbench(".statusbar-item", /k params · .+ M MACs · .+s$/);
    await item.waitFor();
    await item.click();
    await picker().getByText("Copy Totals").waitFor();
    await vscode().screenshot("actions");
    await choose("Copy Totals");
    const text = await eventually(
      vscode(),
      () => vscode().server.run((api) => api.env.clipboard.readText()),
      (copied) => copied.startsWith(MODEL),
    );
    assert.match(text, /^MACs\t[\d,]+ MACs$/m);
    assert.match(text, /\nHardware\t[\w-]+\n$/);
    await closeAll();
    await item.waitFor({ state: "detached" });
  });

  it("lists the modules with their subtotals, and shows a layer on the page", async () => {
    await open();
    await command("edgewise.modules.focus");
    const tree = workbench(".pane", "Model Modules").locator(".monaco-list-row");
    const module = tree.filter({ hasText: "parameters" }).first();
    await module.waitFor();
    // What is read aloud starts with the node's own name, not with the path that its neighbours share.
    assert.match(
      (await module.getAttribute("aria-label")) ?? "",
      /^[^/]+, \d+ layers?, .+ parameters, .+ MACs, .+ estimated$/,
    );
    await vscode().screenshotInThemes("modules");
    await tree.filter({ hasText: "MACs" }).first().click();
    const layer = tree.filter({ hasText: "Conv" }).first();
    await layer.click();
    await page().locator("[role=row][aria-selected=true]", { hasText: "Conv" }).waitFor();
  });

  it("follows the page's selection in the modules", async () => {
    await open();
    await command("edgewise.modules.focus");
    await workbench(".pane", "Model Modules").locator(".monaco-list-row").first().waitFor();
    // Not what the test before has selected.
    await layers().filter({ hasText: "Relu" }).nth(1).click();
    await workbench(".pane", "Model Modules").locator(".monaco-list-row.selected", { hasText: "Relu" }).waitFor();
  });

  it("lists warnings as problems while the model is open, unless they are unwanted", async () => {
    await open("unknown.onnx");
    const found = await eventually(
      vscode(),
      () => problems("unknown.onnx"),
      (list) => list.length > 0,
    );
    const unknown = found.find(({ code }) => code === "unknown-operator");
    assert.equal(unknown?.source, "edgewise");
    assert.match(unknown.message, /mystery/);
    await setting("showWarningsAsProblems", false);
    await eventually(
      vscode(),
      () => problems("unknown.onnx"),
      (list) => list.length === 0,
    );
    await setting("showWarningsAsProblems", null);
    await eventually(
      vscode(),
      () => problems("unknown.onnx"),
      (list) => list.length > 0,
    );
    await closeAll();
    await eventually(
      vscode(),
      () => problems("unknown.onnx"),
      (list) => list.length === 0,
    );
  });

  it("exports in every format, as the command line does", async () => {
    await open();
    const firstLines = {
      Csv: /^#,Name,/,
      Json: /^\{"schema":1,/,
      Markdown: /^# digits\\_resnet\.onnx/,
      Html: /^<!doctype html>/,
    };
    for (const [format, start] of Object.entries(firstLines)) {
      const file = `exported.${format}`;
      await command(`edgewise.export${format}`, MODEL, file);
      assert.match(readFileSync(vscode().path(file), "utf8"), start);
    }
  });

  it("exports from the page", async () => {
    await open();
    await page().getByRole("button", { name: "Export…" }).click();
    await picker().locator(".monaco-list-row", { hasText: "HTML" }).waitFor();
  });

  it("exports a model that is not open, where the user says", async () => {
    await closeAll();
    await closeAll();
    await vscode().server.run(
      (api, path) => void api.commands.executeCommand("edgewise.export", api.Uri.file(path)),
      vscode().path(MODEL),
    );
    await choose("Markdown");
    const name = picker().locator("input");
    await eventually(
      vscode(),
      () => name.inputValue(),
      (value) => value.endsWith("digits_resnet.profile.md"),
    );
    await name.press("Enter");
    await eventually(
      vscode(),
      () => Promise.resolve(existsSync(vscode().path("digits_resnet.profile.md"))),
      (isThere) => isThere,
    );
  });

  it("shows names as text: none is a link in a message or a question, nor an icon in a list", async () => {
    const name = "[open me](command:edgewise.showLog)";
    const link = workbench(".notification-list-item, .quick-input-widget").locator("a[href^='command:']");
    // What VS Code makes of such a text by itself, so that this test would see it.
    await vscode().server.run((api, text) => void api.window.showInformationMessage(text), name);
    await command("notifications.showList");
    await link.waitFor();
    await command("notifications.clearAll");

    copyFileSync(vscode().path(MODEL), vscode().path(`${name}.onnx`));
    await command("edgewise.exportCsv", `${name}.onnx`, `${name}.csv`);
    await command("notifications.showList");
    await workbench(".notification-list-item", /Exported to .*\[open me\]\u{2060}?\(command:/u).waitFor();
    await vscode().screenshot("names-as-text");
    assert.equal(await link.count(), 0);
    await command("notifications.clearAll");

    writeFileSync(vscode().path("linking.onnx"), namedDimensions(name, "$(bug) [b](command:edgewise.showLog)"));
    await open("linking.onnx");
    const asked = command("edgewise.setDimension");
    await picker().locator(".monaco-list-row", { hasText: "$" }).waitFor();
    assert.equal(await picker().locator(".monaco-list-row .codicon-bug").count(), 0);
    await choose("$");
    await picker().locator(".quick-input-message", { hasText: "Occurs in" }).waitFor();
    assert.equal(await link.count(), 0);
    await vscode().page.keyboard.press("Escape");
    await asked;
  });

  it("says why a broken model cannot be exported", async () => {
    writeFileSync(vscode().path("broken.onnx"), "no model");
    await command("edgewise.exportCsv", "broken.onnx", "broken.csv");
    await command("notifications.showList");
    await workbench(".notification-list-item", "broken.onnx cannot be exported").waitFor();
    assert.equal(existsSync(vscode().path("broken.csv")), false);
    await command("notifications.clearAll");
  });

  it("chooses the hardware, and copies a profile of one's own into the settings", async () => {
    await open();
    await command("edgewise.chooseHardware");
    await picker().getByText("midrange-phone").waitFor();
    await vscode().screenshot("hardware");
    await choose("midrange-phone");
    await page().getByText("midrange-phone").first().waitFor();
    await command("edgewise.chooseHardware");
    await choose("Add a Profile of Your Own");
    await picker().getByText("Add Hardware Profile").waitFor();
    const name = picker().locator("input");
    await name.fill("flagship-phone");
    await picker().getByText("A profile of this name exists already.").waitFor();
    await name.fill("my-phone");
    await name.press("Enter");
    const own = await eventually(
      vscode(),
      () =>
        vscode().server.run((api) =>
          api.workspace.getConfiguration("edgewise").get<{ name: string }[]>("hardwareProfiles", []),
        ),
      (list) => list.length === 1,
    );
    assert.equal(own[0]?.name, "my-phone");
    await setting("hardwareProfiles", null);
    await setting("hardwareProfile", null);
  });

  it("sets a dimension, and takes no wrong one", async () => {
    await open();
    const macs = page().locator("[data-total=macs] dd").first();
    void command("edgewise.setDimension");
    const value = picker().locator("input");
    await value.fill("none");
    await picker().getByText("A whole number, 1 or more").waitFor();
    await value.fill("4");
    await value.press("Enter");
    await macs.filter({ hasText: /^270/ }).waitFor();
    await page().getByRole("button", { name: "Use the default of every dimension" }).click();
    await macs.filter({ hasText: /^67/ }).waitFor();
  });

  it("has a menu on rows that copies them", async () => {
    await open();
    const row = layers().filter({ hasText: "Conv" }).first();
    await row.click({ button: "right" });
    await vscode().page.locator(".monaco-menu").getByText("Copy Rows").waitFor();
    await vscode().screenshot("row-menu");
    await vscode().chooseFromMenu("Copy Rows");
    const text = await eventually(
      vscode(),
      () => vscode().server.run((api) => api.env.clipboard.readText()),
      (copied) => copied.startsWith("#\tName"),
    );
    assert.equal(text.trim().split("\n").length, 2);
    assert.match(text, /\tConv\t/);
  });

  it("has its commands in the palette and the editor's title", async () => {
    await open();
    for (const title of ["Compare with…", "Export…", "Reload Profile"]) {
      await workbench(`.editor-actions [aria-label^="${title}"]`).first().waitFor();
    }
    await vscode().page.keyboard.press("F1");
    await picker().locator("input").fill(">Edgewise:");
    for (const title of ["Export as HTML Report…", "Set Dimension…", "Copy Totals", "Open Sample Model"]) {
      await picker().locator("input").fill(`>Edgewise: ${title}`);
      await picker().locator(".monaco-list-row", { hasText: title }).first().waitFor();
    }
  });

  it("opens a sample for new users, and walks them through", async () => {
    await closeAll();
    await command("edgewise.openSample");
    await layers().first().waitFor();
    await vscode().server.run((api) =>
      api.commands.executeCommand("workbench.action.openWalkthrough", "edgewise.edgewise#start", false),
    );
    await workbench(".getting-started", "Get Started with Edgewise").waitFor();
    await workbench(".getting-started-step .step-title", "See what costs most").first().waitFor();
    for (const step of ["Read the model as text", "Choose calibration data", "Compress the model"])
      await workbench(".getting-started-step .step-title", step).first().waitFor();
    await vscode().screenshotInThemes("walkthrough");
    // A step's command has no editor of ours in front: it goes to the model that is open.
    await workbench(".getting-started-step .step-title", "Compress the model").first().click();
    await vscode().page.locator(".getting-started-step.expanded").getByText("Suggest Compressions").click();
    await page().getByTestId("editing").waitFor();
  });

  it("is found in the palette by what it does, with no model open", async () => {
    await closeAll();
    for (const [word, title] of [
      ["onnx", "Open ONNX or TFLite Model"],
      ["tflite", "Open ONNX or TFLite Model"],
      ["quantize", "Quantize Model"],
      ["compress", "Suggest Compressions"],
    ] as const) {
      await vscode().page.keyboard.press("F1");
      await picker().locator("input").fill(`>${word}`);
      await picker().locator(".monaco-list-row", { hasText: title }).first().waitFor();
      await vscode().page.keyboard.press("Escape");
    }
  });
});
