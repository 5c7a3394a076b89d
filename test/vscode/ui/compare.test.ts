import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { endlessBytes } from "../../unit/runtime/tiny-models.ts";
import { assertAccessibleHere } from "./axe.ts";
import { longChain, stagedNetwork } from "./models.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const [BEFORE, AFTER] = ["digits_vgg_bn.onnx", "digits_lenet.onnx"];

describe("Comparing two models", () => {
  const vscode = useWindow({ files: [BEFORE, AFTER].map((name) => join(SAMPLES, name)) });

  const page = () => vscode().webview();
  const rows = (): Locator => page().locator("[role=row][id]");
  const total = (id: string): Locator => page().locator(`[data-total=${id}] dd`);
  const count = (): Locator => page().getByTestId("shown-count");

  const compare = async (...names: readonly string[]): Promise<void> => {
    await vscode().server.run(
      (api, paths) => {
        const [first, ...others] = paths.map((path) => api.Uri.file(path));
        void api.commands.executeCommand("edgewise.compareSelected", first, [first, ...others]);
      },
      names.map((name) => vscode().path(name)),
    );
    await rows().first().waitFor();
  };

  const close = (): Promise<unknown> =>
    vscode().server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));

  describe("that stay open", () => {
    beforeEach(async () => {
      if ((await vscode().page.locator(".tab", { hasText: "↔" }).count()) === 0) await compare(BEFORE, AFTER);
    });
    after(close);

    it("aligns their rows, and says in words what became of the totals", async () => {
      assert.match(await total("macs").innerText(), /→[^]*(less|more|times as much)/);
      await rows().filter({ hasText: "removed" }).first().waitFor();
      await rows().filter({ hasText: "changed" }).first().waitFor();
    });

    it("shows both graphs side by side, marks what differs, and leads from a box to its partner", async () => {
      const side = (name: "before" | "after"): Locator => page().locator(`[data-side=${name}]`);
      const button = (name: string): Locator => page().getByRole("button", { name, exact: true });
      const zoomOf = (name: "before" | "after"): Promise<string> =>
        side(name)
          .locator(".world")
          .evaluate((world) => /scale\((.*)\)/.exec((world as HTMLElement).style.transform)?.[1] ?? "");
      await page().getByRole("tab", { name: "Graphs" }).click();
      await side("before").locator(".box.mark-removed").first().waitFor();
      await side("after").locator(".box.end", { hasText: "Input" }).waitFor();
      assert.match(await page().getByTestId("change-legend").innerText(), /[1-9]\d* removed[^]*[1-9]\d* changed/);
      await page()
        .getByTestId("differences")
        .filter({ hasText: / differences$/ })
        .waitFor();

      // By the keyboard: from a box to its partner in the other graph, which Tab reaches.
      const changed = side("before").locator(".box.mark-changed:not(.open)").filter({ hasText: "Conv" }).first();
      await changed.focus();
      await vscode().page.keyboard.press("Enter");
      await side("before").locator(".box.selected").waitFor();
      await side("after").locator('.box.mark-changed.selected[tabindex="0"]').waitFor();
      await page()
        .getByTestId("graph-selected")
        .filter({ hasText: /^changed: Conv / })
        .waitFor();
      await vscode().page.keyboard.press("+");
      await eventually(vscode(), async () => (await zoomOf("before")) === (await zoomOf("after")), Boolean);
      const placeOfAfter = (): Promise<string> =>
        side("after")
          .locator(".world")
          .evaluate((world) => (world as HTMLElement).style.transform);
      const was = await placeOfAfter();
      await side("before")
        .locator(".minimap")
        .click({ position: { x: 10, y: 80 } });
      await eventually(vscode(), placeOfAfter, (place) => place !== was);
      await page().getByRole("checkbox", { name: "Move together" }).click();
      await side("before").getByRole("button", { name: "Zoom in" }).click();
      assert.notEqual(await zoomOf("before"), await zoomOf("after"));

      await button("Next difference").click();
      await page().getByTestId("differences").filter({ hasText: / of / }).waitFor();
      await assertAccessibleHere(vscode());
      await button("Close all modules").click();
      await side("before").locator(".box.closed.mark-changed").filter({ hasText: "differ" }).first().waitFor();
      await page().getByRole("tab", { name: "Layers" }).click();
      await page().locator("[role=row][aria-selected=true]").waitFor();
    });

    it("goes through the rows by keyboard", async () => {
      await rows().first().click();
      await vscode().page.keyboard.press("ArrowDown");
      await page().locator('[role=row][aria-selected=true][aria-rowindex="3"]').waitFor();
      await vscode().page.keyboard.press("End");
      await page().locator('[role=row][aria-selected=true]:not([aria-rowindex="3"])').waitFor();
    });

    it("sorts by the difference of the chosen cost, and filters", async () => {
      const header = page().getByRole("columnheader", { name: "Difference", exact: true });
      await header.getByRole("button").click();
      assert.equal(await header.getAttribute("aria-sort"), "descending");
      const first = (): Promise<string> => rows().first().innerText();
      const byMacs = await first();
      await page().getByRole("combobox", { name: "Compare rows by" }).selectOption({ label: "Parameters" });
      await header.getByRole("button").click();
      await page().locator("[aria-sort=ascending]").waitFor();
      assert.notEqual(await first(), byMacs);
      await page().getByRole("textbox", { name: "Filter layers" }).fill("conv");
      await page().locator("[role=row][id]", { hasNotText: /conv/i }).waitFor({ state: "detached" });
      await page().getByRole("textbox", { name: "Filter layers" }).fill("");
    });

    it("swaps what is before and what is after", async () => {
      const selected = page().locator("[role=row][aria-selected=true]");
      await rows().first().click();
      await selected.waitFor();
      await page().getByRole("button", { name: "Swap Before and After" }).click();
      await page().locator(".compare-path").first().filter({ hasText: AFTER }).waitFor();
      await rows().filter({ hasText: "added" }).first().waitFor();
      assert.equal(await selected.count(), 0, "a row of another comparison");
    });
  });

  describe("each for itself", () => {
    afterEach(close);

    describe("by their outputs", () => {
      const outputs = (): Locator => page().getByTestId("outputs");
      const button = (name: "Compare Outputs" | "Cancel"): Locator => outputs().getByRole("button", { name });
      const says = (text: string): Promise<void> => outputs().getByRole("status").filter({ hasText: text }).waitFor();

      it("tells how far they are apart on the same samples, until other models are compared", async () => {
        await compare(BEFORE, AFTER);
        await button("Compare Outputs").focus();
        await vscode().page.keyboard.press("Enter");
        await says("1 of 1 outputs differ.");
        for (const fact of ["error", "absolute", "rms", "snr", "cosine"])
          assert.match(await outputs().locator(`[data-fact=${fact}] dd`).innerText(), /\d/);
        await outputs().getByTestId("check-samples").filter({ hasText: "random numbers" }).waitFor();
        await assertAccessibleHere(vscode());
        await page().getByRole("button", { name: "Swap Before and After" }).click();
        await says("Runs both models");
      });

      it("says why there is nothing to compare, and keeps everything else", async () => {
        writeFileSync(vscode().path("other.onnx"), longChain(2));
        await compare(BEFORE, "other.onnx");
        await button("Compare Outputs").click();
        await outputs().getByRole("alert").getByText("the same samples do not fit both").waitFor();
        await rows().first().waitFor();
        writeFileSync(vscode().path("other.onnx"), longChain(3));
        await says("Runs both models");
      });

      it("is cancelled by the button that it was started with, and starts again", async () => {
        writeFileSync(vscode().path("endless.onnx"), endlessBytes());
        await compare("endless.onnx", "endless.onnx");
        await button("Compare Outputs").focus();
        await vscode().page.keyboard.press("Enter");
        await outputs().getByRole("progressbar").waitFor();
        await button("Cancel").waitFor();
        await vscode().page.keyboard.press("Enter");
        await says("Cancelled.");
        await button("Compare Outputs").click();
        await button("Cancel").click();
        await says("Cancelled.");
      });
    });

    it("says names by whole segments, and their operator only where that has no column", async () => {
      writeFileSync(vscode().path("staged.onnx"), stagedNetwork());
      await compare("staged.onnx", "staged.onnx");
      const name = rows().filter({ hasText: "block.3" }).first().locator(".segments");
      const operator = name.locator(".compare-operator");
      const isHidden = (): Promise<boolean> =>
        operator.evaluate((part) => getComputedStyle(part).position === "absolute");
      assert.match((await name.textContent()) ?? "", /^\/stage\.1\/block\.3\/conv\/Conv$/);
      assert.equal(await isHidden(), true);
      await vscode().page.setViewportSize({ width: 640, height: 800 });
      await eventually(vscode(), isHidden, (hidden) => !hidden);
      const inSight = await name.evaluate((whole) => {
        const { top, bottom } = whole.getBoundingClientRect();
        return [...whole.children]
          .filter(
            (segment) => segment.getBoundingClientRect().top >= top && segment.getBoundingClientRect().bottom <= bottom,
          )
          .map((segment) => segment.textContent);
      });
      await vscode().page.setViewportSize({ width: 1280, height: 800 });
      assert.ok(inSight.length > 0 && inSight.length < 4, inSight.join());
      assert.ok("/stage.1/block.3/conv/Conv".endsWith(inSight.join("")), inSight.join());
    });

    it("finds no difference between a model and itself", async () => {
      await compare(BEFORE, BEFORE);
      await count().filter({ hasText: "all the same" }).waitFor();
      assert.match(await total("macs").innerText(), /the same/);
      await page().getByRole("checkbox", { name: "Only differences" }).click();
      await page().getByText("No row matches.").waitFor();
    });

    it("follows the files, and says what is wrong with one", async () => {
      writeFileSync(vscode().path("before.onnx"), longChain(10));
      writeFileSync(vscode().path("after.onnx"), longChain(10));
      await compare("before.onnx", "after.onnx");
      await count().filter({ hasText: "10 rows, all the same" }).waitFor();
      writeFileSync(vscode().path("after.onnx"), longChain(12));
      await count().filter({ hasText: "12 of 12 rows, 2 differ" }).waitFor();
      writeFileSync(vscode().path("after.onnx"), "no model");
      await page().getByTestId("failed").getByText("after.onnx").first().waitFor();
    });

    it("comes back after the window is loaded anew", async () => {
      await compare(BEFORE, AFTER);
      await page().getByRole("textbox", { name: "Filter layers" }).fill("conv");
      const loaded = vscode().page.waitForEvent("load");
      await vscode().runCommand("Developer: Reload Window");
      await loaded;
      await rows().first().waitFor();
      assert.equal(await page().getByRole("textbox", { name: "Filter layers" }).inputValue(), "conv");
    });

    it("starts from two files selected in the explorer", async () => {
      const files = vscode().page.locator(".explorer-folders-view .monaco-list-row");
      await vscode().openFile(BEFORE);
      await rows().first().waitFor(); // an editor that opens selects its file
      await files.filter({ hasText: BEFORE }).click();
      await files.filter({ hasText: AFTER }).click({ modifiers: ["ControlOrMeta"] });
      await vscode().page.locator(".explorer-folders-view .monaco-list-row.selected").nth(1).waitFor();
      await files.filter({ hasText: AFTER }).click({ button: "right" });
      await vscode().chooseFromMenu("Compare Selected Models");
      await vscode().page.locator(".tab.active", { hasText: "↔" }).waitFor();
    });
  });
});
