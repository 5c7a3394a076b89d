import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { freePort } from "../../phone/test-phone.ts";
import { assertAccessibleHere, assertAccessibleInThemes } from "./axe.ts";
import { EDITABLE } from "./editing-driver.ts";
import { unknownOperator } from "./models.ts";
import { RunsDriver } from "./runs-driver.ts";
import { SAMPLES, useWindow } from "./window.ts";

const MODEL = "digits_vgg_bn.onnx";
const OTHER_MODEL = "digits_lenet.onnx";
const EDIT = "reduce-channels:/3/3.0/Conv:keep=8";
/** Enough to be in the middle of for a while. */
const MANY_RUNS = 10_000;

/** A window whose adb is a program that only notes that it was started. */
const ADB = "adb";
const ASKED = "adb-was-asked";

describe("Runs on this machine", () => {
  const env: Record<string, string> = {};
  before(async () => {
    env.ANDROID_ADB_SERVER_PORT = String(await freePort());
  });
  const vscode = useWindow({ files: [join(SAMPLES, MODEL), join(SAMPLES, OTHER_MODEL)], env });
  const driver = new RunsDriver(vscode);

  before(async () => {
    writeFileSync(vscode().path(ADB), `#!/bin/sh\ntouch "$(dirname "$0")/${ASKED}"\necho "no USB here" >&2\nexit 1\n`);
    chmodSync(vscode().path(ADB), 0o755);
    await driver.useAdb(vscode().path(ADB));
  });
  const columnHead = (id: string): Locator => driver.page.locator(`[role=columnheader][data-column=${id}]`);

  it("leave adb alone until devices are in sight, and say what to do when it does not work", async () => {
    await driver.open(MODEL);
    await driver.page.getByRole("tab", { name: "Charts" }).click();
    await driver.page.getByTestId("chart-roofline").waitFor();
    assert.ok(!existsSync(vscode().path(ASKED)));
    await driver.showRuns();
    await driver.shows(driver.page.locator(".failure-note"), /could not start its server: no USB here/);
    assert.ok(existsSync(vscode().path(ASKED)));
    assert.ok(await driver.startButton.isEnabled(), "this machine is there without adb");
  });

  it("show what the model and its layers take, beside the estimates", async () => {
    await driver.open(MODEL);
    assert.equal(await columnHead("measured").count(), 0);
    await driver.showRuns();
    await driver.shows(driver.page.getByTestId("runs"), "Nothing has been measured yet");
    await driver.measure({ runs: 8 });
    await driver.shows(driver.page.getByTestId("announcements").locator("p"), /s measured on This machine/);
    await driver.shows(driver.list, /the file.*equal/s);
    await driver.shows(driver.details, /Outputs equal this machine’s/);
    await driver.shows(driver.figure("median"), /(ns|µs|ms|s)$/);
    await driver.shows(driver.details, /timed runs 8/);
    await driver.page.getByRole("tab", { name: "Layers" }).click();
    await columnHead("measured").waitFor();
    await columnHead("measuredRatio").waitFor();
    const measured = await driver.cells("measured");
    assert.ok(
      measured.some((text) => /^[\d.]+\s*(ns|µs|ms)$/.test(text.trim())),
      measured.join(", "),
    );
    assert.ok(
      measured.some((text) => /^in\s*#\d+$/.test(text.trim())),
      `a batch normalization says where its time is: ${measured.join(", ")}`,
    );
    const report = vscode().path("measured.csv");
    await vscode().server.run(
      (api, model, target) =>
        api.commands.executeCommand("edgewise.exportCsv", api.Uri.file(model), api.Uri.file(target)),
      vscode().path(MODEL),
      report,
    );
    assert.match(readFileSync(report, "utf8"), /^#,Name,.*"?Measured on .* UTC \(s\)"?,Measured share,/);
  });

  it("are kept, shown again, and deleted", async () => {
    await driver.open(MODEL);
    await driver.showRuns();
    await driver.measure({ runs: 6 });
    const kept = await driver.runs.count();
    await driver.close();
    await driver.open(MODEL);
    await driver.showRuns();
    await driver.runs.first().waitFor();
    assert.equal(await driver.runs.count(), kept);
    assert.equal(await driver.details.count(), 0, "none is chosen yet");
    await driver.runs.first().getByRole("checkbox").check();
    await driver.details.waitFor();
    await driver.runs
      .first()
      .getByRole("button", { name: /^Forget the run of / })
      .click();
    await driver.details.waitFor({ state: "detached" });
    assert.equal(await driver.runs.count(), kept - 1);
    await driver.close();
    await driver.open(MODEL);
    await driver.showRuns();
    await driver.page.getByTestId("runs").waitFor();
    if (kept > 1) await driver.runs.first().waitFor();
    assert.equal(await driver.runs.count(), kept - 1);
  });

  it("show how far they are, can be cancelled, and leave room for the next", async () => {
    await driver.open(MODEL);
    await driver.showRuns();
    await driver.page.getByTestId("runs").waitFor();
    const before = await driver.runs.count();
    await driver.setField("Runs", MANY_RUNS);
    await driver.startButton.click();
    await driver.shows(driver.page.getByTestId("task"), /Measuring the latency: \d/);
    assert.ok(await driver.startButton.isDisabled());
    await driver.page.getByTestId("task").getByRole("button", { name: "Cancel" }).click();
    await driver.page.getByTestId("task").waitFor({ state: "detached" });
    assert.equal(await driver.runs.count(), before, "what was cut short is not kept");
    await driver.measure({ runs: 2 });
  });

  it("of an edited model are compared with those of the file, accessibly in any theme", async () => {
    await driver.open(MODEL);
    await driver.showRuns();
    await driver.measure({ runs: 3 });
    await driver.run("edgewise.applyEdits", [EDIT]);
    await driver.page.getByRole("button", { name: /1 edit/ }).waitFor();
    await driver.page.getByRole("tab", { name: "Layers" }).click();
    await columnHead("measured").waitFor({ state: "detached" });
    await driver.showRuns();
    await driver.measure({ runs: 3 });
    await driver.shows(driver.runs.first(), /Reduce channels/);
    await driver.shows(driver.comparison, /too few runs to tell it from noise/);
    await driver.shows(driver.comparison.getByTestId("chart-runs"), /Layers whose time changed most/);
    await driver.page.getByTestId("chart-history").waitFor();
    await assertAccessibleInThemes(vscode());
    await vscode().useTheme("dark");
    await driver.run("workbench.action.revertAndCloseActiveEditor");
  });

  it("are compared with those of another model of the workspace, layer by layer", async () => {
    await driver.open(OTHER_MODEL);
    await driver.showRuns();
    await driver.measure({ runs: 6 });
    const against = driver.comparison.getByRole("combobox", { name: "Run to compare with" });
    const run = against.locator("option", { hasText: `${MODEL}: ` }).first();
    await run.waitFor({ state: "attached" });
    await against.selectOption((await run.getAttribute("value")) ?? "");
    await driver.shows(driver.comparison.getByTestId("run-change"), /faster|slower|within the noise|too few runs/);
    await driver.shows(driver.comparison.getByTestId("chart-runs"), /Layers whose time changed most/);
    await vscode().screenshot("runs-of-two-models");
  });

  it("teach the estimates what this machine is like", async () => {
    await driver.open(MODEL);
    await driver.showRuns();
    await driver.measure({ runs: 6 });
    await driver.page.getByRole("button", { name: /Learn the latency/ }).click();
    await driver.page.getByRole("button", { name: /-threads?$/ }).waitFor();
    await vscode()
      .page.locator(".notification-toast", { hasText: /off by [\d.]+ %/ })
      .waitFor();
    const profiles = await vscode().server.run((api) =>
      api.workspace
        .getConfiguration("edgewise")
        .get<readonly { sources: { secondsPerOperator?: string } }[]>("hardwareProfiles", []),
    );
    assert.match(profiles[0]?.sources.secondsPerOperator ?? "", /^Fitted to \d+ rows/);
    await driver.run("notifications.clearAll");
    const chart = driver.page.getByTestId("chart-calibration");
    await driver.shows(
      chart.locator(".chart-summary"),
      /±10 % of what .*-threads? predicts: \d+ of \d+ layers, .*Fitted to/s,
    );
    await driver.shows(chart.locator(".keys"), "convolution (k×k)");
    await chart.getByRole("application").focus();
    await driver.press("End");
    await driver.shows(chart.getByRole("status"), /^#\d+ .*, measured .*s, predicted .*s: [\d.]+×$/);
    await chart.getByText("Show as a table").click();
    await chart
      .getByRole("row", { name: /convolution \(k×k\)/ })
      .first()
      .waitFor();
    await chart.scrollIntoViewIfNeeded();
    await assertAccessibleHere(vscode());
    await vscode().screenshot("calibration-of-latency");
    await vscode().server.run(async (api) => {
      const settings = api.workspace.getConfiguration("edgewise");
      await settings.update("hardwareProfile", undefined, api.ConfigurationTarget.Global);
      await settings.update("hardwareProfiles", undefined, api.ConfigurationTarget.Global);
    });
  });

  it("of a TFLite model in LiteRT.js say that its layers are not told", async () => {
    const { file, bytes } = EDITABLE.tflite;
    writeFileSync(vscode().path(file), bytes());
    await driver.open(file);
    await driver.showRuns();
    await driver.page.getByRole("combobox", { name: "Runtime" }).selectOption({ label: "LiteRT.js" });
    await driver.measure({ runs: 5 });
    await driver.shows(driver.details, /LiteRT\.js does not tell what each layer takes/);
    await driver.shows(driver.list, "equal");
  });

  it("of a model that the runtime refuses end with its reason", async () => {
    writeFileSync(vscode().path("unknown.onnx"), unknownOperator());
    await driver.open("unknown.onnx");
    await driver.showRuns();
    await driver.startButton.click();
    await driver.shows(driver.page.getByRole("alert"), /ONNX Runtime/);
    assert.ok(await driver.startButton.isEnabled());
    assert.equal(await driver.runs.count(), 0);
  });

  it("are started by a command, and tell the median", async () => {
    await driver.open(MODEL);
    await driver.run("edgewise.chooseDevice", "host");
    const running = driver.run("edgewise.runOnDevice");
    await vscode()
      .page.locator(".notification-toast", { hasText: /takes .* \(median\)/ })
      .waitFor();
    await running;
    await driver.run("notifications.clearAll");
  });

  it("have their device in a view of the explorer", async () => {
    await driver.open(MODEL);
    await driver.run("edgewise.devices.focus");
    const view = vscode().page.locator(".pane", { hasText: "Devices" }).last();
    await view.locator(".monaco-list-row", { hasText: /This machine/ }).waitFor();
    await driver.shows(view, /could not start its server/);
  });
});
