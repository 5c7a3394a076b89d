import assert from "node:assert/strict";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { ListingDriver } from "./listing-driver.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const MODEL = "digits_resnet.onnx";

interface Place {
  readonly range: readonly [{ readonly line: number }, { readonly line: number }];
}

describe("The listing of an ONNX model", () => {
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)], keepsOpen: true, size: { width: 1700, height: 1000 } });
  const listing = new ListingDriver(vscode, MODEL);

  /** Line and column of the first match of a line. */
  const placeOf = async (pattern: RegExp, from = /^/): Promise<readonly [line: number, column: number]> => {
    const line = await listing.lineNumber(pattern);
    const text = (await listing.text()).split("\n")[line] ?? "";
    const start = text.search(from);
    return [line, start + text.slice(start).search(pattern) + 1];
  };
  const linesOf = (places: unknown): readonly number[] =>
    (places as readonly Place[]).map(({ range: [start] }) => start.line).sort((a, b) => a - b);

  it("opens beside the page, with the costs of each layer behind its operator and the constants folded", async () => {
    await vscode().openFile(MODEL);
    await vscode().rows().first().waitFor();
    await vscode().runCommand("Edgewise: Open Listing");
    await listing
      .lineWith(/Conv.*params.*MACs/)
      .first()
      .waitFor();
    assert.match(await listing.text(), /^main_graph \(float32\[1,1,32,32\] image\) => \(float32\[1,10\] logits\)$/m);
    assert.equal(await listing.lineWith('float32[32] "0.1.weight"').count(), 0);
    await listing.editor().locator(".squiggly-warning").first().waitFor();
  });

  it("knows where tensors are made and read", async () => {
    const maker = await listing.lineNumber(/^ *\/0\/0\.2\/Relu_output_0 =/);
    const readers = [/\/1\/a\/a\.0\/Conv_output_0 =/, /= Add .*\/0\/0\.2\/Relu_output_0/];
    const reading = await Promise.all(readers.map((pattern) => listing.lineNumber(pattern)));
    const [line = 0] = reading;
    const column = ((await listing.text()).split("\n")[line] ?? "").lastIndexOf("/0/0.2/Relu") + 2;
    assert.deepEqual(linesOf(await listing.provider("vscode.executeDefinitionProvider", line, column)), [maker]);
    const references = linesOf(await listing.provider("vscode.executeReferenceProvider", line, column));
    assert.deepEqual(
      references,
      [maker, ...reading].sort((a, b) => a - b),
    );
    await listing.goTo(/"?\/0\/0\.2\/Relu_output_0"?\)?$/);
    await vscode().page.keyboard.press("F12");
    await eventually(
      vscode(),
      () => listing.cursorLine(),
      (at) => at === maker,
    );
  });

  it("tells shapes and costs with their formulas when the pointer rests on a line", async () => {
    const layer = await listing.hover(...(await placeOf(/Conv </, / = /)));
    for (const part of ["float32[1,32,32,32]", "**MACs** = 32 output channels", "Arithmetic energy", "bound: "])
      assert.ok(layer.includes(part), `${part} in ${layer}`);
    const tensor = await listing.hover(...(await placeOf(/\/0\/0\.0\/Conv_output_0/)));
    assert.ok(tensor.includes("float32[1,32,32,32] /0/0.0/Conv_output_0"), tensor);
    await listing.goTo(/Conv </);
    await vscode().runCommand("Show or Focus Hover");
    await vscode().page.locator(".monaco-hover", { hasText: "output channels" }).waitFor();
    await vscode().page.keyboard.press("Escape");
  });

  it("has its modules in the outline, and folds them", async () => {
    const symbols = await listing.symbols();
    assert.ok(symbols.includes("main_graph > 1 > a > /1/a/a.0/Conv"), symbols.join("\n"));
    await listing.goTo(/\/\/ 1 · 7 layers/);
    await vscode().server.run((api) => api.commands.executeCommand("editor.fold"));
    await listing.lineWith("/1/a/a.0/Conv_output_0 =").waitFor({ state: "detached" });
    await vscode().server.run((api) => api.commands.executeCommand("editor.unfoldAll"));
    await listing.lineWith("/1/a/a.0/Conv_output_0 =").first().waitFor();
    await listing.goTo(/\/1\/a\/a\.0\/Conv_output_0 =/);
    const path = vscode().page.locator(".monaco-breadcrumb-item");
    for (const name of [`${MODEL}.listing`, "main_graph", "/1/a/a.0/Conv"])
      await path.filter({ hasText: name }).first().waitFor();
  });

  it("lists its diagnostics with a page for each code", async () => {
    const problems = await eventually(
      vscode(),
      () => listing.problems(),
      (found) => found.length > 0,
    );
    const norm = problems.find(({ code }) => code === "unfused-batch-norm");
    assert.equal(norm?.line, await listing.lineNumber(/= BatchNormalization/));
    assert.ok(problems.some(({ code }) => code === "no-effect"));
    await vscode().runCommand("Problems: Focus on Problems View");
    const panel = vscode().page.locator(".markers-panel");
    await panel.getByText("unfused-batch-norm").first().waitFor();
    await panel.getByText("no-effect").first().click();
    const preview = vscode().page.locator(".tab", { hasText: "diagnostics.md" });
    await preview.waitFor();
    // Extensions learn of a tab after it is drawn.
    await eventually(
      vscode(),
      () =>
        vscode().server.run(async (api) => {
          const tab = api.window.tabGroups.all
            .flatMap(({ tabs }) => tabs)
            .find(({ label }) => label.includes("diagnostics.md"));
          return tab !== undefined && (await api.window.tabGroups.close(tab));
        }),
      (isClosed) => isClosed,
    );
    await preview.waitFor({ state: "detached" });
    await vscode().server.run((api) => api.commands.executeCommand("workbench.action.closePanel"));
  });

  it("follows the selection of the page, and the page follows its cursor", async () => {
    await vscode().webview().getByRole("row", { name: /^10 / }).first().click();
    await eventually(
      vscode(),
      () => listing.cursorLine(),
      (line) => line >= 0,
    );
    const add = await listing.lineNumber(/= Add .*\/0\/0\.2\/Relu_output_0/);
    await eventually(
      vscode(),
      () => listing.cursorLine(),
      (line) => line === add,
    );
    await listing.goTo(/= Add /);
    await vscode().page.keyboard.press("ArrowDown");
    await vscode().webview().locator('[role=row][aria-selected="true"]', { hasText: /^11/ }).waitFor();
    await vscode().page.keyboard.press("ArrowUp");
    await vscode().webview().locator('[role=row][aria-selected="true"]', { hasText: /^10/ }).waitFor();
  });

  it("leads the page by jumps too, and its cursor stays where the user has put it", async () => {
    await listing.goTo(/= Add /);
    // Many rows asked for in a row: the page answers late, and none of its answers may move the cursor.
    for (let step = 0; step < 12; step++) await vscode().page.keyboard.press(step < 6 ? "ArrowDown" : "ArrowUp");
    await vscode().page.keyboard.press("ArrowDown");
    const row = vscode().webview().locator('[role=row][aria-selected="true"]');
    await row.filter({ hasText: /^11/ }).waitFor();
    const next = await listing.lineNumber(/= Add /);
    assert.equal(await listing.cursorLine(), next + 1);

    await vscode().server.run(async (api) => {
      const editor = api.window.activeTextEditor;
      if (!editor) throw new Error("no listing in focus");
      const line = editor.document
        .getText()
        .split("\n")
        .findIndex((text) => text.includes("= Gemm"));
      const range = new api.Range(line, 0, line, 0);
      await api.window.showTextDocument(editor.document, {
        ...(editor.viewColumn && { viewColumn: editor.viewColumn }),
        selection: range,
      });
    });
    await row.filter({ hasText: "Gemm" }).waitFor();
  });

  it("follows what is chosen in the graph, also after it has led there and back", async () => {
    const tab = (name: string): Promise<void> => vscode().webview().getByRole("tab", { name }).click();
    const box = (layer: number): Locator => vscode().webview().locator(`.box[data-box="#${layer}"]`);
    await tab("Graph");
    await listing.goTo(/= Add /);
    for (const key of ["ArrowDown", "ArrowUp"]) await vscode().page.keyboard.press(key);
    await box(10).and(vscode().webview().locator(".selected")).waitFor();
    await box(11).dispatchEvent("click");
    const next = (await listing.lineNumber(/= Add /)) + 1;
    await eventually(
      vscode(),
      () => listing.cursorLine(),
      (line) => line === next,
    );
    await tab("Layers");
  });

  it("takes typing back and says what to do instead", async () => {
    const before = await listing.text();
    await listing.goTo(/^<$/);
    await vscode().server.run((api) => api.commands.executeCommand("editor.fold"));
    const constant = listing.lineWith('float32[32] "0.1.weight"');
    await constant.waitFor({ state: "detached" });
    await listing.goTo(/= Add /);
    await vscode().page.keyboard.type("x");
    await vscode().page.locator(".notification-toast", { hasText: "cannot be typed into" }).waitFor();
    assert.equal(
      await eventually(
        vscode(),
        () => listing.text(),
        (text) => text === before,
      ),
      before,
    );
    await eventually(
      vscode(),
      () => listing.isDirty(),
      (isDirty) => !isDirty,
    );
    await listing.lineWith("= Add").first().waitFor();
    assert.equal(await constant.count(), 0, "what was folded is, and nothing else");
    await vscode().server.run((api) => api.commands.executeCommand("notifications.clearAll"));
  });

  it("tells what the weights' numbers say when it is asked to read them", async () => {
    await listing.goTo(/= Add /);
    await vscode().runCommand("Edgewise: Inspect Weights");
    await vscode().page.locator(".notification-toast", { hasText: "Layers whose weights were inspected" }).waitFor();
    await vscode().server.run((api) => api.commands.executeCommand("notifications.clearAll"));
  });

  it("stands in the page's place by Reopen With, and opens one when the model is edited", async () => {
    await vscode().server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
    await vscode().openFile(MODEL);
    await vscode().rows().first().waitFor();
    await vscode().server.run((api) => {
      void api.commands.executeCommand("workbench.action.reopenWithEditor");
    });
    await vscode().page.locator(".quick-input-widget .monaco-list-row", { hasText: "Edgewise Listing" }).click();
    await listing.lineWith(/Conv/).first().waitFor();
    const { page } = vscode();
    await page.locator("iframe.webview.ready").waitFor({ state: "detached" });
    const before = await listing.text();
    await listing.goTo(/BatchNormalization </);
    await listing.choose("Fold batch normalisation");
    await vscode().webview().getByTestId("edit-count").filter({ hasText: "1 edit" }).waitFor();
    await eventually(
      vscode(),
      () => listing.text(),
      (text) => text !== before,
    );
    await page.locator(".tab.dirty", { hasText: MODEL }).waitFor();
  });
});
