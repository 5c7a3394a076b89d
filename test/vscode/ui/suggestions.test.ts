import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skip } from "../../skip.ts";
import { busy, canSeeProcesses, marked, until } from "../../unit/runtime/marked-processes.ts";
import { assertAccessible } from "./axe.ts";
import { denseTflite } from "./editing-driver.ts";
import { denseThenEndless, stagedNetwork, unknownOperator } from "./models.ts";
import { SuggestionsDriver } from "./suggestions-driver.ts";
import { SAMPLES, THEMES, eventually, useWindow, type Theme } from "./window.ts";

const LENET = "digits_lenet.onnx";
/** Batch normalisations behind its convolutions: exact edits. */
const VGG = "digits_vgg_bn.onnx";
/** The second convolution of LeNet. */
const CONV = "/3/Conv";
/** Outputs of a layer that a lower rank makes faster: of fewer, a second operator costs more than it saves. */
const WORTHWHILE = 512;
/** Of a network with some hundreds of suggestions, which take seconds. */
const BLOCKS = 20;
/** Hundredths of a second of processor time that a loop has taken, and loading does not take. */
const LOOPING_TICKS = 100;
/** Channels of it: layers of fewer cost less than a suggestion is worth. */
const WIDTH = 64;

describe("Suggestions on the page", () => {
  const vscode = useWindow({ files: [join(SAMPLES, LENET), join(SAMPLES, VGG)] });
  const driver = new SuggestionsDriver(vscode);

  const open = async (name: string): Promise<void> => {
    await driver.open(name);
    await driver.suggest();
    // A lightbulb of a row has narrowed them where a test before went on in this model.
    await driver.panel.getByRole("checkbox", { name: "for the selection" }).setChecked(false);
  };
  const selectedRows = (): Promise<string[]> =>
    driver.lines.and(driver.page.locator("[aria-selected=true]")).locator(".column-name").allInnerTexts();

  const close = async (): Promise<void> => {
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    await driver.close();
  };

  describe("of a model that stays open", () => {
    after(close);

    it("are walked by arrow keys and opened by Enter", async () => {
      await open(LENET);
      const title = (place: number) => driver.suggestions.nth(place).locator(".suggestion-title");
      await title(0).focus();
      await driver.press("ArrowDown");
      await driver.press("Enter");
      await driver.suggestions.nth(1).getByRole("button", { name: "Apply", exact: true }).waitFor();
      assert.equal(await title(1).getAttribute("aria-expanded"), "true");
    });

    it("are behind the lightbulb of a row", async () => {
      await open(LENET);
      await driver.part("history");
      await driver
        .line("3/Conv")
        .getByRole("button", { name: /suggestions?$/ })
        .click();
      await driver.suggestion("separable", CONV).and(driver.panel.locator(".marked")).waitFor();
      assert.match((await selectedRows()).join(), /3\/\s*Conv/);
    });

    it("that cannot be applied say why, and leave the model as it was", async () => {
      await open(LENET);
      await assert.rejects(driver.apply("dense-low-rank:/3/Conv:rank=4"));
      const givenUp = driver.page.getByTestId("given-up");
      await driver.shows(givenUp, /not a dense layer/);
      await driver.hasEdits(0);
      await driver.isMarked(LENET, false);
      await givenUp.getByRole("button", { name: "Dismiss" }).click();
      await givenUp.waitFor({ state: "detached" });
    });

    it("are chosen together: conflicts are named, and one undo takes all of them back", async () => {
      await open(LENET);
      const choose = (restructuring: string, target: string): Promise<void> =>
        driver.suggestion(restructuring, target).getByRole("checkbox").click();
      await choose("separable", CONV);
      await choose("dense-low-rank", "/7/Gemm");
      assert.equal(await driver.panel.locator(".chosen-bar").getByText("change the same layer").count(), 0);
      await choose("split-channels", CONV);
      await driver.suggestion("split-channels", CONV).locator(".conflict", { hasText: "Separable" }).waitFor();
      await choose("split-channels", CONV);
      const chosen = driver.panel.getByTestId("chosen");
      await driver.shows(chosen, "2 chosen");
      await chosen.getByRole("button", { name: "Try together" }).click();
      await chosen.getByTestId("check").waitFor();
      await chosen.getByRole("button", { name: "Apply together" }).click();
      await driver.hasEdits(2);
      await driver.run("undo");
      await driver.hasEdits(0);
      await driver.isMarked(LENET, false);
    });

    it("are narrowed to a guarantee and to the selection, and ordered by what they save", async () => {
      await open(LENET);
      const all = await driver.suggestions.count();
      await driver.choose("Guarantee", "needs training");
      await eventually(
        vscode(),
        () => driver.suggestions.count(),
        (count) => count > 0 && count < all,
      );
      const guarantees = await driver.suggestions.locator(".guarantee").allInnerTexts();
      assert.deepEqual(new Set(guarantees.map((text) => text.trim())), new Set(["needs training"]));
      await driver.choose("Guarantee", "any guarantee");
      await driver.choose("Order", "by Peak memory saved");
      const first = driver.suggestions.first();
      await eventually(
        vscode(),
        () => first.getAttribute("data-restructuring"),
        (id) => id === "quantize-model",
      );
      assert.match(await first.locator("[data-saving=peakMemoryBytes]").innerText(), /−75/);

      await driver.line("0/Conv").click();
      await driver.panel.getByRole("checkbox", { name: "for the selection" }).click();
      await driver.shows(driver.panel.getByRole("status"), new RegExp(` of ${all} suggestions`));
      assert.equal(await driver.suggestion("dense-low-rank").count(), 0);
      assert.equal(await driver.suggestion("reduce-channels", "/0/Conv").count(), 1);
      const absences = driver.panel.getByTestId("absences");
      await absences.getByText(/^Not offered, and why/).click();
      await driver.shows(absences, /Separable.*it has one input channel, and nothing to mix: \/0\/Conv/s);
      await driver.shows(absences, /^(?!.*the whole model)/s);
    });
  });

  describe("of a model each", () => {
    afterEach(close);

    it("open by their command and by their keys", async () => {
      await driver.open(LENET);
      await driver.run("edgewise.suggestCompressions");
      await driver.suggestions.first().waitFor();
      await driver.panel.getByRole("tab", { name: "Suggestions" }).and(driver.page.locator(":focus")).waitFor();
      await driver.panel.getByRole("button", { name: "Close" }).click();
      await driver.panel.waitFor({ state: "detached" });
      await driver.compress.and(driver.page.locator(":focus")).waitFor();
      await driver.lines.first().click();
      await driver.press("Control+K");
      await driver.press("c");
      await driver.suggestions.first().waitFor();
    });

    it("point at their rows, and rows at their suggestions", async () => {
      await open(LENET);
      const separable = driver.suggestion("separable", CONV);
      await driver.unfold(separable);
      await eventually(vscode(), selectedRows, (rows) => rows.length > 0);
      assert.match((await selectedRows()).join(), /3\/\s*Conv/);
      await driver.line("7/Gemm").click();
      await driver.suggestion("dense-low-rank", "/7/Gemm").and(driver.panel.locator(".marked")).waitFor();
      assert.doesNotMatch((await separable.getAttribute("class")) ?? "", /marked/);

      await driver.unfold(driver.suggestion("reduce-channels", ""));
      const rows = (await selectedRows()).length;
      assert.ok(rows > 1);
      await driver.page.getByRole("tab", { name: "Graph" }).click();
      await driver.page.locator(".box.selected").first().waitFor();
      assert.ok((await driver.page.locator(".box.selected").count()) > 1, "all of them in the graph too");
      await driver.page.getByRole("tab", { name: "Layers" }).click();
    });

    const STORIES = [
      { file: "story.onnx", target: "/7/Gemm", write: (path: string) => copyFileSync(join(SAMPLES, LENET), path) },
      { file: "story.tflite", target: "output", write: (path: string) => writeFileSync(path, denseTflite(WORTHWHILE)) },
    ] as const;
    for (const { file, target, write } of STORIES) {
      it(`are tried, applied, undone, redone, saved and opened again: ${file}`, async () => {
        write(vscode().path(file));
        await open(file);
        const parameters = driver.page.locator("[data-total=parameters] dd");
        const before = await parameters.first().innerText();
        const lowRank = driver.suggestion("dense-low-rank", target);
        await driver.unfold(lowRank);
        const saved = lowRank.locator("[data-saving=parameters]");
        const predicted = await saved.innerText();
        assert.match(predicted, /−\d+\.\d %\s+−[\d.]+ k/, "each saving is a share and an amount");

        await driver.setOption(lowRank, "cost", "0.1");
        await eventually(
          vscode(),
          () => saved.innerText(),
          (text) => text !== predicted,
        );
        await driver.tryIt(lowRank);
        await driver.shows(lowRank.getByTestId("check-samples"), /seeded random/);
        assert.match(await lowRank.locator("[data-fact=error] dd").innerText(), /\d/);

        await driver.applyIt(lowRank, 1);
        await driver.isMarked(file, true);
        await driver.page.locator(".row.added").first().waitFor();
        const change = driver.page.locator("[data-change=parameters]");
        await driver.shows(change, /^−/);
        await driver.page.getByRole("button", { name: "Differences" }).click();
        await driver.page.locator(".row .column-parameters .difference.less").first().waitFor();

        await driver.run("undo");
        await driver.hasEdits(0);
        await change.waitFor({ state: "detached" });
        await driver.isMarked(file, false);
        await driver.run("redo");
        await driver.hasEdits(1);
        await driver.shows(change, /^−/);

        await driver.overwrite(file);
        await driver.close();
        await driver.open(file);
        const after = await parameters.first().innerText();
        assert.notEqual(after, before);
      });
    }

    it("that are exact are applied all at once, as one step", async () => {
      await open(VGG);
      await driver.button("Apply all exact").click();
      await driver.page
        .getByTestId("edit-count")
        .filter({ hasText: /^\W*\d+ edits/ })
        .waitFor();
      await driver.page.getByTestId("computing").waitFor({ state: "detached" });
      assert.equal(await driver.line("BatchNormalization").count(), 0);
      await driver.part("history");
      await driver.shows(driver.panel.getByTestId("removed"), /BatchNormalization/);
      await driver.run("undo");
      await driver.hasEdits(0);
      await driver.line("BatchNorm").waitFor();
    });

    it("arrive as they are found, by kind with the best first, and nobody has to wait for them", async () => {
      writeFileSync(vscode().path("many.onnx"), stagedNetwork(BLOCKS, WIDTH));
      await driver.open("many.onnx");
      // Its modules are folded: what is found opens them.
      await driver.filter("conv/Conv");
      await driver.compress.click();
      await driver.lines
        .getByRole("button", { name: /suggestions?$/ })
        .first()
        .waitFor();
      await driver.panel.getByTestId("task").getByRole("button", { name: "Cancel" }).click();
      await driver.button("Look for suggestions").click();
      await driver.shows(driver.panel.getByTestId("task"), /\d+ found/);
      await driver.suggestions.first().waitFor();
      await driver.panel.getByTestId("task").waitFor({ state: "detached" });
      const kind = driver.panel.locator("[data-kind=reduce-channels]");
      const count = Number(await kind.getByRole("heading").locator(".remark").innerText());
      assert.ok(count > 3);
      assert.equal(await kind.getByTestId("suggestion").count(), 3, "the best of a kind");
      await kind.locator(".show-more").click();
      assert.equal(await kind.getByTestId("suggestion").count(), count);
    });

    it("are given up while the model runs, though it never ends: nothing of it goes on", async function () {
      if (!canSeeProcesses) skip(this, "only Linux tells what processes there are");
      writeFileSync(vscode().path("endless.onnx"), denseThenEndless(WORTHWHILE));
      await open("endless.onnx");
      const others = marked(vscode().mark);
      const lowRank = driver.suggestion("dense-low-rank", "dense");
      await driver.unfold(lowRank);
      await lowRank.getByRole("button", { name: "Try", exact: true }).click();
      const { mark } = vscode();
      let running: readonly string[] = [];
      await until(() => (running = busy(mark, LOOPING_TICKS).filter((id) => !others.includes(id))).length > 0);
      await driver.panel.getByTestId("task").getByRole("button", { name: "Cancel" }).click();
      await driver.panel.getByTestId("task").waitFor({ state: "detached" });
      await until(() => !marked(mark).some((id) => running.includes(id)));
      assert.equal(await lowRank.getByTestId("check").count(), 0);
      await lowRank.getByRole("button", { name: "Try", exact: true }).waitFor();
    });

    it("are none for a model that the runtime does not load, with the reason unfolded", async () => {
      writeFileSync(vscode().path("unknown.onnx"), unknownOperator());
      await driver.open("unknown.onnx");
      await driver.compress.click();
      await driver.shows(driver.panel, /Edgewise has nothing to suggest for this model, for the reasons below/);
      await driver.shows(driver.panel.getByTestId("absences").getByRole("list").first(), /Any edit.*does not/s);
    });

    it("say why others are not offered, with names that are broken between their segments alone", async () => {
      writeFileSync(vscode().path("staged.onnx"), stagedNetwork(BLOCKS, WIDTH));
      await open("staged.onnx");
      const absences = driver.panel.getByTestId("absences");
      await absences.getByText(/^Not offered, and why/).click();
      const names = absences.getByRole("button", { name: /\/stage\.0\/block.*, / }).first();
      await names.waitFor();
      const broken = await names.evaluate((button) =>
        [...button.childNodes].flatMap((segment) => {
          const range = document.createRange();
          range.selectNode(segment);
          const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
          return tops.size > 1 ? [segment.textContent] : [];
        }),
      );
      // What follows a comma or stands between words may begin a line too.
      assert.deepEqual(
        broken.filter((segment) => !/\s/.test(segment ?? "")),
        [],
      );
      const lines = await names.evaluate((button) => button.getClientRects()[0]?.height ?? 0);
      assert.ok(lines > 30, `${lines} pixels: on several lines`);
      const reasons = await driver.panel
        .locator(".suggestion:not(.open) .suggestion-reason")
        .evaluateAll((all) => all.map((reason) => reason.getBoundingClientRect().height));
      assert.ok(Math.max(...reasons) < 90, `${Math.max(...reasons)} pixels: of a long reason four lines`);
    });

    it("have nothing that axe-core finds serious, in light, dark and high contrast", async () => {
      await open(LENET);
      await driver.panel.getByText(/^Not offered, and why/).click();
      const lowRank = driver.suggestion("dense-low-rank");
      await driver.unfold(lowRank);
      await lowRank.getByRole("checkbox").first().click();
      await driver.tryIt(lowRank);
      await driver.apply("separable:/3/Conv");
      await driver.hasEdits(1);
      await driver.page.getByRole("button", { name: "Differences" }).click();
      await driver.suggestions.first().waitFor();
      for (const theme of Object.keys(THEMES) as Theme[]) {
        await vscode().useTheme(theme);
        for (const part of ["suggestions", "fit", "calibration", "history"] as const) {
          await driver.part(part);
          await assertAccessible(vscode(), { rules: theme === "light" ? "all" : "colours" });
        }
      }
    });
  });
});
