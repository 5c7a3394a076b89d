import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { installChromium, installVscodeHost } from "../../install.mjs";
import { skip } from "../skip.ts";
import { EDITABLE } from "../vscode/ui/editing-driver.ts";
import { RunsDriver } from "../vscode/ui/runs-driver.ts";
import { SAMPLES, useWindow } from "../vscode/ui/window.ts";
import { program } from "./benchmark-program.ts";
import type { TestPhone } from "./test-phone.ts";
import { startUnreadyPhone } from "./unready-phone.ts";
import { until } from "./until.ts";
import { useAdb } from "./use-adb.ts";

const MODEL = "digits_vgg_bn.onnx";
/** Enough to be in the middle of for a while. */
const MANY_RUNS = 10_000;
/** Within which an unplugged phone is told, slow machines included. */
const SECONDS = 15;
/** adb itself takes some seconds to notice a phone on the network that has fallen silent. */
const SECONDS_OF_ADB = 60;
const PHONE = "Google Pixel 8";

describe("a phone in VS Code", function () {
  this.timeout(180_000);
  const adb = useAdb();
  const env: Record<string, string> = {};
  let phone: TestPhone;
  before("install VS Code", function () {
    const reason = installVscodeHost() ?? installChromium();
    if (reason !== undefined) skip(this, reason);
    env.ANDROID_ADB_SERVER_PORT = String(adb().port);
  });
  const vscode = useWindow({ files: [join(SAMPLES, MODEL)], env });
  const driver = new RunsDriver(vscode);
  before("plug in a phone", async () => {
    phone = await adb().phone();
  });
  afterEach(() => driver.close());

  const devices = (name: string): Locator =>
    vscode().page.locator(".pane", { hasText: "Devices" }).last().locator(".monaco-list-row", { hasText: name });

  const choose = async (device: string): Promise<void> => {
    const choices = driver.page.getByRole("combobox", { name: "Device" });
    await choices.locator("option", { hasText: PHONE }).waitFor({ state: "attached" });
    await choices.selectOption(device);
    await driver.shows(driver.page.getByTestId("runs"), "Google Tensor G3");
  };
  const openOn = async (device: string): Promise<void> => {
    await driver.open(MODEL);
    await driver.showRuns();
    await choose(device);
  };

  const leavesNothing = (): Promise<void> =>
    until("nothing of the run is left", () => phone.leftovers().length === 0 && phone.processes().length === 0);

  it("comes and goes in the view of devices", async () => {
    await driver.open(MODEL);
    await driver.run("edgewise.devices.focus");
    await devices("This machine").waitFor();
    await devices(PHONE).waitFor();
    await phone.pull();
    await until(
      "it is gone, or not ready",
      async () => {
        const rows = await devices(PHONE).allInnerTexts();
        return rows.every((text) => text.includes("not ready"));
      },
      SECONDS_OF_ADB,
    );
    await phone.plugIn();
    await adb().reconnect(phone);
    await until(
      "it is back",
      async () => {
        const rows = await devices(PHONE).allInnerTexts();
        return rows.some((text) => !text.includes("not ready"));
      },
      SECONDS_OF_ADB,
    );
  });

  it("runs the open model, computes what this machine does, and its times stand beside the estimates", async () => {
    await openOn(phone.serial);
    await driver.measure({ runs: 10 });
    await driver.shows(driver.list, new RegExp(`${PHONE}.*equal`, "s"));
    await driver.shows(driver.details, /Outputs equal this machine’s/);
    await driver.shows(driver.details, /Thermal status none before, none after/);
    await leavesNothing();
    await driver.page.getByRole("tab", { name: "Layers" }).click();
    await driver.page.locator("[role=columnheader][data-column=measured]").waitFor();
  });

  it("is left alone when a run is cancelled", async () => {
    await openOn(phone.serial);
    await driver.setField("Runs", MANY_RUNS);
    await driver.startButton.click();
    await driver.shows(driver.page.getByTestId("task"), /Measuring the latency/);
    await driver.page.getByTestId("task").getByRole("button", { name: "Cancel" }).click();
    await driver.page.getByTestId("task").waitFor({ state: "detached" });
    await leavesNothing();
  });

  it("that is unplugged during a run is told within seconds, and runs again", async () => {
    await openOn(phone.serial);
    await driver.setField("Runs", MANY_RUNS);
    await driver.startButton.click();
    await driver.shows(driver.page.getByTestId("task"), /Measuring the latency/);
    await phone.pull();
    const pulled = performance.now();
    await driver.shows(driver.page.getByRole("alert"), /Plug it in again, or connect it again/);
    const seconds = (performance.now() - pulled) / 1000;
    assert.ok(seconds < SECONDS, `${seconds} s`);
    await phone.plugIn();
    await adb().reconnect(phone);
    await choose(phone.serial);
    await driver.measure({ runs: 2 });
    await driver.shows(driver.details, /Outputs equal this machine’s/);
  });

  it("is rid of the runner too when it is cleaned up", async () => {
    await openOn(phone.serial);
    assert.ok(existsSync(phone.path("/data/local/tmp/edgewise")));
    await driver.page.getByRole("button", { name: /Clean up phone/ }).click();
    await until("nothing is left", () => !existsSync(phone.path("/data/local/tmp/edgewise")));
  });

  it("hands a TFLite model’s layers to the delegate that is chosen, by the benchmark_model that the user names", async () => {
    const { file, bytes } = EDITABLE.tflite;
    writeFileSync(vscode().path(file), bytes());
    writeFileSync(vscode().path("benchmark_model"), program({}));
    await vscode().server.run(async (api, path) => {
      await api.workspace
        .getConfiguration("edgewise")
        .update("benchmarkModelPath", path, api.ConfigurationTarget.Global);
    }, vscode().path("benchmark_model"));
    await driver.open(file);
    await driver.showRuns();
    await choose(phone.serial);
    const delegates = driver.page.getByRole("combobox", { name: "Delegate" });
    assert.deepEqual(await delegates.locator("option").allInnerTexts(), [
      "CPU",
      "XNNPACK",
      "GPU",
      "NPU",
      "QNN",
      "NNAPI (deprecated since Android 15)",
    ]);
    await delegates.selectOption("gpu");
    await driver.measure({ runs: 2 });
    await driver.shows(driver.details, /benchmark_model, TFLite, gpu delegate/);
    await driver.shows(driver.details, /delegate gpu/);
    assert.match(readFileSync(phone.path("/data/local/tmp/flags"), "utf8"), /--use_gpu=true/);
    await leavesNothing();
  });

  it("that did not allow this computer says what to do", async () => {
    const locked = await startUnreadyPhone("unauthorized");
    try {
      void adb()
        .server.connect(locked.serial)
        .catch(() => undefined);
      await driver.open(MODEL);
      await driver.showRuns();
      const choices = driver.page.getByRole("combobox", { name: "Device" });
      await choices.locator("option", { hasText: "not ready" }).waitFor({ state: "attached" });
      await choices.selectOption(locked.serial);
      // adb takes a network device that keeps asking for one that is offline, sooner or later: either way there is something to do.
      await driver.shows(driver.page.getByRole("alert"), /Allow|allow|Unplug it/);
      assert.ok(await driver.startButton.isDisabled());
    } finally {
      await locked.stop();
    }
  });
});
