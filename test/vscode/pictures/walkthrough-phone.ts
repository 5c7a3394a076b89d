// npm run pictures:walkthrough: the picture of measuring on a phone, on a test phone's real adbd.
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import { preparePhones } from "../../phone/prepare.mjs";
import { startAdb } from "../../phone/use-adb.ts";
import { RunsDriver } from "../ui/runs-driver.ts";
import { SAMPLES, VscodeWindow } from "../ui/window.ts";

const MODEL = "digits_resnet.onnx";
const SIZE = { width: 1280, height: 880 };
const RUNS = 30;
const EDIT = "reduce-channels::ratio=0.75";

const whyNot = preparePhones();
if (whyNot !== undefined) {
  console.error(`No picture of measuring: ${whyNot}`);
  process.exit(1);
}
const adb = await startAdb();
try {
  const phone = await adb.phone();
  const env = { ANDROID_ADB_SERVER_PORT: String(adb.port) };
  const window = await VscodeWindow.open({ files: [join(SAMPLES, MODEL)], size: SIZE, env });
  try {
    const driver = new RunsDriver(() => window);
    await driver.open(MODEL);
    await window.server.run((vscode) => vscode.commands.executeCommand("workbench.action.closeSidebar"));
    await driver.showRuns();
    const devices = driver.page.getByRole("combobox", { name: "Device" });
    await devices.locator("option", { hasText: "Pixel" }).waitFor({ state: "attached" });
    await devices.selectOption(phone.serial);
    await driver.shows(driver.page.getByTestId("runs"), "Google Tensor G3");
    // One thread: a phone played by a busy machine is steadier so.
    await driver.setField("Threads", 1);
    await driver.measure({ runs: RUNS });
    await driver.run("edgewise.applyEdits", [EDIT]);
    await driver.page.getByRole("button", { name: /1 edit/ }).waitFor();
    await driver.showRuns();
    await driver.measure({ runs: RUNS });
    await window.page.screenshot({ path: join(ROOT, "media/walkthrough/measure.png") });
  } finally {
    await window.close();
  }
} finally {
  await adb.end();
}
