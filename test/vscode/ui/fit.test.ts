import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { Random } from "../../../profiler/numeric/random.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { bytesOf, npyFile } from "../../unit/runtime/npy-file.ts";
import { assertAccessibleHere } from "./axe.ts";
import { compressible } from "./models.ts";
import { SuggestionsDriver } from "./suggestions-driver.ts";
import { SAMPLES, eventually, useWindow } from "./window.ts";

const MODEL = "digits_lenet.onnx";
const TRAINED = "trained.onnx";
const LARGER = "digits_vgg_bn.onnx";
const SAMPLES_FILE = "digits.npy";
/** Of one sample of the models above. */
const SHAPE = [1, 32, 32] as const;
/** Samples that the page draws. */
const MOST_SHOWN = 12;

describe("Samples and the search on the page", () => {
  const vscode = useWindow({ isAlone: true, files: [join(SAMPLES, MODEL), join(SAMPLES, LARGER)] });
  const driver = new SuggestionsDriver(vscode);

  const open = async (name: string, part: "fit" | "calibration"): Promise<void> => {
    await driver.open(name);
    await driver.suggest();
    await driver.part(part);
  };
  /** Chooses from VS Code's list, or answers its question, by keys. */
  const answer = async (placeholder: RegExp | null, text: string): Promise<void> => {
    const widget = vscode().page.locator(".quick-input-widget");
    if (placeholder) await widget.locator(".monaco-list-row", { hasText: placeholder }).first().waitFor();
    await widget.locator("input").first().fill(text);
    await vscode().page.keyboard.press("Enter");
  };
  const setBudget = (goal: string, text: string): Promise<void> =>
    driver.panel.locator(`[data-goal=${goal}]`).getByRole("textbox").fill(text);

  afterEach(async () => {
    await driver.run("workbench.action.revertAndCloseActiveEditor");
    await driver.close();
  });

  it("shows that samples are random until some are chosen, and what the model sees of them", async () => {
    const count = 16;
    const random = new Random(4);
    // Each with stripes of its own, so that answers differ.
    const pixels = Float32Array.from({ length: count * 32 * 32 }, (_, index) =>
      Math.abs(Math.sin((index % 32) * (1 + Math.floor(index / 1024)) * 0.1) + 0.3 * random.normal()),
    );
    writeFileSync(vscode().path(SAMPLES_FILE), npyFile("<f4", [count, ...SHAPE], bytesOf(pixels)));
    // It is saved over: the other tests want the model as it was.
    copyFileSync(vscode().path(MODEL), vscode().path(TRAINED));
    await open(TRAINED, "calibration");
    // A try before this one may have ended with samples chosen.
    const isChosen = (await driver.button("Use random numbers").count()) > 0;
    if (isChosen) await driver.button("Use random numbers").click();
    await driver.shows(driver.panel, /seeded random samples \(seed 0\)/);
    await driver.panel
      .getByRole("img", { name: /^Sample 1: From / })
      .first()
      .waitFor();
    const announcements = driver.page.getByTestId("announcements").locator("p");

    await driver.button("Choose calibration data…").click();
    await answer(/File of Arrays/, "File of Arrays");
    await answer(new RegExp(SAMPLES_FILE), vscode().path(SAMPLES_FILE));
    await answer(/As Stored/, "As Stored");
    await answer(/No Labels/, "No Labels");
    await driver.shows(driver.panel, new RegExp(`${SAMPLES_FILE}.*${count} samples`));
    await eventually(
      vscode(),
      () => driver.panel.locator(".preview-picture").count(),
      (shown) => shown === MOST_SHOWN,
    );
    assert.match(await driver.panel.getByTestId("preview").innerText(), /float32 1×32×32/);

    await driver.part("suggestions");
    const lowRank = driver.suggestion("dense-low-rank");
    await driver.unfold(lowRank);
    await driver.tryIt(lowRank);
    await driver.shows(announcements, /^Measured error: .*dB/);
    assert.match(await lowRank.getByTestId("check-samples").innerText(), /Measured on 16 samples: .*digits\.npy/);

    const before = await driver.page.locator("[data-total=parameters] dd").first().innerText();
    await driver.apply("shrink-kernel:/3/Conv:share=1");
    await driver.hasEdits(1);
    const computing = driver.page.getByTestId("computing");
    // Cancelled: nothing is there of it. The command only ends with the training.
    const training = driver.apply("recover::steps=100000,copies=2").catch(() => undefined);
    await computing.getByTestId("training").waitFor();
    await computing.getByLabel("Cancel").first().click();
    await computing.waitFor({ state: "detached" });
    await training;
    await driver.hasEdits(1);
    // Stopped: the best is kept, undone and redone without training, and saved.
    const stopped = driver.apply("recover::steps=100000,copies=2");
    await computing.getByTestId("training").waitFor();
    await eventually(
      vscode(),
      () => computing.innerText(),
      (text) => /Step [1-9]\d{2,}:/.test(text),
    );
    await assertAccessibleHere(vscode());
    await computing.locator("vscode-button", { hasText: "Stop and keep the best" }).click();
    await stopped;
    await driver.hasEdits(2);
    await driver.shows(announcements, /: done$/);
    await driver.run("undo");
    await driver.hasEdits(1);
    await driver.run("redo");
    await driver.hasEdits(2);
    assert.equal(await computing.getByTestId("training").count(), 0, "nothing is trained again");
    await driver.overwrite(TRAINED);
    await driver.close();
    await driver.open(TRAINED);
    await driver.hasEdits(0);
    assert.notEqual(await driver.page.locator("[data-total=parameters] dd").first().innerText(), before);
    await driver.suggest();

    await driver.part("calibration");
    await driver.button("Use random numbers").click();
    await driver.shows(driver.panel, /seeded random samples/);
  });

  it("searches for a budget, draws what it found, and applies a point as one step", async () => {
    await open(MODEL, "fit");
    const search = driver.panel.locator("vscode-button", { hasText: "Search" });
    assert.equal(await search.getAttribute("disabled"), "");
    await setBudget("parameters", "many");
    await driver.panel.locator("[data-goal=parameters] .invalid").waitFor();
    await setBudget("parameters", "200 k");
    await driver.panel.locator("[data-goal=parameters]").getByRole("textbox").press("Enter");
    const point = driver.panel.getByTestId("fit-point");
    await driver.shows(point, /within the budget, the best found/);
    await driver.panel.getByTestId("task").waitFor({ state: "detached" });
    await driver.panel.getByTestId("chart-fit").locator("canvas").waitFor();
    await driver.shows(driver.panel, /Measured on 16 samples, seeded random .*random numbers show roughly/);
    await driver.shows(
      driver.page.getByTestId("announcements").locator("p"),
      /^The search has ended\. .*within the budget/,
    );

    const { panel } = driver;
    const budget = panel.locator("[data-goal=parameters]").getByRole("textbox");
    assert.equal(await budget.count(), 0, "the fields make room for the curve");
    await driver.shows(panel.locator(".fit-budget"), "Parameters ≤ 200 k");
    await vscode().page.setViewportSize({ width: 800, height: 800 });
    const bottom = async (locator: Locator): Promise<number> => {
      const { y = 0, height = 0 } = (await locator.boundingBox()) ?? {};
      return y + height;
    };
    await eventually(
      vscode(),
      async () => [await bottom(panel.locator("canvas")), await bottom(panel)] as const,
      ([curve, all]) => curve > 0 && curve <= all,
    );
    await vscode().page.setViewportSize({ width: 1280, height: 800 });
    await driver.button("Change the budget").click();
    await panel.locator("[data-goal] vscode-text-field:focus").waitFor();
    assert.equal(await budget.inputValue(), "200 k");

    const edits = await point.locator(".fit-edits li").count();
    assert.ok(edits > 0);
    await assertAccessibleHere(vscode());
    await driver.button("Apply this point").click();
    await driver.hasEdits(edits);
    await driver.isMarked(MODEL, true);
    await driver.run("undo");
    await driver.hasEdits(0);
    await driver.isMarked(MODEL, false);
  });

  it("measures what each layer bears, keeps what it found when it is cancelled, and applies a point", async () => {
    await open(MODEL, "fit");
    const { panel } = driver;
    await panel.getByLabel("Search by", { exact: true }).last().selectOption({ label: "Compress weights" });
    await driver.button("Measure each layer").click();
    const chart = panel.getByTestId("chart-sensitivity");
    await chart.locator("canvas").waitFor();
    await panel.getByTestId("task").getByLabel("Cancel").first().click();
    await panel.getByTestId("task").waitFor({ state: "detached" });
    await driver.shows(chart, /Conv: .* dB with 2 bits/);
    await chart.getByRole("application").press("End");
    await chart.getByRole("application").press("Enter");
    await driver.shows(panel.getByTestId("sensitivity-point"), /bits=2/);
    await assertAccessibleHere(vscode());
    await chart.scrollIntoViewIfNeeded();
    await vscode().screenshot("sensitivity");
    await panel.getByLabel("Technique", { exact: true }).last().selectOption({ label: "Pruned" });
    await driver.shows(chart, /98\.0 % pruned/);
    await chart.getByRole("application").press("Home");
    await chart.getByRole("application").press("ArrowRight");
    await chart.getByRole("application").press("Enter");
    await driver.button("Apply to this layer").click();
    await driver.hasEdits(1);
    await driver.isMarked(MODEL, true);
    await driver.run("undo");
    await driver.hasEdits(0);
  });

  it("leads a TFLite file from what its layers bear to bits for each: tried, applied, taken back and saved", async () => {
    const name = "layers.tflite";
    writeFileSync(vscode().path(name), compressible());
    await open(name, "fit");
    const { panel } = driver;
    await panel.getByLabel("Search by", { exact: true }).last().selectOption({ label: "Compress weights" });
    await driver.button("Measure each layer").click();
    await driver.shows(panel.getByTestId("chart-sensitivity"), /4 layers.*dB with 2 bits/s);
    await panel.getByTestId("task").waitFor({ state: "detached" });

    await driver.part("suggestions");
    const integers = driver.suggestion("quantize-model");
    await driver.unfold(integers);
    await integers.getByLabel("Inputs and outputs", { exact: true }).last().selectOption("int8");
    await driver.tryIt(integers);
    const mixed = driver.suggestion("mixed-precision");
    await driver.unfold(mixed);
    await driver.setOption(mixed, "layers", "relu_1/output 8; * 4");
    assert.ok(
      await mixed.getByTestId("savings").isVisible(),
      "what stands above the buttons does not go while it is predicted",
    );
    await driver.tryIt(mixed);
    await driver.applyIt(mixed, 1);
    // Decoding operators stand between them now, and are not selected in their stead.
    const rows = driver.page.locator("[role=row][aria-selected=true]");
    assert.deepEqual(await rows.evaluateAll((found) => found.map(({ id }) => id)), [
      "layer-1",
      "layer-3",
      "layer-5",
      "layer-8",
    ]);
    await driver.run("undo");
    await driver.hasEdits(0);
    await driver.run("redo");
    await driver.hasEdits(1);
    await driver.overwrite(name);
    const written = await modelOfBytes(name, readFileSync(vscode().path(name)));
    const { layers } = liftModel(written, {}, undefined, { decodes: true });
    assert.deepEqual(
      layers.flatMap(({ form }) => {
        if (form.kind !== "conv" && form.kind !== "dense") return [];
        const { coding, dataType } = form.weight;
        return coding?.kind === "affine" ? coding.bits : dataType;
      }),
      [4, "int8", 4, 4],
    );
  });

  it("measures latencies while it searches", async () => {
    const search = async (): Promise<void> => {
      await open(MODEL, "fit");
      const latencies = driver.panel.getByLabel("Latencies", { exact: true }).last();
      await latencies.focus();
      await latencies.selectOption({ index: 1 });
      await driver.shows(driver.panel, /the best of each round run there/);
      await setBudget("latencySeconds", "10 s");
      await vscode().screenshot("fit-measured-fields");
      await driver.panel.locator("[data-goal=latencySeconds]").getByRole("textbox").press("Enter");
      await driver.shows(driver.panel.getByTestId("fit-point"), /Measured latency .*within the budget/);
      await driver.shows(driver.panel, /Latencies are measured on .* thread/);
      await driver.panel.getByTestId("task").waitFor({ state: "detached" });
    };
    await search();
    const anew = driver.panel.getByRole("button", { name: "Start over" });
    await driver.close();
    await search();
    await driver.shows(driver.panel, /goes on with an earlier search on this device/);
    await vscode().screenshot("fit-measured");
    await anew.click();
    await anew.waitFor({ state: "detached" });
    await driver.panel.getByText(/goes on with an earlier search/).waitFor({ state: "detached" });
    // A whole search from the beginning was the first one.
    await driver.panel.getByTestId("task").getByRole("button", { name: "Cancel" }).click();
    await driver.panel.getByTestId("task").waitFor({ state: "detached" });
  });

  it("compresses weights to a file and a download, and applies that as edits", async () => {
    await open(MODEL, "fit");
    await driver.panel.getByLabel("Search by", { exact: true }).last().selectOption({ label: "Compress weights" });
    await driver.panel.locator("[data-goal=macs]").waitFor({ state: "detached" });
    await setBudget("fileBytes", "620 KB");
    await setBudget("downloadBytes", "600 KB");
    await vscode().screenshot("compress-weights-fields");
    await driver.button("Search").click();
    const point = driver.panel.getByTestId("fit-point");
    await driver.shows(point, /download 5\d\d KB.*within the budget, the best found/s);
    await driver.panel.getByTestId("task").waitFor({ state: "detached" });
    await driver.shows(driver.panel.locator(".fit-budget"), /File size ≤ 620 KB, Download, compressed ≤ 600 KB/);
    await vscode().screenshot("compress-weights-found");
    await driver.button("Apply this point").click();
    await driver.hasEdits(await point.locator(".fit-edits li").count());
    await driver.run("undo");
    await driver.hasEdits(0);
  });

  it("keeps the best that it found when it is cancelled", async () => {
    await open(LARGER, "fit");
    await setBudget("parameters", "5 k");
    await driver.button("Search").click();
    const summary = driver.panel.locator(".chart-summary");
    await driver.shows(summary, /^Points: [3-9]\. The best one so far/);
    await driver.panel.getByTestId("task").getByRole("button", { name: "Cancel" }).click();
    await driver.panel.getByTestId("task").waitFor({ state: "detached" });
    await driver.shows(summary, /^Points: \d+\. The best one costs/);
    assert.equal(await driver.panel.getByRole("alert").count(), 0);
    await driver.shows(driver.panel.getByTestId("fit-point"), /the best found/);
    await driver.button("Apply this point").click();
    await driver.page.getByTestId("edit-count").waitFor();
    await driver.page.getByTestId("computing").waitFor({ state: "detached" });
  });

  it("says what is missing for a lowest accuracy", async () => {
    await open(MODEL, "fit");
    await driver.shows(driver.panel.locator("[data-goal=lowestAccuracy]"), "needs labelled samples");
    await setBudget("lowestAccuracy", "98 %");
    await driver.button("Search").click();
    await driver.shows(driver.panel.getByRole("alert"), /label/);
  });
});
